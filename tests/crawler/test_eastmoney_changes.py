"""Eastmoney's lists change while they are read, and between two crawls."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archive.crawl_state import CrawlState
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from demo.article_page import PAGE_HOST
from demo.articles import MIN_ARTICLES, Article
from demo.eastmoney import COLUMNS_PATH, LISTAPI_HOST, WEBLIST_HOST, FastNews, list_site
from demo.exchange import Answer, Request
from demo.faults import Fault, status
from demo.replica import Replica, Site
from demo.share import share_api_site
from demo.site import made_up_site
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support.catalogs import tables
from tests.support.eastmoney import LONG_AGO, eastmoney, share_first, sources_of
from tests.support.eastmoney_gaps import AT_ONCE, columns_only
from tests.support.sample_site import article_requests, asked, rows

SITE = made_up_site(articles=MIN_ARTICLES)
LISTED = SITE.columns["350"]
COLUMN = (*LONG_AGO, "-a", "column=国内经济")
ROLLING = (*LONG_AGO, "-a", "column=rolling")
KEPT_FROM_SUMMARY = next(news for news in SITE.fast_news if news.info_code in SITE.summary_only)


@pytest.fixture
def sources(sources: Path) -> Path:
    return share_first(sources)


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


@pytest.fixture(autouse=True)
def small_pages(sources: Path) -> None:
    text = sources.read_text().replace("pageSize=50", "pageSize=4")
    sources.write_text(text.replace("page_size = 50", "page_size = 13"))


def parts(replica: Replica) -> list[tuple[int, int]]:
    """Number and size of the pages of columns that were asked for."""
    found = (
        re.search(r"page_index=(\d+)&page_size=(\d+)&", url) for url in asked(replica, LISTAPI_HOST)
    )
    return [(int(match[1]), int(match[2])) for match in found if match]


def changing(column: Callable[[int], Sequence[Article]]) -> Site:
    """A column that is another one at each request for it: the first, the second, …"""
    turn = count()

    def answer(request: Request) -> Answer:
        articles = column(next(turn)) if request.path == COLUMNS_PATH else ()
        return list_site((), {"350": articles})(request)

    return answer


def shrinking(lost: Callable[[int], int]) -> Site:
    """A column that has lost so many of its newest articles when it is asked for a page."""
    return changing(lambda turn: LISTED[lost(turn) :])


def codes(articles: Iterable[Article]) -> set[str]:
    return {article.info_code for article in articles}


@pytest.mark.parametrize(
    ("read", "gone", "arguments", "depth"),
    [(1, 1, (), len(LISTED)), (2, 12, ("-a", f"since={LISTED[0].published:%Y-%m-%d}"), 21)],
    ids=["middle", "last page"],
)
def test_what_moves_up_while_as_many_others_come_below_is_not_missed(
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    read: int,
    gone: int,
    arguments: Sequence[str],
    depth: int,
) -> None:
    before, after = LISTED[:-gone], LISTED[gone:]
    replica.sites |= {LISTAPI_HOST: changing(lambda turn: before if turn < read else after)}
    ended = eastmoney(crawl, *COLUMN, *arguments)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() >= codes(LISTED[:depth])


@pytest.mark.parametrize("seed", [0, 9, 13])
def test_of_a_column_that_changes_between_any_two_requests_nothing_is_missed(
    crawl: Crawl, replica: Replica, archive: Path, seed: int
) -> None:
    random = Random(seed)  # noqa: S311
    there = {article.info_code for article in random.sample(LISTED, 35)}
    stayed = set(there)

    def column(turn: int) -> Sequence[Article]:
        if turn:
            gone, come = random.sample(sorted(there), 1), random.sample(LISTED, 2)
            there.difference_update(gone)
            stayed.difference_update(gone)
            there.update(codes(come))
        return [article for article in LISTED if article.info_code in there]

    replica.sites |= {LISTAPI_HOST: changing(column)}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert len(stayed) > 20
    assert sources_of(archive).keys() >= stayed


@pytest.mark.parametrize(
    ("before", "lost", "pages", "depth"),
    [
        (1, 1, [(1, 13), (2, 12), (2, 9), (2, 13)], 27),
        (2, 16, [*((1, 13), (2, 12), (3, 11), (3, 10), (2, 8)), (1, 13), (2, 12), (3, 11)], 49),
        (1, 0, [(1, 13), (2, 12), (3, 11)], 33),
    ],
)
def test_pages_that_do_not_follow_are_read_further_back_and_not_counted(
    crawl: Crawl,
    replica: Replica,
    archive: Path,
    before: int,
    lost: int,
    pages: list[tuple[int, int]],
    depth: int,
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: lost if turn >= before else 0)}
    ended = eastmoney(crawl, *COLUMN, "-a", "pages=3")
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes(LISTED[:depth])
    assert parts(replica) == pages


def test_a_page_that_newer_articles_have_moved_down_is_no_repetition(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: 0 if turn else 11)}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes(LISTED[11:])


def test_a_page_that_has_become_the_one_before_it_is_no_repetition(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= {LISTAPI_HOST: shrinking(lambda turn: 10 * min(turn, 2))}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes((*LISTED[:13], *LISTED[20:]))


def test_a_column_that_loses_all_that_was_not_read_yet_ends_there(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= {LISTAPI_HOST: changing(lambda turn: LISTED[: 7 if turn else None])}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes(LISTED[:13])
    assert parts(replica) == [(1, 13), (2, 12), (2, 9), (1, 13)]


def changed(site: Site, change: Callable[[dict[str, Any]], None]) -> Site:
    """A column whose answers are changed."""

    def answer(request: Request) -> Answer:
        good = site(request)
        if request.path != COLUMNS_PATH:
            return good
        answer = json.loads(good.body)
        change(answer["data"])
        return replace(good, body=json.dumps(answer).encode())

    return answer


def test_a_page_that_is_empty_once_is_asked_for_once_more(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    turn = count()

    def stumble(data: dict[str, Any]) -> None:
        if next(turn) == 1:
            data["list"] = []

    replica.sites |= {LISTAPI_HOST: changed(list_site((), {"350": LISTED}), stumble)}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert parts(replica)[:4] == [(1, 13), (2, 12), (2, 12), (3, 11)]
    assert sources_of(archive).keys() == codes(LISTED)


def test_a_list_that_never_keeps_still_is_told_and_its_crawl_is_not_complete(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    site = changing(lambda turn: LISTED[turn % 5 * 10 :][:10] * 100)
    replica.sites |= {LISTAPI_HOST: site}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 3, ended.log
    assert "10 of its pages brought nothing new, as its articles move or repeat." in ended.log
    assert len(parts(replica)) < 2 * 10
    assert rows(archive, "SELECT DISTINCT complete FROM crawls") == [(0,)]


def test_what_two_pages_name_is_told_and_counted_once(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    """The last article of each page, which the next one names again."""
    unreadable, without_code = LISTED[12].info_code[2:], LISTED[23].info_code[2:]

    def change(data: dict[str, Any]) -> None:
        for entry in data["list"]:
            entry["summary"] = ["a"] if entry["code"] == unreadable else "b"
            entry["code"] = "none" if entry["code"] == without_code else entry["code"]

    replica.sites |= {LISTAPI_HOST: changed(list_site((), {"350": LISTED}), change)}
    ended = eastmoney(crawl, *COLUMN)
    assert ended.log.count(" is not archived: ") == 1
    assert ended.log.count(" was refused: ") == 1
    assert f"'list/posts': {len(LISTED) - 2}," in ended.log
    assert sources_of(archive).keys() == codes(LISTED) - {f"NW{unreadable}", f"NW{without_code}"}


def test_a_page_of_a_column_that_one_host_does_not_give_is_asked_for_at_the_next(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path
) -> None:
    text = sources.read_text()
    (address,) = re.findall(r"    .*getNewsByColumns.*\n", text)
    other = address.replace(LISTAPI_HOST, WEBLIST_HOST)
    sources.write_text(text.replace(address, address + other))
    replica.sites |= dict.fromkeys((LISTAPI_HOST, WEBLIST_HOST), list_site((), {"350": LISTED}))
    replica.faults = [Fault(LISTAPI_HOST, re.compile("page_index=3&"), failure=status(404))]
    ended = eastmoney(crawl, *COLUMN)
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == codes(LISTED)
    assert parts(replica) == [(1, 13), (2, 12), (3, 11)]
    assert [url for url in asked(replica, WEBLIST_HOST) if "page_index=3&" in url]


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
    assert "2 revisited" in corrected.output
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


@pytest.mark.parametrize("column", ["国内经济", "国内经济,快讯"])
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
    return changed(site, lambda data: data["list"][0].update(fields))


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
    healed = eastmoney(crawl, *COLUMN, "-s", "FINEWS_INTERVAL_SHARE=0")
    assert healed.status == 0, healed.log
    assert sources_of(archive).keys() == {article.info_code for article in LISTED[:5]}


def test_an_entry_that_stays_unreadable_uses_up_no_tries(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    good = columns_only(*LISTED[:5])[LISTAPI_HOST]
    replica.sites |= dict.fromkeys((*SHARE_HOSTS, PAGE_HOST), share_api_site({}))
    replica.sites |= {LISTAPI_HOST: with_entry(good, summary=["a", "b"])}
    for _ in range(2):
        ended = eastmoney(crawl, *COLUMN, "-s", "FINEWS_INTERVAL_SHARE=1000")
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
