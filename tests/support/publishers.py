"""The publishers of the declared sources, who serve their recorded answers."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from os import environ
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs

from crawler.declarations.signatures import cls as signed
from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from tests.conftest import Ended
from tests.crawler.declarations.recorded import RECORDED
from tests.support import fork_server

JSON, HTML, XML = "application/json", "text/html", "text/xml"

#: Recorded answers by the host and the beginning of the path, the longest first.
SERVED: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("news.10jqka.com.cn", "/tapp/"): ("ths", "flash_page1.json", JSON),
    ("news.10jqka.com.cn", "/today_list/"): ("ths", "article_list_today.html", HTML),
    ("news.10jqka.com.cn", "/2026"): ("ths", "article_page.html", "text/html; charset=utf-8"),
    ("feed.mix.sina.com.cn", "/api/"): ("sina", "roll_page1.json", JSON),
    ("zhibo.sina.com.cn", "/api/"): ("sina", "live_page1.json", JSON),
    ("finance.sina.com.cn", "/roll/c/"): ("sina", "column_56592.html", HTML),
    ("finance.sina.com.cn", "/"): ("sina", "article_page.html", HTML),
    ("www.cls.cn", "/v1/"): ("cls", "roll_page1.json", JSON),
    ("www.cls.cn", "/v3/"): ("cls", "depth_list_1000_page1.json", JSON),
    ("www.cls.cn", "/detail/"): ("cls", "detail_page.html", HTML),
    ("api-one.wallstcn.com", "/"): ("wscn", "lives_page1.json", JSON),
    ("api-one-wscn.awtmt.com", "/apiv1/content/articles/"): ("wscn", "article_detail.json", JSON),
    ("api-one-wscn.awtmt.com", "/"): ("wscn", "articles_page1.json", JSON),
    ("flash-api.jin10.com", "/"): ("jin10", "flash_page1.json", JSON),
    ("reference-api.jin10.com", "/reference/getOne"): ("jin10", "article_detail.json", JSON),
    ("reference-api.jin10.com", "/"): ("jin10", "article_list_28.json", JSON),
    ("www.gelonghui.com", "/"): ("gelonghui", "lives_page1.json", JSON),
    ("www.nbd.com.cn", "/columns/"): ("nbd", "column_1161.html", HTML),
    ("www.nbd.com.cn", "/articles/"): ("nbd", "article_page.html", HTML),
    ("www.people.com.cn", "/rss/"): ("people", "politics.xml", XML),
    ("www.chinanews.com.cn", "/rss/"): ("chinanews", "scroll-news.xml", XML),
    ("www.news.cn", "/politics/news_"): ("xinhua", "politics_C.xml", XML),
    ("www.news.cn", "/fortune/news_"): ("xinhua", "politics_C.xml", XML),
}

#: The id in each recorded article, which others have in its place, and where a request has it.
IDS: Mapping[str, tuple[bytes, str]] = {
    "ths/article_page.html": (b"680400243", r"/c(\d+)\.shtml"),
    "sina/article_page.html": (b"initmeav9622448", r"/doc-(\w+)\.shtml"),
    "cls/detail_page.html": (b"2492814", r"/detail/(\d+)"),
    "wscn/article_detail.json": (b"3782700", r"/articles/(\d+)"),
    "jin10/article_detail.json": (b"231303", r"[?&]id=(\d+)"),
    "nbd/article_page.html": (b"2026-09-29/4595080", r"/articles/(.+)\.html"),
}

HOSTS = frozenset(host for host, _ in SERVED)

#: The page of an article, which only extraction reads.
PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head>
<body><div class="nav">首页 财经 国际</div><article><h1>{title}</h1>
<p class="time">2026-09-30 11:37:37</p>{paragraphs}</article><div>版权所有</div></body></html>"""

_SENTENCE = "监管部门当天表示，将继续推进相关工作，支持实体经济发展，第{}项措施自下月起施行。"

#: Headers without which jin10 answers 502.
_JIN10 = "x-app-id"


def recorded(request: Request) -> Answer:
    """Answer with what was recorded at the host."""
    if request.path == "/robots.txt":
        return Answer(404)
    if request.host == "www.cls.cn" and request.path.startswith("/v") and not _is_signed(request):
        body = (RECORDED / "captcha" / "cls_wrong_sv.json").read_bytes()
        return Answer(200, body, {"Content-Type": JSON})
    if request.host.endswith("jin10.com") and _JIN10 not in request.headers:
        return Answer(502)
    for (host, path), (source, name, header) in SERVED.items():
        if request.host == host and request.path.startswith(path):
            body = _with_id(f"{source}/{name}", request)
            return _conditional(request, Answer(200, body, {"Content-Type": header}))
    if request.path.endswith((".shtml", ".htm")):
        return Answer(200, _page(request.path), {"Content-Type": HTML})
    return Answer(404)


def _with_id(name: str, request: Request) -> bytes:
    body = (RECORDED / name).read_bytes()
    own, pattern = IDS.get(name, (b"", ""))
    wanted = re.search(pattern, request.target) if own else None
    return body.replace(own, wanted[1].encode()) if wanted else body


def _is_signed(request: Request) -> bool:
    plain, _, sign = request.url.rpartition("&sign=")
    return signed(plain) == f"{plain}&sign={sign}"


def _conditional(request: Request, answer: Answer) -> Answer:
    """Answer a feed that has not changed with 304."""
    if answer.headers["Content-Type"] != XML:
        return answer
    etag = '"1"'
    if request.headers.get("if-none-match") == etag:
        return Answer(304, b"", {"ETag": etag})
    return Answer(200, answer.body, {**answer.headers, "ETag": etag})


def _page(path: str) -> bytes:
    title = f"央行发布通知{path[-12:-6]}"
    paragraphs = "".join(f"<p>{_SENTENCE.format(number)}</p>" for number in range(1, 6))
    return PAGE.format(title=title, paragraphs=paragraphs).encode()


def publishers(*, but: Mapping[str, Site] | None = None) -> dict[str, Site]:
    """Return the sites of all publishers by host name.

    :param but: sites in place of those of some hosts.
    """
    return {**dict.fromkeys(HOSTS, recorded), **(but or {})}


class Timed:
    """Sites that note when each host got a request."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self.times: list[tuple[str, float]] = []
        self.sites = {host: self._noting(site) for host, site in sites.items()}

    def _noting(self, site: Site) -> Site:
        def answer(request: Request) -> Answer:
            self.times.append((request.host, monotonic()))
            return site(request)

        return answer

    def pauses(self, hosts: Iterable[str]) -> list[float]:
        """Return the pauses between the requests to some hosts."""
        times = sorted(time for host, time in self.times if host in set(hosts))
        return [later - earlier for earlier, later in pairwise(times)]


CrawlSources = Callable[..., Ended]

#: Options of `finews crawl` for crawls without pauses.
AT_ONCE = ("--set", "DOWNLOAD_DELAY=0", "--set", "AUTOTHROTTLE_START_DELAY=0")


FINEWS = (sys.executable, "-m", "archive.cli")


def crawl_command(*arguments: str) -> tuple[str, ...]:
    """Return the command line of a crawl with the log on standard error."""
    return (*FINEWS, "crawl", "--log", "-", *arguments)


def environment(replica: Replica, archive: Path) -> dict[str, str]:
    return {**environ, **replica.environment, "FINEWS_ARCHIVE": str(archive)}


def crawl_sources(replica: Replica, archive: Path, *arguments: str) -> Ended:
    """Run `finews crawl` against a replica, in a process of its own."""
    ended = fork_server.run(crawl_command(*arguments), env=environment(replica, archive))
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def asked(replica: Replica) -> list[str]:
    """Return the addresses that were requested, but those of robots.txt."""
    sent = (entry.request for entry in replica.requests if entry.request.method == "GET")
    return [request.url for request in sent if request.path != "/robots.txt"]


def parameter(url: str, name: str) -> str:
    return parse_qs(url.partition("?")[2], keep_blank_values=True)[name][0]
