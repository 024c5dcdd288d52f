"""The made-up pictures are real ones."""

import http.client
import struct
import zlib
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.eastmoney import pictures_in
from demo.exchange import Answer, Request
from demo.pictures import CHART_HOST, PICTURE_HOST, chart_site, jpeg, picture_site, png
from demo.replica import Replica
from demo.site import made_up_site

# Of the standard's table of differences of brightness: how many bits follow each code.
BITS_AFTER = {
    code: bits
    for bits, code in enumerate(
        ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110", "11111110")
    )
}


def png_pixels(data: bytes) -> list[bytes]:
    """The rows of a greyscale PNG without filters."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, rest = {}, data[8:]
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        kind, body, check = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        assert struct.pack(">I", zlib.crc32(kind + body)) == check
        chunks[kind], rest = body, rest[12 + length :]
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 0)
    lines = zlib.decompress(chunks[b"IDAT"])
    rows = [lines[row * (width + 1) : (row + 1) * (width + 1)] for row in range(height)]
    assert len(lines) == height * (width + 1)
    assert {row[0] for row in rows} == {0}
    return [row[1:] for row in rows]


def jpeg_greys(data: bytes) -> list[int]:
    """The grey of every square of a JPEG whose squares are of one grey each."""
    assert data.startswith(b"\xff\xd8")
    assert data.endswith(b"\xff\xd9")
    markers: list[int] = []
    rest = data[2:]
    while not markers or markers[-1] != 0xDA:
        assert rest[0] == 0xFF
        markers.append(rest[1])
        rest = rest[2 + int.from_bytes(rest[2:4], "big") :]
    assert markers == [0xE0, 0xDB, 0xC0, 0xC4, 0xC4, 0xDA]
    scan = rest[:-2].replace(b"\xff\x00", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in scan)
    greys, grey = [], 128
    while len(bits) >= 8 or "0" in bits:
        code = next(code for code in BITS_AFTER if bits.startswith(code))
        bits, length = bits[len(code) :], BITS_AFTER[code]
        low, bits = bits[:length], bits[length:]
        if length:
            grey += int(low, 2) - (0 if low[0] == "1" else (1 << length) - 1)
        assert bits[0] == "0"
        greys.append(grey)
        bits = bits[1:]
    return greys


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_both_kinds_show_the_same_picture(name: str) -> None:
    rows = png_pixels(png(name))
    assert (len(rows), len(rows[0])) == (216, 384)
    assert jpeg_greys(jpeg(name)) == [grey for row in rows[::8] for grey in row[::8]]
    for y, row in enumerate(rows):
        assert row == rows[y // 8 * 8]
        assert row == bytes(row[x // 8 * 8] for x in range(384))


def test_another_name_is_another_picture() -> None:
    assert jpeg("a") == jpeg("a") != jpeg("b")
    assert png("a") == png("a") != png("b")


def picture(path: str) -> Answer:
    return picture_site()(Request("GET", PICTURE_HOST, path))


def test_a_picture_has_its_type() -> None:
    for path, kind, make in (
        ("/download/D1_w8h3.jpg", "image/jpeg", jpeg),
        ("/download/D1_w8h3.png", "image/png", png),
    ):
        answer = picture(path)
        assert (answer.status, answer.body) == (200, make(path))
        assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/a.jpg", "/download/a.html", "/download/"])
def test_what_is_no_picture_is_404(path: str) -> None:
    assert picture(path).status == 404


def test_charts_are_made_for_their_query() -> None:
    site = chart_site()
    first, second = (
        site(Request("GET", CHART_HOST, "/GetPic.aspx", f"nid={nid}&imageType=k&at=1"))
        for nid in ("1.699901", "0.399981")
    )
    assert first.headers["Content-Type"] == "image/png"
    assert png_pixels(first.body) != png_pixels(second.body)
    assert site(Request("GET", CHART_HOST, "/robots.txt")).status == 404


def test_every_picture_of_the_made_up_news_is_there() -> None:
    site = made_up_site()
    addresses = [url for article in site.articles for url in pictures_in(article.api_body)]
    addresses += [url for news in site.fast_news for url in news.pictures]
    assert {url.rpartition(".")[2] for url in addresses} == {"jpg", "png"}
    with Replica(site.sites) as replica:
        wire = http.client.HTTPConnection(urlsplit(replica.proxy_url).netloc, timeout=5)
        bodies = {}
        for url in addresses:
            wire.request("GET", url.replace("https:", "http:"))
            answer = wire.getresponse()
            assert answer.status == 200
            bodies[url] = answer.read()
        wire.close()
    assert len(set(bodies.values())) == len(set(addresses))
