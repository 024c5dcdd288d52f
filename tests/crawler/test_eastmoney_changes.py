"""Eastmoney's lists change while they are read, and between two crawls."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from archive.crawl_state import CrawlState
from archive.rebuild import rebuild
from archive.verify import verify
from demo.article_page import PAGE_HOST
from demo.articles import FEWEST
from demo.eastmoney import COLUMNS_PATH, LISTAPI_HOST, WEBLIST_HOST, FastNews, list_site
from demo.exchange import Answer, Request
from demo.faults import Fault, status
from demo.replica import Replica, Site
from demo.share import share_api_site
from demo.site import made_up_site
from tests.archive.test_rebuild import tables
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.crawler.test_eastmoney import LONG_AGO, eastmoney, sources_of
from tests.crawler.test_eastmoney_gaps import AT_ONCE, columns_only
from tests.crawler.test_sample_site import article_requests, asked, rows

SITE = made_up_site(articles=FEWEST)
LISTED = SITE.columns["350"]
COLUMN = (*LONG_AGO, "-a", "column=all")
ROLLING = (*LONG_AGO, "-a", "column=rolling")
KEPT_FROM_SUMMARY = next(news for news in SITE.fast_news if news.info_code in SITE.summary_only)


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


@pytest.fixture(autouse=True)
def small_pages(sources: Path) -> None:
    text = sources.read_text().replace("pageSize=50", "pageSize=4")
    sources.write_text(text.replace("page_size=50", "page_size=10"))


def numbers(replica: Replica) -> list[str]:
    """Of the pages of columns that were asked for."""
    return [
        url.partition("page_index=")[2].partition("&")[0]
        for url in asked(replica, LISTAPI_HOST)
        if "page_index=" in url
    ]


def shrinking(lost: Callable[[int], int]) -> Site:
    """A column that has lost so many of its newest articles when it is asked for a page."""
    turn = count()

    def answer(request: Request) -> Answer:
        gone = lost(next(turn)) if request.path == COLUMNS_PATH else 0
        return list_site((), {"350": LISTED[gone:]})(request)

    return answer


@pytest.mark.parametrize(
    ("lost", "pages"),
    [(1, ["1", "2", "1", "2", "3"]), (13, ["1", "2", "1", "2"]), (0, ["1", "2", "3"])],
)
def test_articles_that_move_up_over_the_edge_of_a_page_are_not_missed(
    crawl: Crawl, replica: Replica, archive: Path, lost: int, pages: list[str]
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: lost if turn else 0)}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    there = (*LISTED[:10], *LISTED[lost:])
    assert sources_of(archive).keys() == {article.info_code for article in there}
    assert numbers(replica)[: len(pages)] == pages


@pytest.mark.parametrize(
    ("before", "lost", "pages"),
    [(1, 1, ["1", "2", "1", "2", "3"]), (2, 11, ["1", "2", "3", "1", "2", "3"])],
)
def test_a_page_that_is_read_again_is_counted_once(
    crawl: Crawl, replica: Replica, archive: Path, before: int, lost: int, pages: list[str]
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: lost if turn >= before else 0)}
    ended = eastmoney(crawl, *COLUMN, "-a", "pages=3")
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == {article.info_code for article in LISTED[: 30 + lost]}
    assert numbers(replica) == pages


def test_a_page_that_newer_articles_have_moved_down_is_no_repetition(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: 0 if turn else 10)}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == {article.info_code for article in LISTED[10:]}


def test_a_page_that_has_become_the_one_before_it_is_no_repetition(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: 10 * min(turn, 2))}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    there = (*LISTED[:10], *LISTED[20:])
    assert sources_of(archive).keys() == {article.info_code for article in there}


def test_a_list_that_never_keeps_still_is_told_and_its_crawl_is_not_complete(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    def site(request: Request) -> Answer:
        good = list_site((), {"350": LISTED})(request)
        if request.path != COLUMNS_PATH:
            return good
        answer = json.loads(good.body)
        answer["data"]["total_hits"] = 1_000_000 - next(turn)
        return replace(good, body=json.dumps(answer).encode())

    turn = count()
    replica.sites |= {LISTAPI_HOST: site}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 3, ended.log
    assert "its articles moved up 10 times meanwhile" in ended.log
    assert len(numbers(replica)) == 2 * 10 + 2
    assert rows(archive, "SELECT DISTINCT complete FROM crawls") == [(0,)]


def rolling_list(replica: Replica, *news: FastNews) -> None:
    replica.sites |= {WEBLIST_HOST: list_site(news)}


def test_a_summary_that_the_list_corrects_is_a_revision_and_only_once(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    before = KEPT_FROM_SUMMARY
    after = replace(before, digest="更正：此前所报数字有误。")
    others = [news for news in SITE.fast_news if news is not before]
    rolling_list(replica, before, *others)
    assert eastmoney(crawl, *ROLLING).status == 0

    rolling_list(replica, after, *others)
    corrected = eastmoney(crawl, *ROLLING)
    assert corrected.status == 0, corrected.log
    assert "1 revised" in corrected.output
    found = rows(archive, "SELECT info_code, digest, body_source, body_provisional FROM posts")
    assert (before.info_code, after.digest, "summary", 0) in found
    assert rows(archive, "SELECT info_code FROM revisions") == [(before.info_code,)]
    assert not verify(archive).problems
    catalog = tables(archive)
    rebuild(archive)
    assert tables(archive) == catalog

    replica.requests.clear()
    assert "revised" not in eastmoney(crawl, *ROLLING).output
    assert not article_requests(replica)


def test_a_correction_is_not_lost_to_another_look_at_the_same_article(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    rolling_list(replica, KEPT_FROM_SUMMARY)
    assert eastmoney(crawl, *ROLLING).status == 0
    rolling_list(replica, replace(KEPT_FROM_SUMMARY, digest="更正：此前所报数字有误。"))
    corrected = eastmoney(crawl, *AT_ONCE, "-a", "column=rolling")
    assert corrected.status == 0, corrected.log
    assert "2 looked at again" in corrected.output
    assert rows(archive, "SELECT digest FROM posts") == [("更正：此前所报数字有误。",)]


def test_a_correction_that_comes_with_an_article_of_its_own_takes_that(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    news = next(news for news in SITE.fast_news if news.article)
    share = {host: SITE.sites[host] for host in SHARE_HOSTS}
    nobody = dict.fromkeys((*SHARE_HOSTS, PAGE_HOST), share_api_site({}))
    replica.sites |= nobody
    rolling_list(replica, replace(news, title="快讯"))
    assert eastmoney(crawl, *ROLLING).status == 0
    assert sources_of(archive) == {news.info_code: "summary"}
    replica.sites |= share
    rolling_list(replica, news)
    assert eastmoney(crawl, *ROLLING).status == 0
    assert sources_of(archive) == {news.info_code: "share_api"}


def in_both() -> list[str]:
    listed = {article.info_code for article in LISTED}
    return [news.info_code for news in SITE.fast_news if news.info_code in listed]


@pytest.mark.parametrize("column", ["all", "all,rolling"])
def test_rolling_news_is_kept_as_such_whichever_list_names_it(
    crawl: Crawl, replica: Replica, archive: Path, column: str
) -> None:
    assert in_both()
    assert eastmoney(crawl, *LONG_AGO, "-a", f"column={column}").status == 0
    posts = posts_in(archive)
    for code in in_both():
        name = next(name for name in posts if code[2:] in name)
        assert posts[name] == SITE.posts[name]


def with_entry(site: Site, **fields: object) -> Site:
    """A list whose first entry has other fields."""

    def answer(request: Request) -> Answer:
        good = site(request)
        if request.path != COLUMNS_PATH:
            return good
        answer: dict[str, Any] = json.loads(good.body)
        answer["data"]["list"][0] |= fields
        return replace(good, body=json.dumps(answer).encode())

    return answer


def test_an_entry_that_cannot_be_read_takes_no_other_with_it(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    good = columns_only(*LISTED[:5])[LISTAPI_HOST]
    replica.sites |= {LISTAPI_HOST: with_entry(good, summary=["a", "b"])}
    ended = eastmoney(crawl, *COLUMN)
    lost, *others = LISTED[:5]
    assert f"{lost.info_code} is not archived: ColumnList cannot read" in ended.log
    assert "its summary is not a text" in ended.log
    assert sources_of(archive).keys() == {article.info_code for article in others}

    replica.sites |= {LISTAPI_HOST: good}
    healed = eastmoney(crawl, *COLUMN, "-s", "FINEWS_REVISIT_SHARE=0")
    assert healed.status == 0, healed.log
    assert sources_of(archive).keys() == {article.info_code for article in LISTED[:5]}


def test_an_entry_that_stays_unreadable_uses_up_no_tries(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    good = columns_only(*LISTED[:5])[LISTAPI_HOST]
    replica.sites |= dict.fromkeys((*SHARE_HOSTS, PAGE_HOST), share_api_site({}))
    replica.sites |= {LISTAPI_HOST: with_entry(good, summary=["a", "b"])}
    for _ in range(2):
        ended = eastmoney(crawl, *COLUMN, "-s", "FINEWS_REVISIT_SHARE=1000")
    assert ended.status == 0, ended.log
    assert "0 failed" in ended.output
    with closing(CrawlState(archive / "crawl-state.db")) as state:
        failed = state.failure_of(LISTED[0].info_code)
    assert failed is not None
    assert failed.times == 1


def test_an_entry_whose_code_cannot_be_read_either_is_refused_by_name(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    good = columns_only(*LISTED[:5])[LISTAPI_HOST]
    replica.sites |= {LISTAPI_HOST: with_entry(good, code={"of": "an object"})}
    ended = eastmoney(crawl, *COLUMN)
    assert "was refused" in ended.log
    assert sources_of(archive).keys() == {article.info_code for article in LISTED[1:5]}


def test_a_look_that_a_block_prevents_keeps_its_turn(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    assert eastmoney(crawl, *ROLLING).status == 0
    checked = "SELECT info_code, checked FROM posts ORDER BY info_code"
    before = rows(archive, checked)
    replica.faults = [Fault(host, "/", failure=status(403)) for host in (*SHARE_HOSTS, PAGE_HOST)]
    eastmoney(crawl, *AT_ONCE, "-a", "column=rolling")
    after = rows(archive, checked)
    looked_at = [code for code, when in set(after) - set(before)]
    assert len(looked_at) <= len((*SHARE_HOSTS, PAGE_HOST))
    assert rows(archive, "SELECT count(*) FROM posts WHERE gone IS NOT NULL") == [(0,)]

    replica.faults = []
    (archive / "crawl-state.db").unlink()
    eastmoney(crawl, *AT_ONCE, "-a", "column=rolling")
    assert not set(rows(archive, checked)) & set(before) - set(after)
