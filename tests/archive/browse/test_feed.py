"""Atom feeds: well-formed, valid in what RFC 4287 demands, and safe."""

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest
from parsel import Selector

from archive.browse.site import Site

ATOM = "{http://www.w3.org/2005/Atom}"
Visit = Callable[..., httpx.Response]


@pytest.mark.parametrize(
    ("parameters", "title", "entries"),
    [
        ({}, "全部新闻", 30),
        ({"media": "财联社"}, "财联社", 18),
        ({"security": "1.600160"}, "巨化股份", 19),
        ({"q": "央行"}, "搜索：央行", 19),
        ({"q": "没有这样的词"}, "搜索：没有这样的词", 0),
    ],
)
def test_feed(visit: Visit, parameters: dict[str, str], title: str, entries: int) -> None:
    response = visit("/news.atom", **parameters)
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(response.content)  # noqa: S314 (our own)
    assert feed.findtext(f"{ATOM}title") == f"{title} · 财经新闻档案"
    assert feed.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{ATOM}link")}
    assert visit(links["self"].removeprefix("http://localhost")).content == response.content
    assert visit(links["alternate"].removeprefix("http://localhost")).status_code == 200
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated", "")).tzinfo
    found = feed.findall(f"{ATOM}entry")
    assert len(found) == entries
    assert len({entry.findtext(f"{ATOM}id") for entry in found}) == entries
    times = [entry.findtext(f"{ATOM}published", "") for entry in found]
    assert times == sorted(times, reverse=True)
    for entry in found:
        assert entry.findtext(f"{ATOM}author/{ATOM}name")
        assert entry.findtext(f"{ATOM}content")
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated", "")).tzinfo


def test_hostile_articles_are_harmless_in_feeds(visit: Visit) -> None:
    feed = ElementTree.fromstring(visit("/news.atom", q="恶意").content)  # noqa: S314
    content = Selector(feed.findtext(f"{ATOM}entry/{ATOM}content", ""))
    assert not content.css("script, style, iframe, svg, object, [onerror], [style]")
    assert "<script>" in feed.findtext(f"{ATOM}entry/{ATOM}title", "")


def test_links_in_bodies_are_absolute(visit: Visit) -> None:
    feed = ElementTree.fromstring(visit("/news.atom", security="1.600160").content)  # noqa: S314
    content = Selector(feed.findtext(f"{ATOM}entry/{ATOM}content", ""))
    assert content.css("a.security::attr(href)").get() == "http://localhost/security/1.600160"


def test_lists_name_their_feeds(visit: Visit) -> None:
    page = Selector(visit("/news", media="财联社").text)
    feeds = page.css("link[type='application/atom+xml']::attr(href)").getall()
    assert "/news.atom?media=%E8%B4%A2%E8%81%94%E7%A4%BE" in feeds


def test_a_reader_who_has_the_feed_gets_it_not_again(site: Site) -> None:
    def get(path: str = "/news.atom", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(site.client.get(path, headers={"accept-encoding": "identity", **named}))

    first = get()
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert first.status_code == 200
    for headers in (
        {"if_none_match": etag},
        {"if_none_match": f'"other", {etag}'},
        {"if_none_match": etag.removeprefix("W/")},
        {"if_none_match": "*"},
        {"if_modified_since": modified},
        {"if_none_match": etag, "if_modified_since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        again = get(**headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    for headers in (
        {"if_none_match": '"other"'},
        {"if_none_match": '"other"', "if_modified_since": modified},
        {"if_modified_since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"if_modified_since": "no time"},
    ):
        assert get(**headers).content == first.content
    assert get("/news.atom?media=财联社").headers["etag"] != etag
    assert get("/news.atom?q=没有这样的词").status_code == 200


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, deflate, br", True),
        ("*", True),
        ("gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("deflate", False),
        ("", False),
    ],
)
def test_a_feed_is_compressed_where_that_is_accepted(
    site: Site, accepted: str, compressed: bool
) -> None:
    plain = asyncio.run(site.client.get("/news.atom", headers={"accept-encoding": "identity"}))
    response = asyncio.run(site.client.get("/news.atom", headers={"accept-encoding": accepted}))
    assert response.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert "Accept-Encoding" in response.headers["vary"]
    assert response.content == plain.content
    if compressed:
        assert response.num_bytes_downloaded < len(plain.content) / 2
