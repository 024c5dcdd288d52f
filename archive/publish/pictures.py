"""Pictures that the archive keeps, carried by the published site.

A page then shows the site's own file, and behind a ``#``, which browsers do not send, it still says
where the picture is from. So posts stay as they were written, and who crawls the site reads the
bodies as they were.
"""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.content import picture_address
from archive.media import media_path

_PLAIN = re.compile(r"[^\"'<>\\]+")
"""Stands in an attribute as it is, and in a Liquid filter."""

_CARRIED = re.compile(r"""(src=["'])[^"'<>#\s]*/media/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]+#""")

_KEPT = """
    SELECT info_code, posts.pictures, address, kept.sha256, kept.type
    FROM illustrations JOIN pictures AS kept USING (address) JOIN posts USING (info_code)
    ORDER BY info_code, address
"""


@dataclass(frozen=True, slots=True)
class CarriedPicture:
    """A picture in a body, and the file of it.

    :param written: its address as a body writes it.
    :param path: of its file, below the archive's folder and below the site.
    """

    written: str
    path: str


def carried_by_post(
    connection: sqlite3.Connection, folder: Path
) -> dict[str, tuple[CarriedPicture, ...]]:
    """The pictures of each post whose files are there, by info code.

    :param folder: the archive's.
    """
    found: defaultdict[str, list[CarriedPicture]] = defaultdict(list)
    for info_code, sources, address, digest, kind in connection.execute(_KEPT):
        path = media_path(digest, kind)
        if (folder / path).is_file():
            found[info_code] += [
                CarriedPicture(written, path) for written in _written(sources, address)
            ]
    return {info_code: tuple(pictures) for info_code, pictures in found.items()}


def _written(sources: str, address: str) -> Iterator[str]:
    """How a body can write an address: with its ampersands escaped, or not."""
    for source in json.loads(sources):
        if picture_address(source) == address and _PLAIN.fullmatch(source):
            yield from dict.fromkeys((source, source.replace("&", "&amp;")))


def with_carried(body: str, pictures: Iterable[CarriedPicture], base: str) -> str:
    """A body that shows the site's own files; `theme/_layouts/post.html` does the same.

    :param base: the site's address, without a slash at its end.
    """
    for picture in pictures:
        for mark in "\"'":
            ours = f"src={mark}{base}/{picture.path}#{picture.written}{mark}"
            body = body.replace(f"src={mark}{picture.written}{mark}", ours)
    return body


def as_written(body: str) -> str:
    """A body of a published page, with the pictures as the post writes them."""
    return _CARRIED.sub(r"\1", body)
