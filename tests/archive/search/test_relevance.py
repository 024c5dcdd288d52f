"""Posts by relevance: labelled queries over the sample posts, and single rules."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import pytest

from archive.archive import Archive
from archive.importing import import_posts
from archive.search.query import Query, count, find
from archive.search.relevance import MOST_RANKED, find_relevant
from archive.storage.databases import open_catalog
from tests.archive.browse.conftest import article
from tests.archive.search.test_securities import link
from tests.conftest import SAMPLES
from tests.support.labelled_queries import LABELLED


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder = tmp_path_factory.mktemp("news")
    import_posts(folder, [SAMPLES / "posts"])
    with closing(open_catalog(folder)) as connection:
        yield connection


def codes(connection: Connection, query: Query, limit: int = 10) -> list[str]:
    found = find_relevant(connection, query, limit=limit)
    sql = "SELECT info_code FROM posts WHERE id = ?"
    return [connection.execute(sql, [hit.id]).fetchone()[0] for hit in found]


def ndcg(found: Sequence[str], best: Sequence[str]) -> float:
    def gain(hits: Sequence[bool]) -> float:
        return sum(hit / math.log2(place + 2) for place, hit in enumerate(hits))

    return gain([code[-4:] in best for code in found]) / gain([True] * len(best))


def test_the_best_answers_come_first(samples: Connection) -> None:
    scores = {query: ndcg(codes(samples, Query(q=query)), best) for query, best in LABELLED.items()}
    assert sum(scores.values()) / len(scores) > 0.95, scores
    assert min(scores.values()) > 0.8, scores


def test_relevance_finds_what_time_finds(samples: Connection) -> None:
    others = (
        "-的",
        "gone:",
        "(media:x OR -gone:) 的",
        "(-的 OR -了)",
        "title:工信部 OR gone: OR -gzmt",
    )
    for query in [Query(), *(Query(q=q) for q in (*LABELLED, *others))]:
        by_time = find(samples, query, limit=100)
        assert sorted(find_relevant(samples, query, limit=100), reverse=True) == by_time
        assert len(by_time) == count(samples, query)
        assert find_relevant(samples, query, limit=3) == find_relevant(samples, query, limit=9)[:3]


@pytest.fixture
def ranked(tmp_path: Path) -> Iterator[Connection]:
    titles_and_bodies = (
        ("央行宣布降准", "此举"),
        ("市场等待", "一段文字。" * 40 + "央行是否降准，还没有消息"),
        ("央行表态", "一段文字。" * 40 + "降准"),
        ("其他", "降准" + "一段文字。" * 40 + "央行"),
        ("央行宣布全面降准的消息让市场各方都感到意外", "此举"),
        ("市场消息", "央行是否降准，还没有消息。</p><p>一段文字。"),
    )
    with Archive(tmp_path) as archive:
        for number, (title, body) in enumerate(titles_and_bodies):
            code = f"NW20211229000000000{number}"
            archive.add_many([article(code, title=title, digest=None, body=f"<p>{body}</p>")])
        for number in range(10, 10 + MOST_RANKED):
            archive.add_many([article(f"NW20211229000000{number:04}", title="公告", body="公告")])
    with closing(open_catalog(tmp_path)) as connection:
        yield connection


def test_the_title_counts_more_than_the_lead_and_near_more_than_far(ranked: Connection) -> None:
    assert order(ranked, "央行 降准") == "045213"
    assert order(ranked, "央行 降准 -意外") == "05213"
    assert order(ranked, "(央行 OR 美联储) 降准")[:4] == "0452"
    assert order(ranked, "降准") == "045321"


def order(connection: Connection, q: str) -> str:
    return "".join(code[-1] for code in codes(connection, Query(q=q)))


def test_among_equals_the_newest_can_come_first(ranked: Connection) -> None:
    hits = find_relevant(ranked, Query(q="央行 降准"), newest_first=True)
    assert [hit.id for hit in hits] == [5, 1, 6, 3, 2, 4]


def test_a_long_list_goes_on_by_time(ranked: Connection) -> None:
    query = Query(q="公告 OR 央行")
    assert count(ranked, query) == MOST_RANKED + 6
    assert len(set(codes(ranked, query, limit=200))) == MOST_RANKED + 6
    assert len(codes(ranked, query, limit=MOST_RANKED)) == MOST_RANKED
    assert codes(ranked, query, limit=0) == []


def test_a_code_means_former_names_too(tmp_path: Path) -> None:
    posts = ("青岛海尔分红", "青岛海尔"), ("公告", "海尔智家"), ("消息：600690", "")
    for number, (title, name) in enumerate(posts):
        body = link("1,600690", name) if name else "此举"
        code = f"NW202112290000000000{number}"
        with Archive(
            tmp_path, clock=partial(datetime, 2026, 11, number + 1, tzinfo=UTC)
        ) as archive:
            archive.add(article(code, title=title, digest=None, body=f"<p>{body}</p>"))
    with closing(open_catalog(tmp_path)) as connection:
        assert set(order(connection, "600690")[:2]) == {"0", "2"}
        assert order(connection, "qdhe") == order(connection, "hezj") == "01"
