"""``python -m bench.relevance``: how good the best ten answers are, against labels of a plain scan.

Queries are drawn from the texts of posts: phrases of titles, also in traditional characters, words
of leads and texts, pairs of words, and securities by code, initials and former name. A scan for
substrings labels every post: 3 where the title has all terms, 2 where title and lead have them, 1
where they are elsewhere in the text, 0 for other posts. Neither uses the index or the ranking.
"""

import argparse
import math
import random
import re
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import normalize

from opencc import OpenCC

from archive.search import Query, find, find_relevant, learn_name, register, securities_named
from archive.storage import open_catalog
from bench.corpus import Corpus, Security
from bench.pages import build

#: Answers of a query that count.
BEST = 10

IN_TITLE, IN_LEAD, IN_TEXT = 3, 2, 1
#: Characters of a first paragraph that are a lead, where a post has no digest.
LEAD = 200

_HAN = re.compile(r"[一-鿿]+")
_TO_SIMPLIFIED, _TO_TRADITIONAL = OpenCC("t2s"), OpenCC("s2t")


@dataclass(frozen=True, slots=True)
class Listed:
    """A share, by what people type for it.

    :param code: market and symbol.
    :param name: that articles use.
    :param initials: of the name in pinyin.
    :param typed: a form of the code that people type.
    :param later: a later name, if there is one.
    """

    code: str
    name: str
    initials: str
    typed: str
    later: str | None = None


LISTED = (
    Listed("1.600519", "贵州茅台", "gzmt", "600519.SH"),
    Listed("0.000858", "五粮液", "wly", "sz000858"),
    Listed("1.601318", "中国平安", "zgpa", "SH601318"),
    Listed("1.600036", "招商银行", "zsyh", "600036"),
    Listed("0.000333", "美的集团", "mdjt", "000333.SZ"),
    Listed("1.600276", "恒瑞医药", "hryy", "600276.ss"),
    Listed("0.300750", "宁德时代", "NDSD", "300750"),
    Listed("1.601398", "工商银行", "gsyh", "sh601398"),
    Listed("1.600900", "长江电力", "cjdl", "６００９００"),
    Listed("0.002594", "比亚迪", "byd", "002594.sz"),
    Listed("1.600030", "中信证券", "zxzq", "1.600030"),
    Listed("116.00700", "腾讯控股", "txkg", "0700"),
    Listed("116.09988", "阿里巴巴", "albb", "09988.HK"),
    Listed("1.601012", "隆基股份", "ljgf", "601012", later="隆基绿能"),
    Listed("1.600690", "青岛海尔", "qdhe", "600690.SH", later="海尔智家"),
    Listed("1.601360", "江南嘉捷", "jnjj", "601360", later="三六零"),
    Listed("0.000725", "京东方", "jdf", "000725", later="京东方A"),
    Listed("1.601166", "兴业银行", "xyyh", "601166.SH"),
    Listed("0.300059", "东方财富", "dfcf", "300059.SZ"),
    Listed("1.600887", "伊利股份", "ylgf", "sh600887"),
)


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """The texts of a post as a scan compares them, and the securities that it names."""

    title: str
    lead: str
    text: str
    securities: frozenset[str]

    @property
    def whole(self) -> str:
        """All texts."""
        return f"{self.title}\n{self.lead}\n{self.text}"


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A query and what a scan searches for it.

    :param terms: all of them; of a security that the query means, one of its names is enough.
    :param security: the code of the security that the query names.
    :param means_it: whether posts that name the security otherwise are answers, too.
    """

    kind: str
    query: str
    terms: tuple[str, ...]
    security: str | None = None
    means_it: bool = False

    def label(self, post: LabelledPost) -> int:
        """Return how well a post answers the query; 0 for not at all."""
        enough = any if self.means_it else all
        named = self.security in post.securities or plain(self.query) in post.whole
        if self.means_it and not named:
            return 0
        places = {IN_TITLE: post.title, IN_LEAD: f"{post.title}\n{post.lead}", IN_TEXT: post.whole}
        for label, place in places.items():
            if enough(term in place for term in self.terms):
                return label
        return IN_TEXT * self.means_it


@dataclass(frozen=True, slots=True)
class Score:
    """The quality of the answers to a query.

    :param ndcg: of the ten most relevant answers.
    :param by_time: of the ten newest answers.
    :param exact: whether all posts with a label were found, and no others.
    :param named: whether the security of the query is named first.
    """

    ndcg: float
    by_time: float
    exact: bool
    named: bool


MEANS = ("ndcg", "by_time", "exact", "named")


def main() -> None:
    """Print a row for each kind of query; exit with 1 below the least mean."""
    parser = argparse.ArgumentParser(prog="python -m bench.relevance", description=__doc__)
    parser.add_argument("--posts", type=int, default=2_000, help="made-up posts")
    parser.add_argument("--queries", type=int, default=300, help="of each archive")
    parser.add_argument("--archive", type=Path, help="an archive that is measured as well")
    parser.add_argument("--least", type=float, default=0.85, help="least mean of NDCG@10")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build_labelled(Path(folder), given.posts)
        folders = {"made up": Path(folder)} | ({"archive": given.archive} if given.archive else {})
        means = [print_scores(name, each, given.queries) for name, each in folders.items()]
    if min(means) < given.least:
        sys.exit(f"The mean of NDCG@{BEST} is below {given.least}.")


def build_labelled(folder: Path, posts: int) -> None:
    """Build an archive of made-up posts that name real securities; every other has no digest."""
    build(folder, posts, corpus=Corpus(securities=[Security(s.code, s.name) for s in LISTED]))
    with closing(sqlite3.connect(folder / "catalog.db")) as connection, connection:
        register(connection)
        connection.execute("UPDATE posts SET digest = NULL WHERE id % 2")
        for each in LISTED:
            learn_name(connection, each.code, each.name, "2026-01-01T00:00:00Z")
            if each.later:
                renamed = [each.later, each.code]
                connection.execute("UPDATE securities SET name = ? WHERE code = ?", renamed)


def print_scores(name: str, folder: Path, number: int) -> float:
    """Print a row for each kind of query; return the mean of NDCG."""
    with closing(open_catalog(folder)) as connection:
        posts = labelled_posts(connection)
        scores = {q: score(connection, posts, q) for q in labelled_queries(posts, number)}
    columns = ("queries", "NDCG@10", "lowest", "by time", "exact", "named")
    head = " ".join(f"{column:>8}" for column in columns)
    print(f"{f'{name}, {len(posts):,} posts':34} {head}")
    for kind in [*dict.fromkeys(query.kind for query in scores), ""]:
        found = [each for query, each in scores.items() if kind in ("", query.kind)]
        means = [statistics.fmean(getattr(each, name) for each in found) for name in MEANS]
        means.insert(1, min(each.ndcg for each in found))
        figures = " ".join(f"{figure:8.3f}" for figure in means)
        print(f"{kind or 'all':34} {len(found):8} {figures}", flush=True)
    return statistics.fmean(each.ndcg for each in scores.values())


def labelled_posts(connection: sqlite3.Connection) -> dict[int, LabelledPost]:
    """Return the posts of a catalog, by number."""
    rows = connection.execute(
        """
        SELECT id, title, coalesce(digest, ''), coalesce(text, ''), coalesce(
            (SELECT group_concat(security) FROM mentions m WHERE m.info_code = posts.info_code), '')
        FROM posts
        """
    ).fetchall()
    return {
        number: LabelledPost(
            plain(title),
            plain(digest or text.partition("\n")[0][:LEAD]),
            plain(text),
            frozenset(securities.split(",")),
        )
        for number, title, digest, text, securities in rows
    }


def plain(text: str) -> str:
    """Return a text in simplified characters, without differences of width and case."""
    return " ".join("".join(map(_plain_character, text)).split())


@cache
def _plain_character(character: str) -> str:
    simplified: str = _TO_SIMPLIFIED.convert(normalize("NFKC", character))
    return simplified.casefold()


def labelled_queries(posts: Mapping[int, LabelledPost], number: int) -> list[LabelledQuery]:
    """Draw queries of every kind from posts, about as many as asked for."""
    rng = random.Random(22)
    drawn: dict[LabelledQuery, None] = dict.fromkeys(_of_securities(posts))
    kinds = (_of_a_title, _traditional, _of_a_lead, _of_a_text, _of_two_texts, _of_two_words)
    numbers = list(posts)
    for _ in range(20 * number):
        if len(drawn) >= number:
            break
        post = posts[rng.choice(numbers)]
        if query := kinds[len(drawn) % len(kinds)](rng, post):
            drawn[query] = None
    return list(drawn)


def _of_securities(posts: Mapping[int, LabelledPost]) -> Iterator[LabelledQuery]:
    named = {code for post in posts.values() for code in post.securities}
    for each in LISTED:
        if each.code in named:
            known_as = tuple(plain(name) for name in (each.name, each.later) if name)
            for kind, typed in (("code", each.typed), ("initials", each.initials)):
                terms = (*known_as, plain(typed))
                yield LabelledQuery(f"security by {kind}", typed, terms, each.code, means_it=True)
            if each.later:
                terms = (plain(each.name),)
                yield LabelledQuery("security by former name", each.name, terms, each.code)


def _term(rng: random.Random, text: str, lengths: Sequence[int]) -> str | None:
    """Return a part of a text that has Chinese characters alone."""
    length = rng.choice(lengths)
    runs = [run for run in _HAN.findall(text) if len(run) >= length]
    if not runs:
        return None
    run = rng.choice(runs)
    start = rng.randrange(len(run) - length + 1)
    return str(run[start : start + length])


def _single(kind: str, term: str | None) -> LabelledQuery | None:
    return LabelledQuery(kind, term, (term,)) if term else None


def _of_a_title(rng: random.Random, post: LabelledPost) -> LabelledQuery | None:
    return _single("phrase of a title", _term(rng, post.title, (2, 3, 4, 6, 8)))


def _traditional(rng: random.Random, post: LabelledPost) -> LabelledQuery | None:
    term = _term(rng, post.title, (2, 4, 6))
    query = _TO_TRADITIONAL.convert(term or "")
    if not term or query == term:
        return None
    return LabelledQuery("title in traditional characters", query, (plain(query),))


def _of_a_lead(rng: random.Random, post: LabelledPost) -> LabelledQuery | None:
    return _single("word of a lead", _term(rng, post.lead, (2, 3, 4)))


def _of_a_text(rng: random.Random, post: LabelledPost) -> LabelledQuery | None:
    return _single("word of a text", _term(rng, post.text, (1, 2, 2, 3)))


def _of_two_texts(rng: random.Random, post: LabelledPost) -> LabelledQuery | None:
    return _pair("word of a title, word of a text", rng, post.title, post.text)


def _of_two_words(rng: random.Random, post: LabelledPost) -> LabelledQuery | None:
    return _pair("two words of a text", rng, post.text, post.text)


def _pair(kind: str, rng: random.Random, one: str, other: str) -> LabelledQuery | None:
    terms = _term(rng, one, (2,)), _term(rng, other, (2,))
    first, second = terms
    if not first or not second or first == second:
        return None
    return LabelledQuery(kind, f"{first} {second}", (first, second))


def score(
    connection: sqlite3.Connection, posts: Mapping[int, LabelledPost], query: LabelledQuery
) -> Score:
    """Ask a query, and compare the answers with their labels."""
    labels = {number: query.label(post) for number, post in posts.items()}
    asked = Query(q=query.query)
    best = [labels[hit.id] for hit in find_relevant(connection, asked, limit=BEST)]
    found = find(connection, asked, limit=len(posts))
    named = [each.code for each in securities_named(connection, query.query)]
    return Score(
        ndcg=ndcg(best, labels.values()),
        by_time=ndcg([labels[hit.id] for hit in found], labels.values()),
        exact={hit.id for hit in found} == {number for number, label in labels.items() if label},
        named=query.security is None or named[:1] == [query.security],
    )


def ndcg(answers: Sequence[int], labels: Iterable[int]) -> float:
    """Return the normalised discounted cumulative gain of the best answers.

    :param answers: the labels of the answers, in their order.
    :param labels: of all posts.
    """
    ideal = _gain(sorted(labels, reverse=True)[:BEST])
    return _gain(answers[:BEST]) / ideal if ideal else float(not answers)


def _gain(labels: Sequence[int]) -> float:
    gains = ((1 << label) - 1 for label in labels)
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


if __name__ == "__main__":
    main()
