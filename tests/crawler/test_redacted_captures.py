"""What a declaration never keeps is in no capture, and the capture states that it was redacted."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.archive import Archive
from archive.warc import warc_files
from crawler.declarations.answers import Answer as Saved
from crawler.declarations.redaction import redacted, storable
from demo.exchange import Answer, Request
from demo.replica import Replica
from tests.conftest import Crawl
from tests.crawler.declarations.recorded import declaration
from tests.support.publishers import publishers, recorded

LIVE = "zhibo.sina.com.cn"
PERSONAL = ("示例读者评论一条", "用户1000000001", "xiaoming01@", "comment_list", '"creator"')


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(publishers()) as replica:
        yield replica


def records(archive: Path, host: str) -> list[tuple[str, str | None, bytes, str | None]]:
    """Type, mark, payload and encoding of each captured answer of a host, as warcio reads them."""
    found = []
    for path in warc_files(archive / "warc"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                target = record.rec_headers.get_header("WARC-Target-URI") or ""
                if record.rec_type == "response" and f"//{host}/" in target:
                    mark = record.rec_headers.get_header("Finews-Redacted")
                    length = record.http_headers.get_header("Content-Length")
                    encoding = record.http_headers.get_header("Content-Encoding")
                    payload = record.raw_stream.read()
                    assert length is None or int(length) == len(payload)
                    found.append((target, mark, payload, encoding))
    return found


def everything(archive: Path) -> str:
    """All that is stored, as text."""
    text = ""
    for path in archive.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.name.endswith(".gz") else data
            text += data.decode("utf-8", "replace")
    return text


def compressed(request: Request) -> Answer:
    answer = recorded(request)
    if request.path == "/robots.txt":
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return Answer(200, gzip.compress(answer.body, mtime=0), headers)


@pytest.mark.parametrize("site", [recorded, compressed])
def test_readers_and_staff_are_in_nothing_that_is_stored(
    replica: Replica, crawl: Crawl, archive: Path, site: object
) -> None:
    replica.sites[LIVE] = site  # type: ignore[assignment]
    assert crawl("-s", "LOG_LEVEL=WARNING", spider="sina").status == 0
    ((_, mark, payload, encoding),) = [
        each for each in records(archive, LIVE) if "/api/" in each[0]
    ]
    assert (mark, encoding) == ("fields; declaration=sina", None)
    assert json.loads(payload)["result"]["data"]["feed"]["list"]
    stored = everything(archive)
    assert [word for word in PERSONAL if word in stored] == []
    for path in warc_files(archive / "warc"):
        checked = subprocess.run(
            (Path(sys.executable).with_name("warcio"), "check", path), check=False
        )
        assert checked.returncode == 0


def test_an_answer_without_such_fields_is_stored_as_it_was_sent(
    replica: Replica, crawl: Crawl, archive: Path
) -> None:
    replica.sites["feed.mix.sina.com.cn"] = compressed
    assert crawl("-s", "LOG_LEVEL=WARNING", spider="sina").status == 0
    ((_, mark, payload, encoding),) = [
        each for each in records(archive, "feed.mix.sina.com.cn") if "/api/" in each[0]
    ]
    assert (mark, encoding) == (None, "gzip")
    assert payload == compressed(Request("GET", "feed.mix.sina.com.cn", "/api/roll/get")).body


@pytest.mark.parametrize("cut", [2_000, 4_000])
def test_an_answer_that_cannot_be_redacted_is_stored_without_its_body(
    replica: Replica, crawl: Crawl, archive: Path, cut: int
) -> None:
    def half(request: Request) -> Answer:
        answer = recorded(request)
        return Answer(answer.status, answer.body[:cut], answer.headers)

    replica.sites[LIVE] = half
    assert crawl("-s", "LOG_LEVEL=WARNING", spider="sina").status != 0
    ((_, mark, payload, _),) = [each for each in records(archive, LIVE) if "/api/" in each[0]]
    assert (mark, payload) == ("payload; declaration=sina", b"")
    stored = everything(archive)
    assert [word for word in PERSONAL if word in stored] == []


def test_a_page_is_redacted_and_read(replica: Replica, crawl: Crawl, archive: Path) -> None:
    assert crawl("-s", "LOG_LEVEL=WARNING", spider="cls").status == 0
    pages = [each for each in records(archive, "www.cls.cn") if "/detail/" in each[0]]
    assert {mark for _, mark, _, _ in pages} == {"fields; declaration=cls"}
    assert "沈安" not in everything(archive)
    with Archive(archive) as opened:
        (row,) = [row for row in opened.posts() if row.info_code == "cls-2492814"]
        page, _ = opened.records_of(row)
    assert "谷歌TPU".encode() in page.payload


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("creator"), inner),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["utf-8", "utf-16", "utf-32"]), st.booleans())
def test_what_is_stored_has_nothing_to_remove(document: object, encoding: str, plain: bool) -> None:
    sina = declaration("sina")
    text = json.dumps(document, ensure_ascii=not plain)
    answer = Saved("https://zhibo.sina.com.cn/", text.encode(encoding, "surrogatepass"))
    kept = storable(sina, answer)
    assert redacted(sina, kept) == kept
    assert storable(sina, kept) == kept


@given(st.binary(max_size=300), st.sampled_from(["", "text/html; charset=gbk"]))
def test_any_bytes_can_be_stored(body: bytes, header: str) -> None:
    sina = declaration("sina")
    for data in (body, b'{"creator": "' + body, b"<p>" + body):
        kept = storable(sina, Saved("https://zhibo.sina.com.cn/", data, content_type=header))
        assert storable(sina, kept) == kept
