"""Queries against a scan of all posts: the same posts in the same order, page by page."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from archive.archive import Archive
from archive.search.facets import count_by_month, read_facets
from archive.search.language import MAX_DEPTH
from archive.search.query import (
    CONDITIONS,
    EVERYTHING,
    Hit,
    Query,
    Sampling,
    count,
    count_in_time,
    estimate,
    find,
    plan,
)
from archive.search.relevance import find_relevant
from archive.storage.databases import open_catalog
from bench.pages import build
from tests.archive.browse.conftest import GONE, REVISED, article

POSTS = 300
FREQUENT, RARE, NOWHERE = "的", "板块", "没有这个"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A catalog of made-up posts, opened as every reader opens it."""
    folder = tmp_path_factory.mktemp("news")
    build(folder, POSTS)
    with closing(open_catalog(folder)) as connection:
        yield connection


@pytest.fixture(scope="module")
def posts(catalog: sqlite3.Connection) -> list[Row]:
    """All posts with the securities that they name, the newest publication first."""
    cursor = catalog.cursor()
    cursor.row_factory = sqlite3.Row
    found = [dict(row) for row in cursor.execute("SELECT * FROM posts")]
    named = catalog.execute("SELECT info_code, security FROM mentions").fetchall()
    for post in found:
        post["securities"] = {code for info_code, code in named if info_code == post["info_code"]}
    return sorted(found, key=itemgetter("published", "id"), reverse=True)


def scan(posts: list[Row], query: Query) -> list[Hit]:
    """Look at every post."""
    return [
        Hit(post["published"], post["id"])
        for post in posts
        if all(term in post["title"] + post["digest"] + post["text"] for term in query.q.split())
        and query.media in ("", post["media"])
        and query.category in ("", post["category"])
        and query.source in ("", post["body_source"])
        and (not query.security or query.security in post["securities"])
        and post["published"].startswith(query.month)
        and post["published"].startswith(query.day)
        and query.since <= post["published"] < (query.until or "~")
    ]


def queries(posts: list[Row], number: int) -> Iterator[Query]:
    """Queries with one to four fields, most of which find something."""
    rng = random.Random(5)  # noqa: S311
    for _ in range(number):
        post = rng.choice(posts)
        start = rng.randrange(len(post["text"]) - 4)
        term = post["text"][start : start + rng.randint(1, 3)]
        days = sorted(rng.choice(posts)["published"][: rng.choice((7, 10, 13))] for _ in range(2))
        values = {
            "q": rng.choice((FREQUENT, RARE, NOWHERE, "".join(filter(str.isalnum, term)) or "和")),
            "media": post["media"],
            "category": post["category"],
            "security": min(post["securities"], default="1.600160"),
            "month": post["published"][:7],
            "day": post["published"][:10],
            "source": rng.choice(("mirror", "share_api")),
            "since": days[0],
            "until": days[1],
        }
        chosen = rng.sample(sorted(values), rng.randint(1, 4))
        yield Query(**{name: values[name] for name in chosen})


def test_every_query_finds_what_a_scan_finds(catalog: sqlite3.Connection, posts: list[Row]) -> None:
    found = 0
    for query in [EVERYTHING, *queries(posts, 400)]:
        wanted = scan(posts, query)
        assert find(catalog, query, limit=POSTS) == wanted, query
        assert find(catalog, query, limit=POSTS, oldest_first=True) == wanted[::-1], query
        assert count(catalog, query) == len(wanted), query
        sql = f"SELECT count(*) FROM posts WHERE {query.condition}"  # noqa: S608
        assert catalog.execute(sql, query.values).fetchone() == (len(wanted),), query
        found += bool(wanted)
    assert found > 200


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize(
    "query", [EVERYTHING, Query(q=FREQUENT), Query(q=RARE), Query(source="share_api")], ids=repr
)
def test_turning_pages_meets_every_post_once(
    catalog: sqlite3.Connection, posts: list[Row], query: Query, oldest_first: bool
) -> None:
    wanted = scan(posts, query)
    met: list[Hit] = []
    last: Hit | None = None
    while page := find(catalog, query, after=last, limit=7, oldest_first=oldest_first):
        assert len(page) == min(7, len(wanted) - len(met))
        met += page
        last = page[-1]
    assert met == (wanted[::-1] if oldest_first else wanted)
    assert find(catalog, query, limit=0) == find(catalog, query, limit=-1) == []


def test_many_matches_are_met_on_a_walk_and_few_are_looked_up(catalog: sqlite3.Connection) -> None:
    assert plan(catalog, Query(q=FREQUENT)).tables == "posts"
    for query, step in (
        (Query(q=FREQUENT), "posts_newest"),
        (Query(q=NOWHERE), "posts_facts"),
        (Query(security="1.600160"), "mentions"),
        (Query(media="没有这家", as_of="2026"), "history_of_media"),
    ):
        way = plan(catalog, query, wanted=9 if query.as_of else None)
        sql = f"EXPLAIN QUERY PLAN {way.select('posts.id')} ORDER BY {way.published} DESC LIMIT 9"
        steps = [row[3] for row in catalog.execute(sql, way.values)]
        assert any(step in line for line in steps), steps


def test_facets_count_what_a_scan_counts(catalog: sqlite3.Connection, posts: list[Row]) -> None:
    for query in (EVERYTHING, Query(q=RARE), Query(source="share_api"), Query(q=NOWHERE)):
        hits = scan(posts, query)
        by_id = {post["id"]: post for post in posts}
        months = [hit.published[:7] for hit in hits]
        expected = [(month, months.count(month)) for month in sorted(set(months))]
        assert count_by_month(catalog, query) == expected
        for facet in read_facets(catalog, query):
            for value in facet.values:
                found = [
                    by_id[hit.id]
                    for hit in hits
                    if scan([by_id[hit.id]], Query(**{facet.name: value.value}))
                ]
                assert value.count == len(found), (query, facet.name, value)


def test_a_query_is_read_from_the_parameters_of_a_url() -> None:
    parameters = dict.fromkeys(CONDITIONS, " x ") | {"page": "last", "q": "长" * 500}
    query = Query.from_parameters(parameters)
    assert asdict(query) == dict.fromkeys(CONDITIONS, "x") | {"q": "长" * 500}
    assert Query.from_parameters(dict(parse_qsl(query.query_string()[1:]))) == query
    assert Query.from_parameters({"q": " \n"}) == EVERYTHING
    assert EVERYTHING.query_string() == ""
    assert Query(media="财联社").changed(media="").query_string(page="last") == "?page=last"


def test_an_archive_takes_a_text_or_a_query(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([article(REVISED, title="央行降准"), article(GONE, media="财联社")])
        assert [post.title for post in archive.search("降准")] == ["央行降准"]
        assert [post.info_code for post in archive.search(Query(media="财联社"))] == [GONE]
        assert len(archive.search("")) == 2
        assert len(archive.search("", limit=1)) == 1
        best = archive.search("央行", by_relevance=True)
        assert [post.info_code for post in best] == [REVISED, GONE]


def test_a_newer_post_of_the_same_second_comes_first(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE posts (id, published)")
        connection.executemany("INSERT INTO posts VALUES (?, '2022')", [(2,), (1,), (3,)])
        assert [hit.id for hit in find(connection, EVERYTHING)] == [3, 2, 1]


def test_an_estimate_is_near_the_count(catalog: sqlite3.Connection) -> None:
    for query in (
        EVERYTHING,
        Query(q=FREQUENT),
        Query(q=RARE),
        Query(q="gone: 的"),
        Query(q="的 OR x"),
    ):
        assert estimate(catalog, query) == count(catalog, query)


#: A character that has no token of its own, and is in most posts.
USUAL = "果"


def test_an_estimate_from_ranges_is_near_the_count(
    catalog: sqlite3.Connection,
) -> None:
    sample = Sampling(ranges=30, of_range=7, probed=7, read=7)
    for q in ("", FREQUENT, USUAL, "公司 -date:2015"):
        for query in (Query(q=q), Query(q=q, as_of="2026")):
            assert estimate(catalog, query, sample) == pytest.approx(
                count(catalog, query), rel=0.2
            ), query


def test_what_has_to_be_read_one_by_one_is_estimated_in_a_large_archive(
    catalog: sqlite3.Connection, posts: list[Row]
) -> None:
    media = posts[0]["media"]
    read = [Query(q=USUAL), Query(q=FREQUENT, media=media), Query(q="的 gone:"), Query(q="的 公司")]
    read += [query.changed(as_of="2026") for query in (*read, EVERYTHING, Query(media=media))]
    counted = [Query(q=FREQUENT), Query(q=RARE, month="2016"), Query(media=media), EVERYTHING]
    for query in read + counted:
        assert count_in_time(catalog, query) == (count(catalog, query), False)
    limits = {"max_posts": POSTS - 1, "max_matches": POSTS // 4}
    assert [count_in_time(catalog, query, **limits)[1] for query in read] == [True] * len(read)
    found = [count_in_time(catalog, query, **limits) for query in counted]
    assert found == [(count(catalog, query), False) for query in counted]


def test_facets_of_a_usual_character_count_the_newest_posts(
    catalog: sqlite3.Connection, posts: list[Row]
) -> None:
    for as_of in ("", "2026", posts[50]["first_seen"]):
        query = Query(q=USUAL, as_of=as_of)
        facets = {facet.name: facet for facet in read_facets(catalog, query)}
        (sampled,) = {facet.sampled for facet in facets.values()}
        assert 100 < sampled < count(catalog, query)
        newest = [post for post in posts if not as_of or post["first_seen"] <= as_of][:200]
        found = Counter(post["media"] for post in newest if USUAL in post["text"])
        counted = {each.value: each.count for each in facets["media"].values}
        assert counted == {media: found[media] for media in counted}


def test_very_many_matches_are_not_listed(
    catalog: sqlite3.Connection, posts: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.search.query.PROBE_COST", 0)
    probed = 0
    for query in queries(posts, 100):
        sql = plan(catalog, query, POSTS).select("posts.id")
        assert find(catalog, query, limit=POSTS) == scan(posts, query), query
        probed += "EXISTS" in sql
        assert "EXISTS" not in plan(catalog, query).select("posts.id")
    assert probed > 10


def test_fields_find_what_a_scan_finds(catalog: sqlite3.Connection, posts: list[Row]) -> None:
    post = posts[len(posts) // 2]
    day, media, term = post["published"][:10], post["media"], post["title"][:2]
    fields: dict[str, Callable[[Row], bool]] = {
        f'media:"{media}"': lambda row: row["media"] == media,
        "source:eastmoney": lambda row: row["source"] == "eastmoney",
        "source:cls": lambda row: False,
        f"date:{day}": lambda row: row["published"].startswith(day),
        f"date:{day[:7]}": lambda row: row["published"].startswith(day[:7]),
        f"date:{day[:4]}": lambda row: row["published"].startswith(day[:4]),
        f"date:{day}..": lambda row: row["published"] >= day,
        f"date:..{day}": lambda row: row["published"][:10] <= day,
        f"date:{day[:4]}..{day}": lambda row: day[:4] <= row["published"][:10] <= day,
        f'title:"{term}"': lambda row: term in row["title"],
        f'"{RARE}"': lambda row: RARE in row["title"] + row["digest"] + row["text"],
        "gone:": lambda row: row["gone"] is not None,
        "edited:": lambda row: False,
        f"gone:{day[:4]}": lambda row: (row["gone"] or "").startswith(day[:4]),
    }
    rng = random.Random(9)  # noqa: S311
    pairs = [tuple(rng.sample(sorted(fields), 2)) for _ in range(60)]
    for field, agrees in fields.items():
        assert found(catalog, field) == {row["id"] for row in posts if agrees(row)}, field
        assert found(catalog, f"-{field}") == {row["id"] for row in posts if not agrees(row)}, field
    for one, other in pairs:
        first, second = fields[one], fields[other]
        either = {row["id"] for row in posts if first(row) or second(row)}
        assert found(catalog, f"{one} OR {other}") == either, (one, other)
        only = {row["id"] for row in posts if first(row) and not second(row)}
        assert found(catalog, f"{one} -({other})") == only, (one, other)


def found(catalog: sqlite3.Connection, q: str) -> set[int]:
    query = Query(q=q)
    hits = {hit.id for hit in find(catalog, query, limit=POSTS)}
    assert count(catalog, query) == len(hits)
    sql = f"SELECT id FROM posts WHERE {query.condition}"  # noqa: S608
    assert {number for (number,) in catalog.execute(sql, query.values)} == hits
    return hits


@pytest.mark.parametrize(
    "level",
    ["-(的 ", "(的 | ", "-(的 | ", "-(gone: ", "-(的 | gone: ", "(gone: OR 的 -", "-(gzmt OR -"],
)
def test_the_deepest_query_can_be_run(catalog: sqlite3.Connection, level: str) -> None:
    q = level * MAX_DEPTH + "的" + ")" * MAX_DEPTH
    hits = find_relevant(catalog, Query(q=q), limit=POSTS)
    assert {hit.id for hit in hits} == found(catalog, q)


def test_edited_posts_are_those_that_their_publisher_changed(tmp_path: Path) -> None:
    clock = datetime(2026, 9, 30, 17, tzinfo=UTC)
    with Archive(tmp_path, clock=lambda: clock) as archive:
        archive.add_many([article(REVISED, title="央行降准"), article(GONE, title="央行")])
        clock += timedelta(hours=1)  # 02:00 of the next day in Shanghai
        archive.add_many([article(REVISED, title="央行全面降准"), article(GONE, title="央行")])

        def codes(q: str) -> list[str]:
            return [str(post.info_code) for post in archive.search(q)]

        assert (
            codes("edited:") == codes("edited:2026-10-01") == codes("央行 edited:2026") == [REVISED]
        )
        assert codes("edited:2026-09-30") == codes("edited:..2026-09") == []
        assert codes("-edited:") == [GONE]
