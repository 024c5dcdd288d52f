"""The pictures of posts that the published site carries; see `archive.content.carried_images`."""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from archive.content import CarriedPicture, picture_address
from archive.storage import media_path

_PLAIN = re.compile(r"[^\"'<>\\]+")
"""Stands in an attribute as it is, and in a Liquid filter."""

_KEPT = """
    SELECT info_code, posts.pictures, address, kept.sha256, kept.type
    FROM illustrations JOIN pictures AS kept USING (address) JOIN posts USING (info_code)
    ORDER BY info_code, address
"""


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
