"""What Eastmoney's lists named and a crawl could not have is not lost to the next one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.article import BodySource
from crawler.pages.compose import compose, facts_of
from crawler.pages.facts import ArticleText
from demo.article_page import PAGE_HOST
from demo.articles import MIN_ARTICLES
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST
from demo.faults import Fault, garbage, status
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.support.articles import ARTICLE
from tests.support.eastmoney import (
    LONG_AGO,
    eastmoney,
    expected_sources,
    pages,
    share_first,
    sources_of,
)
from tests.support.eastmoney_gaps import AT_ONCE, columns_only
from tests.support.sample_site import article_requests, rows

SITE = made_up_site(articles=MIN_ARTICLES)
EMPTY = b'{"code": "1", "data": {"fastNewsList": [], "sortEnd": ""}}'


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


def test_what_an_outage_left_out_is_made_up_for_with_what_the_lists_said(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.faults = [Fault(host, "/", failure=status(404)) for host in (*SHARE_HOSTS, PAGE_HOST)]
    assert eastmoney(crawl, *LONG_AGO).status == 6
    assert len(posts_in(archive)) == len(SITE.fast_news)
    replica.faults = []
    replica.requests.clear()
    healed = eastmoney(crawl, *AT_ONCE)
    assert healed.status == 0, healed.log
    assert sources_of(archive) == expected_sources(SITE)
    posts = posts_in(archive)
    named = {f"{article.file_name}" for article in SITE.columns["350"] if article.share_hosts}
    assert {name: posts[name] for name in named} == {name: SITE.posts[name] for name in named}
    published = dict(rows(archive, "SELECT info_code, published FROM posts"))
    for article in SITE.columns["350"]:
        assert published[article.info_code] == article.published.isoformat()
    assert set(Counter(article_requests(replica)).values()) == {1}


def test_an_old_article_before_newer_ones_does_not_end_the_way_back(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    listed = SITE.columns["350"]
    newer, older = listed[:25], listed[25:]
    replica.sites |= columns_only(*older)
    assert eastmoney(crawl, *LONG_AGO, "-a", "column=国内经济").status == 0
    replica.sites |= columns_only(older[-1], *newer, *older[:-1])
    replica.requests.clear()
    ended = eastmoney(crawl, *LONG_AGO, "-a", "column=国内经济")
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == {article.info_code for article in listed}
    assert pages(replica)[LISTAPI_HOST] == 3


def test_what_has_failed_is_known_and_is_no_reason_to_read_on(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= columns_only(*SITE.columns["350"])
    replica.faults = [Fault(host, "/", failure=status(404)) for host in (*SHARE_HOSTS, PAGE_HOST)]
    assert eastmoney(crawl, *LONG_AGO, "-a", "column=国内经济").status == 6
    assert not posts_in(archive)
    replica.requests.clear()
    eastmoney(crawl, *LONG_AGO, "-a", "column=国内经济", "-s", "FINEWS_INTERVAL_SHARE=1000")
    assert pages(replica)[LISTAPI_HOST] == 1
    assert not article_requests(replica)


def test_a_crawl_of_some_lists_tries_again_what_it_could_not_have(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    listed = SITE.columns["350"]
    replica.sites |= columns_only(*listed)
    lost = listed[-1].info_code[2:]
    replica.faults = [Fault(host, f"/a/{lost}", failure=status(404)) for host in [PAGE_HOST]]
    replica.faults += [
        Fault(host, f"/NewsData/GetNewsText.do?id=NW{lost}", failure=status(404))
        for host in SHARE_HOSTS
    ]
    assert eastmoney(crawl, *LONG_AGO, "-a", "column=国内经济").status == 0
    assert f"NW{lost}" not in sources_of(archive)
    replica.faults = []
    assert eastmoney(crawl, *AT_ONCE, "-a", "column=国内经济").status == 0
    assert f"NW{lost}" in sources_of(archive)


@pytest.mark.parametrize("answer", [b'{"code": "0", "message": "busy"}', EMPTY])
def test_a_list_that_one_host_does_not_give_is_asked_for_at_the_next(
    crawl: Crawl, replica: Replica, archive: Path, answer: bytes
) -> None:
    replica.faults = [Fault(WEBLIST_HOST, "/comm/", failure=garbage(answer))]
    ended = eastmoney(crawl, *LONG_AGO, "-a", "column=rolling")
    assert ended.status == 0, ended.log
    assert sources_of(archive).keys() == {news.info_code for news in SITE.fast_news}


def test_a_list_that_is_empty_is_told_and_its_crawl_is_not_complete(
    crawl: Crawl, replica: Replica, archive: Path
) -> None:
    replica.sites |= columns_only(*SITE.columns["350"])
    replica.faults = [Fault(WEBLIST_HOST, "/comm/", failure=garbage(EMPTY))]
    ended = eastmoney(crawl, *LONG_AGO)
    assert ended.status == 3
    assert f"https://{LISTAPI_HOST}/comm/web/getFastNewsList" in ended.log
    assert "names no article" in ended.log
    assert eastmoney(crawl, *LONG_AGO, "-a", "column=rolling").status == 5
    assert rows(archive, "SELECT DISTINCT complete FROM crawls") == [(0,)]


def test_a_look_at_an_article_does_not_take_back_what_a_list_tells_meanwhile(
    tmp_path: Path,
) -> None:
    old = replace(ARTICLE, stock_list=("1.600160",), body_source=BodySource.SUMMARY)
    text = ArticleText(
        url="http://x/",
        source=BodySource.SHARE_API,
        title="标题",
        published=None,
        media=None,
        digest=None,
        body="<p>text</p>",
        rolling=False,
    )
    with Archive(tmp_path / "news") as archive:
        archive.add(old)
        (row,) = archive.posts()
        facts = facts_of(archive.article_of(row))
        archive.mark_listed(old.info_code, ["1.600160", "90.BK0001"])
        archive.add(compose(old.info_code, facts, text, lambda *_, rolling: old.link))
        (row,) = archive.posts()
    assert (row.body_source, row.stock_list) == ("share_api", '["1.600160", "90.BK0001"]')
