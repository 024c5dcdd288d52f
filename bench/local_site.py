"""A mirror and a share host of many articles, as files that nginx serves on loopback.

Servers compress what they send, so the files lie there compressed as well, and nginx does not
do it for each reader.
"""

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from bench.articles import as_article
from bench.corpus import Corpus, MadeUpPost
from demo.articles import Article
from demo.body import Block
from demo.mirror import rendered_site
from demo.site import BUILT

#: Of the site; the real one had about as many in the three days that it keeps.
MEDIA = 40
SHARE_API = "/NewsData/GetNewsText.do"
#: Seconds that nginx may take to start.
ASKED_LONGEST = 10

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    log_format address '$request_uri';
    access_log {folder}/access.log address buffer=64k flush=1s;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    types {{
        text/html html;
        application/json json;
        application/atom+xml xml;
        text/plain txt;
    }}
    charset utf-8;
    charset_types application/json application/atom+xml text/plain;
    gzip_static on;
    keepalive_requests 1000000;
    server {{
        listen {address};
        root {folder}/site;
        location = {share_api} {{ rewrite ^ /share/$arg_id.json break; }}
    }}
}}
"""
_SOURCES = """
[mirror]
site = "{url}/"
hosts = ["127.0.0.1", "finews.withounder.com"]
feed = "/feed.xml"
category = "/category/{{slug}}.html"

[share]
api = ["{url}{share_api}?id={{info_code}}"]
link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode={{info_code}}"
rolling_link = "http://finance.eastmoney.com/news/1355,{{digits}}.html"

[pictures]
hosts = []

[eastmoney]
article_api = "{url}/kuaixun/v2/api/article/{{digits}}"
article_page = "{url}/a/{{digits}}.html"
rolling = []
columns = []
security_news = ["{url}/news?{{security}}&{{page}}&{{size}}"]
page_size = 50
read = []
[eastmoney.rolling_columns]
[eastmoney.news_columns]
"""


# Else it reads the files as another user, who may not look into a temporary folder.
_AS_ROOT = () if os.geteuid() else ("-g", "user root;")


@dataclass(frozen=True)
class LocalSite:
    """A site that is being served.

    :param folder: holds nothing but it.
    :param url: where it is, without a slash at the end.
    :param articles: how many it has.
    :param pages: paths of all that a crawl reads but robots.txt, with queries.
    :param sizes: bytes of the posts' pages and of the share API's answers, in the mean, as they
        are before compression.
    """

    folder: Path
    url: str
    articles: int
    pages: list[str]
    sizes: tuple[int, int]

    @property
    def sources(self) -> Path:
        """For ``FINEWS_SOURCES``."""
        return self.folder / "sources.toml"

    def asked(self) -> list[str]:
        """What was asked for since the last call, once the log is written."""
        time.sleep(1.5)  # longer than nginx waits with it
        log = self.folder / "access.log"
        lines = log.read_text(encoding="ascii").splitlines()
        os.truncate(log, 0)
        return lines


@contextmanager
def local_site(folder: Path, articles: int, *, years_later: int = 0) -> Iterator[LocalSite]:
    """Write a site of so many articles to an empty folder, and serve it with nginx.

    :param years_later: than `bench.corpus` has them, so that they are others."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        sys.exit("nginx is not installed; Debian's package nginx-light has it.")
    (folder / "temporary").mkdir(parents=True)
    made = [_as_demo(post, years_later) for post in Corpus().posts(articles)]
    pages, sizes = _write(folder / "site", made)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        site = LocalSite(folder, f"http://{address}", articles, pages, sizes)
        site.sources.write_text(
            _SOURCES.format(url=site.url, share_api=SHARE_API), encoding="utf-8"
        )
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(folder=folder, address=address, share_api=SHARE_API),
            encoding="utf-8",
        )
        # nginx takes over a socket that it is handed so, so that nobody else can take the port.
        server = subprocess.Popen(  # noqa: S603
            [nginx, "-c", str(configuration), "-e", str(folder / "error.log"), *_AS_ROOT],
            env=os.environ | {"NGINX": f"{listening.fileno()};"},
            pass_fds=[listening.fileno()],
        )
        try:
            _wait_for(server, folder)
            yield site
        finally:
            server.terminate()
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(ASKED_LONGEST * 20):
        if (folder / "nginx.pid").exists():
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"nginx does not start: {(folder / 'error.log').read_text(encoding='utf-8')}")


def _as_demo(post: MadeUpPost, years_later: int) -> Article:
    """A made-up post as an article of the made-up site."""
    published = datetime.fromisoformat(post.published)
    published += timedelta(days=365) * years_later
    info_code = f"NW{published:%Y%m%d}{post.id:010}"
    number = post.id % MEDIA
    media, slug = f"第{number}财经", f"meiti{number}"
    article = as_article(post)
    lines = article.body.splitlines()
    answer = {
        "infoCode": info_code,
        "title": post.title,
        "showtime": f"{published:%Y-%m-%d %H:%M:%S}",
        "from": media,
        "text": article.body,
    }
    return Article(
        info_code=info_code,
        title=post.title,
        published=published,
        media=media,
        slug=slug,
        tag=f"{media}新闻",
        body=tuple(Block(line, "\n") for line in lines),
        answer=json.dumps(answer, ensure_ascii=False).encode(),
    )


def _write(root: Path, articles: list[Article]) -> tuple[list[str], tuple[int, int]]:
    """Write all files; returns the paths of the pages, and the mean sizes."""
    pages = rendered_site(articles, BUILT)
    for path, page in pages.items():
        _put(root / path.lstrip("/"), page.encode())
    for article in articles:
        _put(root / "share" / f"{article.info_code}.json", article.answer)
    not_read = {"/404.html", "/robots.txt", "/index.html"}
    paths = ["/", *(quote(path) for path in pages if path not in not_read)]
    posts = [page for path, page in pages.items() if "/NW" in path]
    sizes = (
        sum(len(page.encode()) for page in posts) // len(posts),
        sum(len(article.answer) for article in articles) // len(articles),
    )
    return [*paths, *(f"{SHARE_API}?id={article.info_code}" for article in articles)], sizes


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(data, 6))
