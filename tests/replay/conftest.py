"""An archive of five crawls, and the programs that show it."""

import json
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.cli import main
from archive.warc import Record, read_records, warc_files
from demo.exchange import Answer, Request, Site
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import crawl_with
from tests.support.requirements import replay_program

HOME = f"https://{MIRROR_HOST}/"
#: Of the lists, crawl by crawl; one that is the same as before is answered 304.
EDITIONS = (1, 1, 2, 2, 3)


def edition_mark(edition: int) -> str:
    """What stands on each list of an edition."""
    return f"第{edition}版"


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 130 articles; its home page and largest category were asked for five times."""
    replay_program("bin/wayback")  # without it there is no need to crawl
    archive = tmp_path_factory.mktemp("crawled") / "news"
    site = made_up_site(articles=130)
    with Replica(dict(site.sites)) as replica:
        crawl = crawl_with(replica, archive)
        arguments: tuple[str, ...] = ()
        for edition in EDITIONS:
            replica.sites[MIRROR_HOST] = _in_edition(site.sites[MIRROR_HOST], edition)
            ended = crawl(*arguments, site=HOME)
            assert ended.status == 0, ended.log
            arguments = ("-a", f"category={largest_category(archive)}")
            time.sleep(1)  # replays tell captures apart by the second
    return archive


def largest_category(archive: Path) -> str:
    """The slug of the category that most posts have."""
    sql = "SELECT category FROM posts GROUP BY category ORDER BY count(*) DESC, category LIMIT 1"
    return str(rows(archive, sql)[0][0])


def rows(archive: Path, sql: str) -> list[tuple[str, ...]]:
    """What a query of the catalog gives."""
    with closing(sqlite3.connect(archive / "catalog.db")) as connection:
        return connection.execute(sql).fetchall()


def moments_of(archive: Path, url: str) -> list[Record]:
    """The captures of an address, in their order."""
    return [
        record
        for path in warc_files(archive / "warc")
        for record in read_records(path, frozenset({"response", "revisit"}))
        if record.url == url
    ]


def pages_of(wacz: Path) -> list[dict[str, str]]:
    """The pages in a WACZ file."""
    with ZipFile(wacz) as package:
        lines = package.read("pages/pages.jsonl").decode().splitlines()
    return [json.loads(line) for line in lines[1:]]


@pytest.fixture(scope="session")
def wacz(crawled: Path) -> Path:
    """All of the archive as a WACZ file."""
    path = crawled.with_name("news.wacz")
    exported = CliRunner().invoke(main, ["export", "wacz", str(crawled), "--output", str(path)])
    assert exported.exit_code == 0, exported.output
    return path


def _in_edition(site: Site, edition: int) -> Site:
    def answer(request: Request) -> Answer:
        whole = site(Request("GET", request.host, request.path, request.query))
        if request.path != "/" and not request.path.startswith("/category/"):
            return site(request)
        etag = f'"{edition}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(304, headers={"ETag": etag})
        body = whole.body.replace(b"</body>", f"<p>{edition_mark(edition)}</p></body>".encode())
        return Answer(whole.status, body, {**whole.headers, "ETag": etag})

    return answer


Get = Callable[[str, str], httpx.Response]


@contextmanager
def pywb_showing(folder: Path, *add: str | Path) -> Iterator[Get]:
    """pywb with what `wb-manager add` is given; gives what it shows of an address at a time.

    :param folder: an empty one.
    """

    def manage(*arguments: str | Path) -> None:
        command = (replay_program("bin/wb-manager"), *arguments)
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        assert "Invalid" not in ended.stderr

    manage("init", "news")
    manage("add", *add)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = (replay_program("bin/wayback"), "--bind", "127.0.0.1", "--port", str(port))
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            _wait_for(client, server)
            yield lambda url, timestamp: client.get(f"/news/{timestamp}mp_/{url}")
    finally:
        server.terminate()
        server.wait()


def _wait_for(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("pywb does not answer")


@pytest.fixture(scope="session")
def pywb(crawled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """pywb with an archive's captures, which were read while the archive was being written."""
    folder = tmp_path_factory.mktemp("pywb")
    with Archive(crawled):
        files = sorted((crawled / "warc").glob("*.warc.gz"))
        showing = pywb_showing(folder, "news", *files)
        get = showing.__enter__()
    yield get
    showing.__exit__(None, None, None)
