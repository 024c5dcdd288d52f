"""What Eastmoney's lists named and a crawl could not have is not lost to the next one."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.article_page import PAGE_HOST
from demo.articles import FEWEST
from demo.faults import Fault, status
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import SHARE_HOSTS, Crawl, posts_in
from tests.crawler.test_eastmoney import LONG_AGO, eastmoney, expected_sources, sources_of
from tests.crawler.test_sample_site import article_requests, rows

SITE = made_up_site(articles=FEWEST)
AT_ONCE = (*LONG_AGO, "-s", "FINEWS_REVISIT_SHARE=0", "-s", "FINEWS_REVISITS=100")


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(SITE.sites) as replica:
        yield replica


@pytest.fixture(autouse=True)
def small_pages(sources: Path) -> None:
    text = sources.read_text().replace("pageSize=50", "pageSize=4")
    sources.write_text(text.replace("page_size=50", "page_size=10"))


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
