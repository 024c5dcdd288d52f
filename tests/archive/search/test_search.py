"""Search against a scan of the text: the same posts for every query, after every change."""

import random
import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC
from sqlite_utils import Database

from archive.errors import InvalidQuery
from archive.search.conditions import match_expression
from archive.search.folding import fold, fold_with_places, narrow
from archive.search.index import create_search, rebuild_search, register, without_index
from archive.search.language import (
    MAX_DEPTH,
    MAX_QUERY,
    MAX_TERMS,
    And,
    Node,
    Not,
    Or,
    Text,
    parse,
    texts_of,
)
from archive.search.query import Query, count, find
from archive.search.securities import create_security_keys, create_security_names
from archive.search.snippet import marked_snippet, snippet
from bench.corpus import Corpus

ODD_TEXTS = (
    "“3060”的“数字”密码：-5%，A股 & H股；AI+医疗 <b>5G</b> 🚀🇨🇳👨‍👩‍👧",
    'He said "buy low, sell high" \n\n\t at　９：３０ — ＡＢＣ abc İstanbul ΣΑΣ ß ﬁ',
    "央\u200b行降准0.5个百分点。\r\n　　央行：AND OR NOT NEAR(a b) title:x ^a* {b}",
    "",
    "的",
)


def new_catalog() -> Database:
    db = Database(sqlite3.connect(":memory:"))
    register(db.conn)
    db.execute(
        "CREATE TABLE posts (id INTEGER NOT NULL UNIQUE, info_code TEXT PRIMARY KEY,"
        " title TEXT NOT NULL, published TEXT NOT NULL, media TEXT, category TEXT,"
        " digest TEXT, text TEXT NOT NULL, body_source TEXT)"
    )
    db.execute("CREATE TABLE securities (code, market, symbol, name)")
    db.execute("CREATE TABLE mentions (security, published, info_code)")
    with db.atomic():
        create_search(db)
        create_security_keys(db)
        create_security_names(db)
    return db


def put(db: Database, number: int, title: str, digest: str | None = None, text: str = "") -> None:
    """Upsert a post that is published `number` seconds into 2022."""
    with db.atomic():
        db.execute(
            "INSERT INTO posts VALUES (?, ?, ?, ?, 'M', 'c', ?, ?, NULL) ON CONFLICT (info_code)"
            " DO UPDATE SET title = excluded.title, digest = excluded.digest, text = excluded.text",
            [number, f"NW{number}", title, f"2022-01-01T00:00:{number:02}+08:00", digest, text],
        )


def insert(db: Database, *row: object) -> None:
    db.conn.execute("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", row)


@pytest.fixture
def db() -> Iterator[Database]:
    db = new_catalog()
    yield db
    db.close()


@pytest.fixture(scope="module")
def corpus() -> Iterator[Database]:
    """Made-up posts, and texts that are hard to search."""
    db = new_catalog()
    with db.atomic():
        for post in Corpus(seed=3).posts(150):
            begin = (post.id, post.info_code, post.title, post.published[:13], post.media[0])
            insert(db, *begin, post.category[-1], post.digest if post.id % 3 else None, post.text)
        for number, text in enumerate(ODD_TEXTS, start=200):
            title, digest = text[:9], text[9:30]
            insert(db, number, f"NW{number}", title, "2020-02-02", None, None, digest, text)
    yield db
    db.close()


# Code points of characters that show nothing and are not in Cf.
INVISIBLE = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0} | {
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}
SIMPLIFIED = OpenCC("t2s")


@lru_cache(maxsize=2_000)
def plain(text: str) -> str:
    """The folding as documented, written a second time."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if character.isspace() or category == "Cc":
            kept.append(" ")
        elif category not in ("Cf", "Cs") and ord(character) not in INVISIBLE:
            one = '"' if character in "“”„‟" else character
            for form in (unicodedata.normalize("NFKC", one), one):
                if len(form) == 1:
                    one = form
                    break
            one = one.casefold() if len(one.casefold()) == 1 else one
            kept.append(SIMPLIFIED.convert(one))
    return unicodedata.normalize("NFC", re.sub(" +", " ", "".join(kept)))


def scan(db: Database, terms: Sequence[str], excluded: Sequence[str] = ()) -> set[int]:
    """Ids of the posts that a look at every text finds."""
    found = set()
    for number, *fields in db.execute("SELECT id, title, coalesce(digest, ''), text FROM posts"):
        texts = [plain(field) for field in fields]
        if all(any(plain(term) in text for text in texts) for term in terms) and not any(
            plain(term) in text for term in excluded for text in texts
        ):
            found.add(number)
    return found


def agrees(node: Node | None, texts: Sequence[str]) -> bool:
    """Whether the folded texts of a post are what a query describes."""
    match node:
        case Text(term):
            return any(narrow(term) in text for text in texts)
        case Not(inner):
            return not agrees(inner, texts)
        case And(nodes):
            return all(agrees(each, texts) for each in nodes)
        case Or(nodes):
            return any(agrees(each, texts) for each in nodes)
        case _:
            return False


def read(query: str) -> tuple[list[str], list[str]]:
    """Terms and excluded terms of a query without operators."""
    node = parse(query)
    nodes = node.nodes if isinstance(node, And) else (node,) if node else ()
    wanted = [narrow(each.term) for each in nodes if isinstance(each, Text)]
    excluded = [each.node for each in nodes if isinstance(each, Not)]
    return wanted, [narrow(each.term) for each in excluded if isinstance(each, Text)]


def matches(db: Database, query: str) -> set[int]:
    """Ids as Datasette's search box asks for them."""
    sql = (
        "SELECT id FROM posts WHERE id IN (SELECT rowid FROM posts_search"
        " WHERE posts_search MATCH escape_fts(?))"
    )
    return {number for (number,) in db.execute(sql, [query])}


def postings(db: Database) -> list[tuple[str, int, str, int]]:
    """All that is in the index."""
    db.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab('main', 'posts_search', 'instance')")
    rows = db.execute("SELECT term, doc, col, offset FROM temp.v").fetchall()
    db.execute("DROP TABLE temp.v")
    return sorted(rows)


def test_substrings_of_every_length_find_what_a_scan_finds(corpus: Database) -> None:
    rng = random.Random(1)  # noqa: S311
    rows = corpus.execute("SELECT id, title, coalesce(digest, ''), text FROM posts").fetchall()
    texts = {number: [plain(field) for field in fields] for number, *fields in rows}
    checked = 0
    for length in range(1, 13):
        for _ in range(250):
            number, *fields = rng.choice(rows)
            field = rng.choice([field for field in fields if field] or [""])
            start = rng.randrange(max(1, len(field) - length))
            term = field[start : start + length]
            wanted = plain(term).strip()
            if not wanted.strip('" ') or '" ' in wanted:
                continue  # no term, or one that no phrase can contain
            found = {key for key, value in texts.items() if any(wanted in text for text in value)}
            assert number in found
            assert matches(corpus, f'"{term}"') == found, term
            checked += 1
    assert checked > 2_800


@pytest.mark.parametrize("seed", range(200))
def test_several_terms_and_exclusions_find_what_a_scan_finds(corpus: Database, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    texts = [text for (text,) in corpus.execute("SELECT text FROM posts WHERE id < 200")]

    def term() -> str:
        text = re.sub(r"[\s-]", "", rng.choice(texts))
        start = rng.randrange(len(text) - 3)
        return text[start : start + rng.choice((1, 1, 2, 2, 3))]

    terms = [term() for _ in range(rng.randint(0, 3))]
    excluded = [term() for _ in range(rng.randint(not terms, 2))]
    excluded = [term for term in excluded if term not in terms]
    query = "　".join([*(f"-{term}" for term in excluded), *terms])
    wanted = scan(corpus, terms, excluded) if terms or excluded else set()
    assert matches(corpus, query) == wanted


TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    '央行降准Aa１1 \n"“”-—，,🙂\u200b*'
)
QUERY = st.text() | st.text('央行降准Aa１1 　"“”-—，,🙂\u200b*\ud800\x00')


@given(
    texts=st.lists(TEXT, min_size=1, max_size=4),
    queries=st.lists(QUERY, max_size=4),
    data=st.data(),
)
def test_any_text_and_any_query_agree_with_a_scan(
    texts: list[str], queries: list[str], data: st.DataObject
) -> None:
    db = new_catalog()
    try:
        for number, text in enumerate(texts, start=1):
            put(db, number, text, text[::-1] or None, text * 2)
        start = data.draw(st.integers(0, len(texts[0])))
        part = texts[0][start : start + data.draw(st.integers(1, 5))]
        rows = db.execute("SELECT id, title, coalesce(digest, ''), text FROM posts").fetchall()
        plain_texts = {number: [plain(field) for field in fields] for number, *fields in rows}
        for query in [*queries, part, f'"{part}"', f"-{part}", f"{part} OR 央行"]:
            asked = parse(query)
            wanted = {number for number, texts in plain_texts.items() if agrees(asked, texts)}
            if query:  # the empty query names all posts
                assert {hit.id for hit in find(db.conn, Query(q=query))} == wanted
    finally:
        db.close()


@pytest.mark.parametrize(
    ("query", "terms", "excluded"),
    [
        ("央行", ["央行"], []),
        ("央行　降准\n利率", ["央行", "降准", "利率"], []),
        ("央行 央行", ["央行"], []),
        ('"buy low" AI', ["buy low", "ai"], []),
        ("“央行 降准”", ["央行 降准"], []),
        ('" 央行  降准 "', ["央行 降准"], []),
        ("“3060”的“数字”密码", ['3060"的"数字"密码'], []),
        ('"央行 降准', ["央行", "降准"], []),
        ('6.5"屏', ['6.5"屏'], []),
        ("公司 -美元", ["公司"], ["美元"]),
        ('-"A股 H股"', [], ["a股 h股"]),
        ("－美元", [], ["美元"]),
        ("中-美", ["中-美"], []),
        ("- 美元", ["-", "美元"], []),
        ("--5%", [], ["-5%"]),
        ("-5%", ["-5%"], []),
        ("-12.3亿 A-B", ["-12.3亿", "a-b"], []),
        ("－.5 -降准", ["-.5"], ["降准"]),
        ("宁德时代(300750) (", ["宁德时代(300750)", "("], []),
        ("(央行 降准)", ["央行", "降准"], []),
        ("()", ["()"], []),
        ("| 央行 或", ["|", "央行", "或"], []),
        ("-600519 -300", [], ["600519", "300"]),
        ("-300点 -0.5 -20bp", ["-300点", "-0.5", "-20bp"], []),
        ("subtitle:a http://b", ["subtitle:a", "http://b"], []),
        ('"-5%"', ["-5%"], []),
        ("a AND b*", ["a", "and", "b*"], []),
        ("", [], []),
        (' \u3000\n"" “” " " -"" """', [], []),
    ],
)
def test_a_query_is_read_as_documented(query: str, terms: list[str], excluded: list[str]) -> None:
    assert read(query) == (terms, excluded)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("ＡＩ芯片", "ai芯片"),
        ("涨１２．５％", "涨12.5%"),
        ("（ＳＨ）", "(sh)"),
        ("公司，市场", "公司,市场"),
        ("“双碳”", '"双碳"'),
        ("央\u200b行", "央行"),
        ("A\xa0\n\u3000B", '"a b"'),
        ("A\x00B", '"a b"'),
        ("ΑΣΑ", "ας"),
        ("㎡", "㎡"),
        ("銀行證券", "银行证券"),
        ("银行证券", "銀行證券"),
        ("⚠️风险", "⚠风险"),
        ("葛\U000e0100城", "葛城"),
        ("Cafe\u0301", "café"),
        ("ｶﾞｰﾄﾞ", "ガード"),
        ("한국", "\u1112\u1161\u11ab국"),
    ],
)
def test_ways_to_write_the_same_are_the_same(db: Database, written: str, asked: str) -> None:
    put(db, 1, "标题", None, f"前{written}后")
    assert matches(db, asked) == {1}


@pytest.mark.parametrize(
    "asked", ["央行降准", '"央 行"', "央,行", "行央", "行標", "标题央", "摘要标"]
)
def test_what_is_not_written_is_not_found(db: Database, asked: str) -> None:
    put(db, 1, "标题", "摘要", "央行，降准")
    assert matches(db, "央行,降准 摘要 标题") == {1}
    assert matches(db, asked) == set()


def test_a_query_without_a_term_finds_nothing(corpus: Database) -> None:
    for query in ("", " ", "\u3000\n", '"', '""', "“”", '" "', '-""', "\u200b", "\ud800"):
        assert match_expression(query) == '""'
        if query:  # the empty query names all posts
            assert find(corpus.conn, Query(q=query)) == []


def test_queries_that_are_too_large_are_refused(corpus: Database) -> None:
    words = " ".join(map(str, range(100, 100 + MAX_TERMS)))
    nested = "(" * MAX_DEPTH + "a b" + ")" * MAX_DEPTH
    for query in (words, nested, "(" * MAX_QUERY, '"' * MAX_QUERY, "-的 " * MAX_TERMS):
        matches(corpus, query)
        find(corpus.conn, Query(q=query))
    for query, sentence in (
        (
            f"{words} 200",
            "A query may have 50 terms; here is one more (character 201 of the query).",
        ),
        (f"({nested})", "Parentheses may be nested 8 deep (character 10 of the query)."),
        ("(" * 10_000, "A query may have 1,000 characters, and this one has 10,000."),
    ):
        with pytest.raises(InvalidQuery, match=re.escape(sentence)):
            find(corpus.conn, Query(q=query))
        with pytest.raises(sqlite3.OperationalError, match=re.escape(sentence[:30])):
            matches(corpus, query)


def test_one_column_can_be_asked(db: Database) -> None:
    put(db, 1, "央行", None, "降准")
    put(db, 2, "降准", None, "央行")
    sql = "SELECT rowid FROM posts_search WHERE title MATCH escape_fts(?)"
    assert db.execute(sql, ["央行"]).fetchall() == [(1,)]
    assert db.execute(sql, ["-央行"]).fetchall() == [(2,)]


def test_sql_functions_take_anything(corpus: Database) -> None:
    sql = (
        "SELECT search_grams(:value), escape_fts(:value), marked_snippet(:value, :value),"
        " marked_snippet(:value, :value, :value)"
    )
    for value in (None, 5, -5, 1.5, b"\xff", "", "央行", 2**60):
        ((*answers,),) = corpus.execute(sql, {"value": value})
        assert all(isinstance(answer, str) for answer in answers)
    sql = "SELECT marked_snippet('央行', '央', -5), marked_snippet('央行', '央', NULL)"
    assert corpus.execute(sql).fetchall() == [("<mark>央</mark>…", "<mark>央</mark>行")]


def test_the_index_follows_every_change(db: Database) -> None:
    rng = random.Random(2)  # noqa: S311
    posts = list(Corpus(seed=4).posts(40))
    for _ in range(300):
        post, other = rng.choice(posts), rng.choice(posts)
        match rng.randrange(5):
            case 0:
                db.execute("DELETE FROM posts WHERE id = ?", [post.id])
            case 1:
                db.execute("UPDATE posts SET digest = NULL WHERE id = ?", [post.id])
            case 2:
                db.execute("UPDATE posts SET id = id + 1000 WHERE id = ?", [post.id])
                db.execute("DELETE FROM posts WHERE id = ?", [post.id + 1000])
            case _:
                put(db, post.id, other.title, other.digest, other.text[:200])
    kept = postings(db)
    assert {number for _, number, _, _ in kept} == {
        n for (n,) in db.execute("SELECT id FROM posts")
    }
    db.execute("INSERT INTO posts_search(posts_search) VALUES ('integrity-check')")
    rebuild_search(db)
    assert kept == postings(db)


def test_a_rolled_back_change_leaves_the_index(db: Database) -> None:
    put(db, 1, "央行", None, "降准")
    before = postings(db)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE posts SET title = '降息', id = NULL")
    db.execute("BEGIN")
    db.execute("UPDATE posts SET title = '降息'")
    db.rollback()
    assert postings(db) == before


def test_what_is_not_indexed_does_not_touch_the_index(db: Database) -> None:
    put(db, 1, "央行", None, "降准")
    calls: list[str | None] = []

    def spy(text: str | None) -> str:
        calls.append(text)
        return ""

    db.conn.create_function("search_grams", 1, spy, deterministic=True)
    put(db, 1, "央行", None, "降准")
    db.execute("UPDATE posts SET media = 'N', published = '2023'")
    assert calls == []
    put(db, 1, "央行", "摘要", "降准")
    assert calls == ["降准", None, "央行", "降准", "摘要", "央行"]


def test_bulk_loading_ends_with_the_same_index(db: Database) -> None:
    posts = [(post.id, post.title, post.digest, post.text) for post in Corpus().posts(30)]
    put(db, 98, "降息")
    put(db, 99, "加息", "摘要")
    with without_index(db):
        db.execute("DELETE FROM posts WHERE id = 98")
        put(db, 99, "央行")
        for post in posts:
            put(db, *post)
        assert matches(db, posts[0][1]) == set()
    bulk = postings(db)
    put(db, 100, "降准")
    assert matches(db, "降准 -的") >= {100}

    other = new_catalog()
    put(other, 99, "央行")
    for post in posts:
        put(other, *post)
    assert bulk == postings(other)
    other.close()


def test_bulk_loading_that_fails_leaves_everything(db: Database) -> None:
    put(db, 1, "央行")
    before = postings(db)

    def load() -> None:
        with without_index(db):
            put(db, 2, "降准")
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        load()
    assert postings(db) == before
    put(db, 3, "降息")
    assert matches(db, "央行") == {1}
    assert matches(db, "降") == {3}


def test_hits_are_tuples_whatever_the_row_factory(db: Database) -> None:
    put(db, 1, "央行", None, "降准")
    db.conn.row_factory = lambda cursor, row: {"columns": len(row)}
    assert find(db.conn, Query(q="降准")) == [("2022-01-01T00:00:01+08:00", 1)]
    assert count(db.conn, Query(q="降准")) == 1


@given(
    text=st.text("央行中国Aa１1，,<", max_size=60), query=st.text("央行中国Aa１1，,< ", max_size=6)
)
def test_a_snippet_of_the_whole_marks_exactly_the_hits(text: str, query: str) -> None:
    hit = [False] * len(text)
    for term in (each.term for each in texts_of(parse(query))):
        for start in range(len(text)):
            if plain(text)[start : start + len(term)] == narrow(term):
                hit[start : start + len(term)] = [True] * len(term)
    pieces = snippet(text, query, None)
    assert [(character, marked) for piece, marked in pieces for character in piece] == list(
        zip(text, hit, strict=True)
    )
    assert all(one[1] != two[1] for one, two in pairwise(pieces))


@given(text=TEXT, query=QUERY, width=st.integers(1, 20))
def test_a_snippet_is_a_part_of_the_text_with_a_hit(text: str, query: str, width: int) -> None:
    pieces = snippet(text, query, width)
    part = "".join(piece for piece, _ in pieces)
    start = part.startswith("…") and not text.startswith(part.rstrip("…"))
    inner = part[start:]
    assert inner in text or inner.removesuffix("…") in text
    assert len(inner.removesuffix("…")) <= width
    has_hit = any(each.term in fold(text) for each in texts_of(parse(query)))
    assert any(marked for _, marked in pieces) == has_hit


@given(TEXT)
def test_places_belong_to_the_folded_text(text: str) -> None:
    folded, places = fold_with_places(text)
    assert folded == fold(text)
    assert narrow(folded) == plain(text)
    assert all(
        form in fold(text[start:end]) for (start, end), form in zip(places, folded, strict=True)
    )
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("text", "query", "width", "pieces"),
    [
        ("央行降准", "降准", 120, [("央行", False), ("降准", True)]),
        (
            "央\u200b行 \n 降准",
            '"行 降"',
            120,
            [("央\u200b", False), ("行 \n 降", True), ("准", False)],
        ),
        ("啊央行央行啊", "央行", 120, [("啊", False), ("央行央行", True), ("啊", False)]),
        ("aaa", "aa", None, [("aaa", True)]),
        ("公司 美元", "公司 -美元", None, [("公司", True), (" 美元", False)]),
        ("一二三四五六", "七", 3, [("一二三…", False)]),
        ("", "七", 3, []),
        ("一二三四五六七八", "五", 3, [("…", False), ("四", False), ("五", True), ("六…", False)]),
        (
            "一二，三四五六七，八",
            "六",
            7,
            [("…", False), ("三四五", False), ("六", True), ("七，八", False)],
        ),
        ("一二三。四五六，七", "四", 4, [("…", False), ("四", True), ("五六，…", False)]),
        ("一二三四五六七八", "三四五六", 2, [("…", False), ("三四", True), ("…", False)]),
    ],
)
def test_snippets(text: str, query: str, width: int | None, pieces: list[tuple[str, bool]]) -> None:
    assert snippet(text, query, width) == pieces


def test_a_snippet_shows_the_most_terms_then_the_most_hits_then_the_first() -> None:
    gap = "。" * 50
    once, thrice, both = "央行", "央行央行央行", "央行和降准"
    assert "降准" in marked_snippet(gap.join([once, thrice, both]), "央行 降准", 20)
    assert marked_snippet(gap.join([once, thrice]), "央行", 20).count("央行") == 3
    assert marked_snippet(gap.join([once + "一", once + "二"]), "央行", 20).find("一") > 0


def test_marked_snippets_are_escaped() -> None:
    marked = marked_snippet("<script>alert('央行')</script> & \"央行\"", "央行 <script>")
    assert marked == (
        "<mark>&lt;script&gt;</mark>alert(&#x27;<mark>央行</mark>&#x27;)&lt;/script&gt; &amp;"
        " &quot;<mark>央行</mark>&quot;"
    )
