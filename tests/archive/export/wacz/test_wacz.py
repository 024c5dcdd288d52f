"""What is in a WACZ file; `tests/replay` shows it in other programs."""

import errno
import gzip
import hashlib
import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.archive import Archive
from archive.article import Article, BodySource
from archive.cli import main
from archive.errors import ArchiveError
from archive.export.wacz import export_wacz
from archive.export.wacz.index import key_of
from archive.search.query import EVERYTHING, Query
from archive.storage.images import picture_of
from archive.warc import Exchange, payload_digest, warc_files
from archive.warc.records import exchange_records
from tests.archive.browse.conftest import HOSTILE_TEXT, NEWEST, article

NOW = datetime(2021, 12, 29, 10, 0, 1, 5, UTC)
HOME = "http://site.test/"
FROM_PAGE, FROM_API, FROM_LIST = (f"NW20211229900000000{number}" for number in (1, 2, 3))
PICTURE = "http://pictures.test/a.gif"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"

Contents = dict[str, bytes]


def exchange(url: str, body: str, kind: str = "text/html", seconds: int = 0) -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_headers=[("Host", "site.test")],
        status=200,
        response_headers=[("Content-Type", kind)],
        body=body.encode(),
        received=NOW + timedelta(seconds=seconds),
    )


def page_of(code: str) -> Exchange:
    return exchange(f"{HOME}{code}.html", f"<html>{code}</html>", "text/html; charset=utf-8")


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Three posts: of a page, of an API, and of a summary on the home page; with two pictures."""
    folder = tmp_path / "news"
    with Archive(folder, clock=lambda: NOW) as archive:
        home = archive.capture(exchange(HOME, "<html>list</html>"))
        page = archive.capture(page_of(FROM_PAGE))
        answer = archive.capture(exchange(f"{HOME}api?id={FROM_API}", "{}", "application/json"))
        again = archive.capture(exchange(f"{HOME}api?id=again", "{}", "application/json", 1))
        articles: list[Article] = [
            article(FROM_PAGE, captures=(page, home), body_source=BodySource.ARTICLE_PAGE),
            article(
                FROM_API,
                captures=(again, home),
                title=f"接口 {HOSTILE_TEXT}",
                body=f'<p>正文<script>1</script></p><img src="{PICTURE}">',
                link="javascript:alert(1)",
                published=NEWEST + timedelta(days=1),
            ),
            article(FROM_LIST, captures=(home,), body_source=BodySource.SUMMARY),
        ]
        archive.add_many(articles)
        archive.store_picture(PICTURE, GIF)
        archive.capture(exchange(HOME, "<html>another list</html>", seconds=2))
    assert answer.file == page.file
    return folder


def contents(
    folder: Path,
    query: Query = EVERYTHING,
    damaged: Callable[[ArchiveError], None] = pytest.fail,
) -> Contents:
    out = io.BytesIO()
    export_wacz(folder, out, query, title="金融消息", now=NOW, damaged=damaged)
    with ZipFile(out) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def pages(found: Contents) -> dict[str, dict[str, str]]:
    header, *lines = map(json.loads, found["pages/pages.jsonl"].splitlines())
    assert header["format"] == "json-pages-1.0"
    return {line["id"]: line for line in lines}


def index(found: Contents) -> list[tuple[str, str, dict[str, str]]]:
    lines = gzip.decompress(found["indexes/index.cdx.gz"]).decode().splitlines()
    assert lines == sorted(lines)
    parts = [line.split(" ", 2) for line in lines]
    return [(key, timestamp, json.loads(about)) for key, timestamp, about in parts]


def record_at(found: Contents, about: dict[str, str]) -> Any:
    data = found[f"archive/{about['filename']}"]
    start = int(about["offset"])
    member = io.BytesIO(data[start : start + int(about["length"])])
    return next(ArchiveIterator(member))


def test_every_line_of_the_index_leads_to_its_record(news: Path) -> None:
    found = contents(news)
    lines = index(found)
    assert len(lines) == 8
    for _, timestamp, about in lines:
        record = record_at(found, about)
        assert record.rec_headers["WARC-Target-URI"] == about["url"]
        assert record.rec_headers["WARC-Payload-Digest"] == about["digest"]
        assert record.rec_headers["WARC-Date"].startswith(f"{timestamp[:4]}-{timestamp[4:6]}-")
        assert (record.rec_type == "revisit") is (about["mime"] == "warc/revisit")
    blocks = [line.split(" ", 2) for line in found["indexes/index.idx"].decode().splitlines()[1:]]
    (about,) = (json.loads(rest) for *_, rest in blocks)
    block = found["indexes/index.cdx.gz"][about["offset"] :][: about["length"]]
    assert len(gzip.decompress(block).splitlines()) == 8


def test_the_package_names_all_its_files_with_their_hashes(news: Path) -> None:
    found = contents(news)
    package = found.pop("datapackage.json")
    digest = json.loads(found.pop("datapackage-digest.json"))
    assert digest["hash"] == f"sha256:{hashlib.sha256(package).hexdigest()}"
    resources = {each["path"]: each for each in json.loads(package)["resources"]}
    assert resources.keys() == found.keys()
    for path, data in found.items():
        assert resources[path]["bytes"] == len(data)
        assert resources[path]["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_post_is_shown_by_the_page_that_its_body_came_from_or_by_one_that_is_rendered(
    news: Path,
) -> None:
    found = contents(news)
    shown = {code: page["url"] for code, page in pages(found).items()}
    assert shown == {
        FROM_PAGE: f"{HOME}{FROM_PAGE}.html",
        FROM_API: f"urn:finews:{FROM_API.lower()}",
        FROM_LIST: f"urn:finews:{FROM_LIST.lower()}",
    }
    assert {page["ts"] for page in pages(found).values()} == {"2021-12-29T10:00:01Z"}
    (about,) = (about for _, _, about in index(found) if about["url"] == shown[FROM_API])
    rendered = record_at(found, about).content_stream().read().decode()
    assert "<p>正文</p>" in rendered
    assert f'<img src="{PICTURE}"' in rendered
    for harm in ("<script", "onerror=alert(1)>{", "javascript:"):
        assert harm not in rendered.replace("&lt;script", "")
    (picture,) = (about for _, _, about in index(found) if about["url"] == PICTURE)
    assert record_at(found, picture).content_stream().read() == GIF


def test_a_selection_has_what_its_posts_were_made_of_and_nothing_else(news: Path) -> None:
    found = contents(news, Query(since=f"{NEWEST + timedelta(days=1):%Y-%m-%d}"))
    assert list(pages(found)) == [FROM_API]
    urls = {about["url"].removeprefix(HOME): about["mime"] for _, _, about in index(found)}
    assert urls == {
        "": "text/html",
        "api?id=again": "warc/revisit",
        f"api?id={FROM_API}": "application/json",  # whose payload that revisits
        PICTURE: "image/gif",
        f"urn:finews:{FROM_API.lower()}": "text/html",
    }
    assert list(pages(contents(news, Query(q="正文")))) == [FROM_API]
    found = contents(news, Query(media="nobody"))
    assert (pages(found), index(found)) == ({}, [])


def test_an_unchanged_list_of_a_former_release_is_a_revisit_of_what_it_was(news: Path) -> None:
    unchanged = replace(
        exchange(HOME, "", seconds=3), response_head=b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n"
    )
    never_seen = replace(unchanged, url=f"{HOME}other")
    (path,) = warc_files(news / "warc")
    before = path.read_bytes()
    for each in (unchanged, never_seen):
        before += exchange_records(each, payload_digest(b""), None)
    path.write_bytes(before)
    found = contents(news)
    lines = {(about["url"], timestamp): about for _, timestamp, about in index(found)}
    about = lines[HOME, "20211229100004"]
    assert about["mime"] == "warc/revisit"
    assert about["digest"] == payload_digest(b"<html>another list</html>")
    fields = record_at(found, about).rec_headers
    assert fields["WARC-Profile"].endswith("/server-not-modified")
    assert fields["WARC-Refers-To-Target-URI"] == HOME
    assert fields["WARC-Refers-To-Date"] == "2021-12-29T10:00:03Z"
    fields = record_at(found, lines[f"{HOME}other", "20211229100004"]).rec_headers
    assert fields["WARC-Refers-To-Target-URI"] == f"{HOME}other"
    assert path.read_bytes() == before


@pytest.mark.parametrize("query", [EVERYTHING, Query(since="2021")])
def test_a_damaged_capture_is_reported_and_all_else_exported(news: Path, query: Query) -> None:
    (path,) = warc_files(news / "warc")
    whole = contents(news, query)
    (about,) = (about for _, _, about in index(whole) if about["url"].endswith(".html"))
    data = bytearray(path.read_bytes())
    member = whole[f"archive/{about['filename']}"][int(about["offset"]) :][: int(about["length"])]
    data[data.index(member) + 30] ^= 0xFF
    path.write_bytes(data)
    damage: list[ArchiveError] = []
    found = contents(news, query, damage.append)
    assert len(damage) == 1
    assert path.name in str(damage[0])
    assert len(index(found)) == len(index(whole))  # a page is rendered in its place
    assert pages(found)[FROM_PAGE]["url"] == f"urn:finews:{FROM_PAGE.lower()}"
    path.unlink()
    found = contents(news, query, damage.append)
    assert {page["url"].partition(":")[0] for page in pages(found).values()} == {"urn"}


def test_a_lost_post_and_a_damaged_picture_leave_their_text(news: Path) -> None:
    for path in (news / "_posts").rglob("*.md"):
        path.unlink()
    (news / picture_of(PICTURE, GIF, "").path).write_bytes(b"x")
    found = contents(news)
    (about,) = (about for _, _, about in index(found) if about["url"].endswith(FROM_API.lower()))
    assert "<p>正文</p>" in record_at(found, about).content_stream().read().decode()
    assert PICTURE not in {about["url"] for _, _, about in index(found)}


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    peaks = []
    for count in (400, 1000):
        folder = tmp_path / str(count)
        with Archive(folder, clock=lambda: NOW) as archive:
            articles = []
            for number in range(count):
                code = f"NW20211229{number:010}"
                captured = archive.capture(page_of(f"{code}{'x' * 5000}"))
                articles.append(article(code, captures=(captured,), body=f"<p>{'稳' * 3000}</p>"))
            archive.add_many(articles)
        with (tmp_path / "out").open("wb") as out:
            tracemalloc.start()
            export_wacz(folder, out, title="x", now=NOW, damaged=pytest.fail)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_the_command_writes_a_file_or_says_why_not(news: Path, tmp_path: Path) -> None:
    out = tmp_path / "news.wacz"
    run = CliRunner().invoke(main, ["export", "wacz", str(news), "-o", str(out), "--title", "消息"])
    assert (run.exit_code, run.stderr) == (0, "3 posts exported.\n")
    with ZipFile(out) as package:
        assert json.loads(package.read("datapackage.json"))["title"] == "消息"
    before = out.read_bytes()
    (news / "catalog.db").write_bytes(b"no catalog")
    run = CliRunner().invoke(main, ["export", "wacz", str(news), "-o", str(out)])
    assert run.exit_code == 1
    assert run.stderr.startswith("Error: Could not read the catalog ")
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["news", "news.wacz"]


def test_a_disk_that_is_full_is_no_damage_of_the_archive(news: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() > 500:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space"):
        export_wacz(news, Full(), title="x", now=NOW, damaged=pytest.fail)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.Example.com/A?b=2&a=1", "com,example)/a?a=1&b=2"),
        ("http://www2.example.com", "com,example)/"),
        ("http://example.com:8080/", "com,example:8080)/"),
        ("https://example.com:443/", "com,example)/"),
        ("http://example.com:x/", "http://example.com:x/"),
        ("urn:finews:nw1", "urn:finews:nw1"),
    ],
)
def test_addresses_are_sorted_by_their_hosts(url: str, key: str) -> None:
    assert key_of(url) == key


@given(st.text())
def test_every_address_has_a_key(url: str) -> None:
    assert key_of(url) == key_of(url.lower())
