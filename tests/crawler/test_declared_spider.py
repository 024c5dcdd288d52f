"""Declared sources are crawled: their lists, and one request for each article that is new."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from os import environ
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from crawler.spider_loader import DeclaredSpiderLoader
from demo.exchange import Answer, Request
from demo.replica import Replica
from tests.conftest import ROOT
from tests.crawler.declarations.recorded import RECORDED, SOURCES

SERVED: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("news.10jqka.com.cn", "/tapp/"): ("ths", "flash_page1.json", "application/json"),
    ("news.10jqka.com.cn", "/today_list/"): ("ths", "article_list_today.html", "text/html"),
    ("news.10jqka.com.cn", "/2026"): ("ths", "article_page.html", "text/html; charset=utf-8"),
    ("www.cls.cn", "/v1/"): ("cls", "roll_page1.json", "application/json"),
    ("www.cls.cn", "/v3/"): ("cls", "depth_list_1000_page1.json", "application/json"),
    ("www.cls.cn", "/detail/"): ("cls", "detail_page.html", "text/html"),
    ("api-one.wallstcn.com", "/"): ("wscn", "lives_page1.json", "application/json"),
    ("api-one-wscn.awtmt.com", "/apiv1/content/articles/"): (
        "wscn",
        "article_detail.json",
        "application/json",
    ),
    ("api-one-wscn.awtmt.com", "/"): ("wscn", "articles_page1.json", "application/json"),
    ("flash-api.jin10.com", "/"): ("jin10", "flash_page1.json", "application/json"),
    ("reference-api.jin10.com", "/reference/getOne"): (
        "jin10",
        "article_detail.json",
        "application/json",
    ),
    ("reference-api.jin10.com", "/"): ("jin10", "article_list_28.json", "application/json"),
    ("www.gelonghui.com", "/"): ("gelonghui", "lives_page1.json", "application/json"),
    ("www.people.com.cn", "/"): ("people", "politics.xml", "text/xml"),
}
"""Recorded answers by the host and the beginning of the path, the longest first."""

CRAWLED = ("ths", "cls", "wscn", "jin10", "gelonghui", "people")

SCRIPT = """
import sys
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings

settings = Settings({
    "SPIDER_LOADER_CLASS": "crawler.spider_loader.DeclaredSpiderLoader",
    "SPIDER_MODULES": [], "FINEWS_DECLARATIONS": ["settings/sources"],
    "FEEDS": {sys.argv[1]: {"format": "jsonlines"}}, "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "ERROR",
})
settings.set("DOWNLOAD_DELAY", 0, priority="cmdline")
process = CrawlerProcess(settings)
for name in sys.argv[2:]:
    process.crawl(name)
process.start()
"""


def served(request: Request) -> Answer:
    for (host, path), (source, name, header) in SERVED.items():
        if request.host == host and request.path.startswith(path):
            body = (RECORDED / source / name).read_bytes()
            return Answer(200, body, {"Content-Type": header})
    return Answer(404)


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(dict.fromkeys({host for host, _ in SERVED}, served)) as replica:
        yield replica


def test_several_sources_are_crawled_at_once(replica: Replica, tmp_path: Path) -> None:
    out = tmp_path / "articles.jsonl"
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(out), *CRAWLED],
        cwd=ROOT,
        env={**environ, **replica.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")

    articles = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    by_source = Counter(article["source"] for article in articles)
    assert by_source == {"ths": 12, "cls": 12, "wscn": 11, "jin10": 7, "gelonghui": 6, "people": 4}
    assert len({article["id"] for article in articles}) == len(articles)
    asked = Counter(one.request.url for one in replica.requests if one.request.method == "GET")
    assert {url: count for url, count in asked.items() if count > 1} == {}
    # Lists, and one request for each article that a list does not hold.
    assert len(asked) == 10 + sum(1 for article in articles if article["layout"])
    assert not [one for one in replica.unknown if one.request.method == "GET"]


def test_what_is_crawled_is_what_is_there(replica: Replica, tmp_path: Path) -> None:
    out = tmp_path / "articles.jsonl"
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(out), "cls"],
        cwd=ROOT,
        env={**environ, **replica.environment},
        timeout=120,
        check=True,
    )
    articles: list[dict[str, Any]] = list(map(json.loads, out.read_text("utf-8").splitlines()))
    depth = next(one for one in articles if one["id"] == "cls-2492814")
    assert (depth["title"], depth["author"]) == ("谷歌TPU，下周出发去太空", "周明远")
    assert depth["layout"] == "page"
    assert "secReviewer" not in json.dumps(depth)
    rolls = [one.request for one in replica.requests if "get_roll_list" in one.request.path]
    assert len(rolls) == 1
    assert re.search(r"&last_time=&.*&sign=[0-9a-f]{32}$", rolls[0].query)


def test_every_declared_source_is_a_spider() -> None:
    settings = Settings({"SPIDER_MODULES": [], "FINEWS_DECLARATIONS": [str(SOURCES)]})
    loader = DeclaredSpiderLoader(settings)
    assert {"ths", "cls", "wscn", "people"} <= set(loader.list())
    assert loader.load("ths").allowed_domains == ["news.10jqka.com.cn"]


def test_a_spider_of_the_projects_own_comes_first() -> None:
    modules = ["crawler.spiders"]
    settings = Settings({"SPIDER_MODULES": modules, "FINEWS_DECLARATIONS": [str(SOURCES)]})
    loader = DeclaredSpiderLoader(settings)
    assert loader.load("eastmoney").__module__ == "crawler.spiders.eastmoney"
