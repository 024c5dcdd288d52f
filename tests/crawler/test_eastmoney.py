"""Eastmoney's own lists, from list to post files, and beside the mirror."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.content.front_matter import parse_post
from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from demo.article_page import PAGE_HOST
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST, FastNews, columns_of, list_site
from demo.exchange import Answer, Request
from demo.faults import Fault, status
from demo.replica import Replica, Site
from demo.share import share_api_site
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support.ban import banning
from tests.support.blocks import let_blocks_end
from tests.support.catalogs import tables
from tests.support.eastmoney import (
    ALL,
    LISTS,
    LONG_AGO,
    SITE,
    eastmoney,
    expected_sources,
    pages,
    share_first,
    sources_of,
)
from tests.support.sample_site import article_requests, asked, rows

ROLLING_PLACE = "/comm/web/getFastNewsList"


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


@pytest.fixture
def sources(sources: Path) -> Path:
    return share_first(sources)


@pytest.fixture
def small_pages(sources: Path) -> None:
    text = sources.read_text().replace("pageSize=50", "pageSize=4")
    sources.write_text(text.replace("page_size = 50", "page_size = 13"))


def test_lists_become_posts_with_the_best_body_there_is(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    ended = eastmoney(crawl, *ALL)
    assert ended.status == 0, ended.log
    assert not replica.unknown
    assert sources_of(archive) == expected_sources(SITE)
    posts = posts_in(archive)
    shared = {name: data for name, data in posts.items() if name in SITE.posts}
    assert shared == {name: SITE.posts[name] for name in shared}
    assert len(shared) == len(posts) - len(SITE.page_only) - len(SITE.summary_only)
    assert set(Counter(article_requests(replica)).values()) == {1}

    by_code = {article.info_code: article for article in SITE.articles}
    with Archive(archive) as opened:
        for code in SITE.page_only:
            (row,) = opened.posts([InfoCode(code)])
            post = parse_post((archive / row.path).read_bytes(), Path(row.path).name)
            assert post.body == by_code[code].api_body.replace("\u3000\u3000", "")
            assert post.published == by_code[code].published
            assert post.tag == by_code[code].tag
        for news in SITE.fast_news:
            if news.article is None:
                (row,) = opened.posts([InfoCode(news.code)])
                post = parse_post((archive / row.path).read_bytes(), Path(row.path).name)
                assert not post.problems
                assert (post.category, post.title, post.digest) == (
                    *("emnews", news.title, news.digest),
                )
                assert post.body.startswith(f"<p>{news.summary}</p>")
                assert all(picture in post.body for picture in news.pictures)
                assert post.link == f"http://finance.eastmoney.com/news/1355,{news.code}.html"
    named = "SELECT group_concat(security) FROM (SELECT * FROM mentions ORDER BY security)"
    for news in SITE.fast_news:
        ((found,),) = rows(archive, f"{named} WHERE info_code = '{news.info_code}'")
        assert set(news.securities) <= set((found or "").split(","))

    before = tables(archive)
    rebuild(archive)
    assert tables(archive) == before
    assert not verify(archive).problems


def test_the_same_articles_through_both_spiders_are_one_post_each_with_the_better_body(
    crawl: Crawl, replica: Replica, archive: Path, tmp_path: Path
) -> None:
    assert crawl().status == 0
    mirrored = sources_of(archive)
    assert {code for code, source in mirrored.items() if source == "mirror"} == SITE.page_only
    replica.requests.clear()
    ended = eastmoney(crawl, *ALL)
    assert ended.status == 0, ended.log
    assert not any("GetNewsText" in url and code in url for url in article_requests(replica)
                   for code in mirrored.keys() - SITE.page_only)  # fmt: skip
    mirror_first = posts_in(archive)
    assert sources_of(archive) == mirrored | expected_sources(SITE)
    assert rows(archive, "SELECT count(*) FROM revisions") == [(len(SITE.page_only),)]

    other = str(tmp_path / "other")
    assert crawl(*ALL, spider="eastmoney", FINEWS_ARCHIVE=other).status == 0
    replica.requests.clear()
    assert crawl(FINEWS_ARCHIVE=other).status == 0
    mirror_last = posts_in(Path(other))
    assert sources_of(Path(other)) == sources_of(archive)
    assert mirror_last == mirror_first
    assert {name: mirror_last[name] for name in SITE.posts} == SITE.posts


def test_a_crawl_goes_back_over_the_whole_gap_and_no_further(
    crawl: Crawl, replica: Replica, archive: Path, small_pages: None
) -> None:
    sites, old = dict(SITE.sites), SITE.fast_news[8:]
    replica.sites = sites | dict.fromkeys(LISTS, list_site(old, columns_of(SITE.articles[:-25])))
    assert eastmoney(crawl, *ALL).status == 0
    began = eastmoney(crawl, *LONG_AGO)
    assert began.status == 0, began.log

    # The archive has some of the newest by then, as from the mirror, or from a crawl that was
    # killed: it says nothing of what lies before them.
    replica.sites = sites
    newest = {SITE.fast_news[0].info_code, SITE.columns["350"][0].info_code}
    for code in newest:
        share = f"http://finews.zning.xyz/NewsData/GetNewsText.do?id={code}"
        crawl("-a", f"share={share}", site=None)
    replica.requests.clear()
    ended = eastmoney(crawl, *LONG_AGO)
    assert ended.status == 0, ended.log
    assert expected_sources(SITE).keys() <= sources_of(archive).keys()
    columns = 25 // 13 + 2  # three articles at the end of a page say how far back it goes
    assert pages(replica) == {WEBLIST_HOST: 8 // 4 + 1, LISTAPI_HOST: columns}

    replica.requests.clear()
    again = eastmoney(crawl, *LONG_AGO)
    assert again.status == 0, again.log
    assert "0 added" in again.output
    assert pages(replica) == {WEBLIST_HOST: 1, LISTAPI_HOST: 1}
    assert not article_requests(replica)


def test_a_crawl_that_could_not_read_all_is_made_up_for(
    crawl: Crawl, replica: Replica, archive: Path, small_pages: None
) -> None:
    assert eastmoney(crawl, "-a", "pages=1").status == 0
    assert pages(replica) == {WEBLIST_HOST: 1, LISTAPI_HOST: 1}
    cursor = SITE.fast_news[7].real_sort
    path = f"{ROLLING_PLACE}?client=web&biz=web_724&fastColumn=102&sortEnd={cursor}"
    replica.faults = [Fault(host, path, failure=status(404)) for host in LISTS]
    failed = eastmoney(crawl, *LONG_AGO)
    assert failed.status == 3
    assert "lists of the source could not be read" in failed.log
    replica.faults = []
    ended = eastmoney(crawl, *LONG_AGO)
    assert ended.status == 0, ended.log
    assert sources_of(archive) == expected_sources(SITE)


def test_a_list_is_asked_for_where_it_is_served_too(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(WEBLIST_HOST, "/comm/", failure=status(404))]
    assert eastmoney(crawl, *ALL, "-a", "column=rolling").status == 0
    assert pages(replica) == {WEBLIST_HOST: 1, LISTAPI_HOST: 1}
    assert sources_of(archive).keys() == {news.info_code for news in SITE.fast_news}


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("column=nosuch", "such as 要闻 or 345; 'nosuch' is not one"),
        ("column=要问", "'要问' is not one; did you mean 要闻"),
        ("column=all", "column is not called 'all' any more: that was column 350, 国内经济, which"),
        ("column=important", "column is not called 'important' any more: that was column 345;"),
        ("column=stocks", "is not called 'stocks' any more: that was column 351, 国际经济, which"),
        ("column=breakfast", "'breakfast' any more: that was column 1207; write 财经早餐."),
        (
            "security=茅台",
            "security should be a market and a symbol such as 1.600519, or 600519.SH",
        ),
        ("pages=0", "pages should be how many pages of each list are read, such as 2, not"),
        ("since=2999-01-01", "since should not be in the future"),
        ("site=http://x.example/", "eastmoney takes the arguments column, security, since, pages"),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_no_request(
    crawl: Crawl, replica: Replica, argument: str, complaint: str
) -> None:
    ended = eastmoney(crawl, "-a", argument)
    assert ended.status == 2
    assert complaint in ended.log
    assert not replica.requests


def test_another_column_is_a_line_in_the_sources(
    crawl: Crawl, replica: Replica, archive: Path, sources: Path
) -> None:
    line = '351 = ["国际经济", "economy-abroad"]'
    assert line in sources.read_text()
    sources.write_text(sources.read_text().replace(line, '351 = ["海外"]'))
    assert eastmoney(crawl, *ALL, "-a", "column=海外").status == 0
    assert sources_of(archive).keys() == {entry.info_code for entry in SITE.columns["351"]}


def changed(site: Site, **changes: object) -> Site:
    """A list whose answers have other fields."""

    def answer(request: Request) -> Answer:
        good = site(request)
        if good.status != 200:
            return good
        return replace(good, body=json.dumps(json.loads(good.body) | changes).encode())

    return answer


def without_body(site: Site) -> Site:
    def answer(request: Request) -> Answer:
        good = site(request)
        return replace(good, body=good.body.replace(b'id="ContentBody"', b'id="Content"'))

    return answer


def test_a_list_that_is_laid_out_otherwise_is_told_by_its_page_object(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    lists = {host: changed(SITE.sites[host], data={"items": []}) for host in LISTS}
    replica.sites = dict(SITE.sites) | lists
    ended = eastmoney(crawl, *ALL)
    assert ended.status == 4
    assert f"FastNewsList cannot read https://{WEBLIST_HOST}" in ended.log
    assert f"ColumnList cannot read https://{LISTAPI_HOST}" in ended.log
    assert not posts_in(archive)


def test_an_article_page_that_is_laid_out_otherwise_makes_no_empty_article(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    nobody = dict.fromkeys(SHARE_HOSTS, share_api_site({}))
    pages = {PAGE_HOST: without_body(SITE.sites[PAGE_HOST])}
    replica.sites = dict(SITE.sites) | nobody | pages
    ended = eastmoney(crawl, *ALL)
    assert ended.status == 4, ended.log
    for article in SITE.columns["350"]:
        assert f"ArticlePage cannot read https://{PAGE_HOST}/a/{article.info_code[2:]}" in ended.log
    rolling = {news.info_code for news in SITE.fast_news}
    assert sources_of(archive) == dict.fromkeys(rolling, "summary")
    provisional = rows(archive, "SELECT count(*) FROM posts WHERE body_provisional")
    assert provisional == [(len(rolling - SITE.summary_only),)]

    replica.sites = dict(SITE.sites)
    healed = eastmoney(crawl, *LONG_AGO, "-s", "FINEWS_INTERVAL_SHARE=0")
    assert healed.status == 0, healed.log
    assert sources_of(archive) == expected_sources(SITE)


def test_rolling_news_kept_from_a_summary_gets_its_text_when_there_is_one(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    news = next(news for news in SITE.fast_news if news.article)
    nobody = dict.fromkeys((*SHARE_HOSTS, PAGE_HOST), share_api_site({}))
    replica.sites = dict(SITE.sites) | nobody
    assert eastmoney(crawl, *ALL, "-a", "column=rolling").status == 0
    assert sources_of(archive)[news.info_code] == "summary"
    for host in SHARE_HOSTS:
        replica.faults.append(Fault(host, "/NewsData/", failure=status(404)))
    replica.sites = dict(SITE.sites) | {PAGE_HOST: share_api_site({})}
    assert crawl("-s", "FINEWS_MAX_FAILED_SHARE=1").status == 0
    assert sources_of(archive)[news.info_code] == "mirror"  # better than the summary
    replica.faults.clear()
    assert eastmoney(crawl, *ALL, "-a", "column=rolling").status == 0
    assert sources_of(archive)[news.info_code] == "share_api"
    assert (
        posts_in(archive).items()
        >= {article.file_name: SITE.posts[article.file_name] for article in [news.article]}.items()
    )


def test_securities_of_a_list_are_noted_of_articles_that_came_by_another_way(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    assert crawl().status == 0
    listed: Mapping[str, FastNews] = {
        news.info_code: replace(news, securities=("0.399981", "90.BK0001"))
        for news in SITE.fast_news
    }
    some = list_site(tuple(listed.values()))
    replica.sites = dict(SITE.sites) | {WEBLIST_HOST: some}
    assert eastmoney(crawl, *ALL, "-a", "column=rolling").status == 0
    named = rows(archive, "SELECT info_code FROM mentions WHERE security = '90.BK0001'")
    assert {code for (code,) in named} == listed.keys()
    before = tables(archive)
    rebuild(archive)
    assert tables(archive) == before


def arrivals(replica: Replica) -> list[float]:
    """When each request came, as the sites see it."""
    times: list[float] = []

    def noting(site: Site) -> Site:
        def answer(request: Request) -> Answer:
            times.append(time.monotonic())
            return site(request)

        return answer

    replica.sites = {host: noting(site) for host, site in replica.sites.items()}
    return times


def test_the_default_rate_is_one_request_in_two_seconds_whatever_the_host(
    replica: Replica, archive: Path, sources: Path, crawl: Crawl
) -> None:
    few = list_site(SITE.fast_news[:2], {"350": SITE.columns["350"][:2]})
    ban = {host: banning(site, calls=5, within=5, for_=600) for host, site in SITE.sites.items()}
    replica.sites = ban | dict.fromkeys(LISTS, banning(few, calls=5, within=5, for_=600))
    times = arrivals(replica)
    ended = crawl(
        *("-s", "DOWNLOAD_DELAY=2", "-s", "AUTOTHROTTLE_START_DELAY=2", *LONG_AGO),
        spider="eastmoney",
    )
    assert ended.status == 0, ended.log
    assert len(posts_in(archive)) == len(
        {news.info_code for news in SITE.fast_news[:2]}
        | {article.info_code for article in SITE.columns["350"][:2]}
    )
    gaps = [after - before for before, after in pairwise(times)]
    assert len(gaps) > 4
    assert min(gaps) > 0.9
    assert len({round(gap, 1) for gap in gaps}) > 2  # jitter


def test_a_forced_ban_ends_the_run_cleanly_and_the_next_ones_wait_it_out(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    hosts = (*LISTS, PAGE_HOST, *SHARE_HOSTS)
    replica.sites |= {
        host: banning(SITE.sites[host], calls=6, within=60, for_=600) for host in hosts
    }
    ended = eastmoney(crawl, *ALL)
    assert ended.status in {3, 6}, ended.log
    assert "Banned until " in ended.log
    kept = posts_in(archive)
    assert len(kept) > 4
    assert not verify(archive).problems
    replica.requests.clear()
    waiting = eastmoney(crawl, *ALL)
    assert waiting.status in {3, 6}
    with closing(sqlite3.connect(archive / "crawl-state.db")) as state:
        banned = {host for (host,) in state.execute("SELECT host FROM blocks")}
    assert banned
    assert not [entry for entry in replica.requests if entry.request.host in banned]
    assert posts_in(archive).items() >= kept.items()

    replica.sites = dict(SITE.sites)
    (archive / "crawl-state.db").unlink()
    healed = eastmoney(crawl, *LONG_AGO, "-s", "FINEWS_INTERVAL_SHARE=0")
    assert healed.status == 0, healed.log
    assert sources_of(archive) == expected_sources(SITE)


def test_dead_share_hosts_are_not_asked_for_every_article(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(host, "/NewsData/", failure=status(502)) for host in SHARE_HOSTS]
    ended = eastmoney(crawl, *ALL, "-s", "RETRY_TIMES=0")
    assert ended.status == 0, ended.log
    for host in SHARE_HOSTS:
        assert 3 <= len([url for url in asked(replica, host) if "GetNewsText" in url]) <= 10
    assert set(sources_of(archive).values()) == {"article_page", "summary"}
    assert rows(archive, "SELECT DISTINCT body_provisional FROM posts") == [(1,)]

    replica.faults = []
    let_blocks_end(archive)
    healed = eastmoney(
        crawl, *LONG_AGO, "-s", "FINEWS_INTERVAL_SHARE=0", "-s", "FINEWS_REVISITS=99"
    )
    assert healed.status == 0, healed.log
    assert sources_of(archive) == expected_sources(SITE)
