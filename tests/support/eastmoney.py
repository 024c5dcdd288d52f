"""Eastmoney, as the replica serves it."""

import re
from collections import Counter
from pathlib import Path

from demo.articles import MIN_ARTICLES
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site
from tests.conftest import Crawl, Ended
from tests.support.sample_site import asked, rows

SITE = made_up_site(articles=MIN_ARTICLES)

ALL = ("-a", f"since={SITE.articles[0].published:%Y-%m-%d}")

#: Settings for made-up articles that are older than earlier crawls.
LONG_AGO = ("-s", "FINEWS_FIRST_DAYS=36500")

LISTS = (WEBLIST_HOST, LISTAPI_HOST)


def share_first(sources: Path) -> Path:
    """Write sources with one address for each of two lists, and the share API as first body."""
    text = sources.read_text(encoding="utf-8")
    text = re.sub(r"(?s)rolling_script = \[.*?\]", "rolling_script = []", text)
    text = re.sub(r"(?m)^read = .*", 'read = ["快讯", "国内经济"]', text)
    bodies = 'bodies = ["share_api", "article_page"]'
    text = re.sub(r'(?m)^bodies = \["article_api".*', bodies, text)
    sources.write_text(text, encoding="utf-8")
    return sources


def eastmoney(crawl: Crawl, *arguments: str) -> Ended:
    return crawl(*arguments, spider="eastmoney")


def pages(replica: Replica) -> Counter[str]:
    """Return the number of requested pages of lists, by host."""
    return Counter({host: sum("/comm/" in url for url in asked(replica, host)) for host in LISTS})


def sources_of(archive: Path) -> dict[str, str]:
    return dict(rows(archive, "SELECT info_code, body_source FROM posts"))


def expected_sources(site: MadeUpSite) -> dict[str, str]:
    listed = {article.info_code for article in site.columns["350"]}
    listed |= {news.info_code for news in site.fast_news}
    known = dict.fromkeys(listed, "share_api")
    known |= dict.fromkeys(site.page_only & listed, "article_page")
    return known | dict.fromkeys(site.summary_only, "summary")
