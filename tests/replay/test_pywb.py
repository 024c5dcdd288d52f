"""Captures in pywb."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from parsel import Selector

from archive.export.wacz.index import timestamp_of
from archive.warc import find_file, read_record
from tests.replay.conftest import (
    EDITIONS,
    HOME,
    Get,
    edition_mark,
    largest_category,
    moments_of,
    pages_of,
    pywb_showing,
    rows,
)
from tests.support.captures import FIRST, NOW, end, exchange, writer
from tests.support.heads import HEAD

SITE = "http://site.test/"


def text_of(page: str) -> str:
    return "".join(Selector(page).xpath("//body//text()[not(ancestor::script)]").getall()).strip()


def shown_at(timestamp: str) -> datetime:
    return datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


@pytest.mark.parametrize("page", ["home", "category"])
def test_a_list_is_shown_as_it_was_at_each_moment(crawled: Path, pywb: Get, page: str) -> None:
    url = {"home": HOME, "category": f"{HOME}category/{largest_category(crawled)}.html"}[page]
    moments = moments_of(crawled, url)
    assert [record.kind for record in moments] == [
        *("response", "revisit", "response", "revisit", "response")
    ]
    for record, edition in zip(moments, EDITIONS, strict=True):
        timestamp = timestamp_of(record.date)
        shown = pywb(url, timestamp)
        assert shown.status_code == 200
        assert edition_mark(edition) in shown.text
        assert parsedate_to_datetime(shown.headers["Memento-Datetime"]) == shown_at(timestamp)


def test_articles_are_shown_as_they_were_captured(crawled: Path, pywb: Get) -> None:
    seen = 0
    for (captures,) in rows(crawled, "SELECT captures FROM posts"):
        for capture in json.loads(captures):
            if not capture["url"].endswith(".html"):
                continue
            timestamp = timestamp_of(capture["fetched"])
            shown = pywb(capture["url"], timestamp)
            assert shown.status_code == 200
            assert parsedate_to_datetime(shown.headers["Memento-Datetime"]) == shown_at(timestamp)
            record = read_record(find_file(crawled / "warc", capture["file"]), capture["offset"])
            assert len(text_of(shown.text)) > 100
            assert text_of(shown.text) == text_of(record.payload.decode())
            seen += 1
    assert seen >= 100


def test_odd_heads_and_unknown_originals_are_shown(tmp_path: Path) -> None:
    page = exchange(b"<html><body>page</body></html>", f"{SITE}odd")
    unchanged = replace(exchange(b"", f"{SITE}list"), status=304)
    captures = writer(tmp_path / "warc")
    in_gbk = b"HTTP/1.0 200 \xb3\xc9\xb9\xa6\r\n"  # a phrase in UTF-8 is more than pywb can pass on
    captures.capture(replace(page, response_head=in_gbk + HEAD.partition(b"\r\n")[2]))
    captures.capture(unchanged)
    captures.capture(exchange(b"<html><body>list</body></html>", f"{SITE}list"))
    captures.capture(replace(unchanged, received=NOW + timedelta(seconds=9)))
    end(captures)
    (tmp_path / "pywb").mkdir()
    with pywb_showing(tmp_path / "pywb", "news", tmp_path / "warc" / FIRST) as get:
        shown = get(f"{SITE}odd", timestamp_of(NOW.isoformat()))
        assert (shown.status_code, "page" in shown.text) == (200, True)
        assert (b"X-Title", b"\xd0\xc2\xce\xc5") in shown.headers.raw
        for seconds in (0, 9):
            time = NOW + timedelta(seconds=seconds)
            assert "list" in get(f"{SITE}list", timestamp_of(time.isoformat())).text


def test_every_post_of_a_wacz_is_shown_by_its_page(
    crawled: Path, wacz: Path, tmp_path: Path
) -> None:
    pages = pages_of(wacz)
    archived = rows(
        crawled, "SELECT info_code, title, text FROM posts ORDER BY published, info_code"
    )
    assert [(page["id"], page["title"], page["text"]) for page in pages] == archived
    assert len(pages) > 100
    with pywb_showing(tmp_path, "--unpack-wacz", "news", wacz) as get:
        for page in pages:
            timestamp = timestamp_of(page["ts"])
            shown = get(page["url"], timestamp)
            assert shown.status_code == 200
            assert parsedate_to_datetime(shown.headers["Memento-Datetime"]) == shown_at(timestamp)
            words = "".join(text_of(shown.text).split())
            assert page["title"] in Selector(shown.text).xpath("string(//title)").get("")
            assert "".join(page["text"].split())[:20] in words
