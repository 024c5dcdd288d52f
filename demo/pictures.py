"""Generate small, valid pictures: the same bytes for the same address every time."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from http import HTTPStatus
from itertools import pairwise
from pathlib import PurePosixPath

from demo.exchange import Answer, Request, Site

PICTURE_HOST = "dfscdn.dfcfw.com"
CHART_HOST = "webquoteklinepic.eastmoney.com"

#: Squares of a picture, across and down; each has one grey value and `_SQUARE` pixels a side.
_ACROSS, _DOWN = 48, 27
_SQUARE = 8

#: Squares of a picture that one bar of its chart is wide, and the gap to the next.
_BAR, _GAP = 2, 1

# The lengths of JPEG's usual codes for differences of brightness, by how many bits these have.
_LENGTHS = (2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9)


def picture_site() -> Site:
    """Return the host of the bodies' pictures: every `.jpg` and `.png` under `/download/`."""

    def answer(request: Request) -> Answer:
        path = PurePosixPath(request.path)
        make = {".jpg": _jpeg_answer, ".png": _png_answer}.get(path.suffix)
        if make is None or path.parent != PurePosixPath("/download"):
            return Answer(HTTPStatus.NOT_FOUND)
        return make(request.path)

    return answer


def chart_site() -> Site:
    """Return the host of charts that the server generates; a crawl does not need them."""

    def answer(request: Request) -> Answer:
        if request.path != "/GetPic.aspx":
            return Answer(HTTPStatus.NOT_FOUND)
        return _png_answer(request.target)

    return answer


def png(name: str) -> bytes:
    """Generate a greyscale PNG whose squares depend on the name."""
    lines = b"".join(
        b"\0" + bytes(grey for grey in row for _ in range(_SQUARE))
        for row in _greys(name)
        for _ in range(_SQUARE)
    )
    header = struct.pack(">IIBBBBB", _ACROSS * _SQUARE, _DOWN * _SQUARE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def jpeg(name: str) -> bytes:
    """Generate a greyscale JPEG whose squares depend on the name."""
    counts = bytes(_LENGTHS.count(length) for length in range(1, 17))
    size = struct.pack(">HH", _DOWN * _SQUARE, _ACROSS * _SQUARE)
    segments = (
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        (0xDB, bytes([0, *[8] * 64])),  # quantised by 8, so that a grey is its own coefficient
        (0xC0, b"\x08" + size + b"\1\1\x11\0"),
        (0xC4, b"\0" + counts + bytes(range(len(_LENGTHS)))),
        (0xC4, b"\x10\1" + bytes(15) + b"\0"),  # the only other code: 0, the end of a square
        (0xDA, b"\1\1\0\0\x3f\0"),
    )
    head = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments
    )
    greys = [grey for row in _greys(name) for grey in row]
    bits = "".join(_difference(*pair) + "0" for pair in pairwise([128, *greys]))
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def _png_answer(name: str) -> Answer:
    return Answer(HTTPStatus.OK, png(name), {"Content-Type": "image/png"})


def _jpeg_answer(name: str) -> Answer:
    return Answer(HTTPStatus.OK, jpeg(name), {"Content-Type": "image/jpeg"})


def _greys(name: str) -> Iterator[bytes]:
    """Return the grey values of the squares, row by row: those of a bar chart."""
    digest = hashlib.sha256(name.encode()).digest()
    paper, ink = 224 + digest[-1] % 16, 60 + digest[-2] % 80
    heights = [2 + value % (_DOWN - 6) for value in digest]
    for above in range(_DOWN - 1, -1, -1):
        yield bytes(
            ink if at % (_BAR + _GAP) and above < heights[at // (_BAR + _GAP)] else paper
            for at in range(_ACROSS)
        )


def _difference(before: int, grey: int) -> str:
    """Return the bits that encode how much brighter this square is than the one before it."""
    difference = grey - before
    length = abs(difference).bit_length()
    code = 0
    for shorter, longer in pairwise(_LENGTHS[: length + 1]):
        code = (code + 1) << (longer - shorter)
    low = difference if difference > 0 else difference + (1 << length) - 1
    return f"{code:0{_LENGTHS[length]}b}" + (f"{low:0{length}b}" if length else "")
