"""What is offered when a query finds nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from archive.archive import Archive
from archive.search.language import MAX_QUERY, parse, written
from archive.search.query import Query
from archive.search.suggestions import explain
from archive.storage.databases import open_catalog
from tests.archive.browse.conftest import article
from tests.archive.search.test_securities import link


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("news")
    posts = [
        article("NW202112290000000001", title="央行宣布降准", body="<p>此举</p>"),
        article("NW202112290000000002", title="财联社快讯", media="财联社", body="<p>降息</p>"),
        article("NW202112290000000003", title="公告", body=link("1,600519", "贵州茅台")),
    ]
    with Archive(folder) as archive:
        archive.add_many(posts)
    with closing(open_catalog(folder)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("query", "missing", "offers"),
    [
        (Query(q="央行 美元"), ["美元"], [("央行", 1)]),
        (Query(q="美元", as_of="2062-01-01"), ["美元"], []),
        (Query(q="央行 -降准"), [], [("央行", 1)]),
        (Query(q="央行 降息"), [], [("央行", 1), ("降息", 1)]),
        (Query(q="央行降息"), ["央行降息"], [('"央行"', 1)]),
        (Query(q="特大央行宣布降准"), ["特大央行宣布降准"], [('"央行宣布降准"', 1)]),
        (Query(q="media:没有 央行"), ["media:没有"], [("央行", 1)]),
        (Query(q="(美元 OR 欧元) 央行"), ["(美元 OR 欧元)"], [("央行", 1)]),
        (Query(q="央行", media="财联社"), [], [("央行", 1)]),
        (Query(q="宣布，央行"), ["宣布,央行"], [("宣布 央行", 1)]),
        (Query(q="降准宣布央行"), ["降准宣布央行"], [("降准 宣布 央行", 1)]),
        (Query(q="《降息》"), ["《降息》"], [("降息", 1)]),
        (Query(q="title:公告降息"), ["title:公告降息"], [('title:"公告"', 1)]),
        (Query(q="media:財聯"), ["media:財聯"], [("media:财联社", 1)]),
        (
            Query(q="公告 security:茅台"),
            ["security:茅台"],
            [("公告", 1), ("公告 security:贵州茅台", 1)],
        ),
        (Query(q="date:2020"), ["date:2020"], [("date:2021-12", 3)]),
        (Query(q="美元 600519x"), ["美元", "600519x"], []),
        (Query(q="美元"), ["美元"], []),
        (Query(q='"贵州茅台涨停" 公告'), ['"贵州茅台涨停"'], [("公告", 1), ('"贵州茅台" 公告', 1)]),
        (Query(media="没有"), [], []),
    ],
)
def test_parts_without_a_post_and_queries_with_posts(
    catalog: Connection, query: Query, missing: list[str], offers: list[tuple[str, int]]
) -> None:
    explained = explain(catalog, query)
    assert explained.missing == missing
    found = [(offer.query.q, offer.posts) for offer in explained.offers]
    assert found[: len(offers)] == offers
    assert bool(found) == bool(offers)


def test_a_security_in_a_term_is_offered(catalog: Connection) -> None:
    (security,) = explain(catalog, Query(q="贵州茅台股价大涨")).securities
    assert (security.code, security.posts) == ("1.600519", 1)
    assert explain(catalog, Query(q="株洲" * (MAX_QUERY // 2))).offers == []


@pytest.mark.parametrize(
    "query",
    [
        "央行",
        '央行 "a b" -降准',
        "(a OR b -c) title:d",
        'media:"a b" date:2026-09..2026-10',
        "-(a b) | -gone: | edited:2026",
        'title:(a OR "b|c") "-x" "OR" "(y)"',
        '"a:b" -5%',
    ],
)
def test_a_query_is_written_as_it_is_parsed(query: str) -> None:
    node = parse(query)
    assert node
    again = parse(written(node))
    assert again
    assert written(again) == written(node)
