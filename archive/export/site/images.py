"""Find the stored pictures of posts, which the published site contains."""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from archive.content import CarriedPicture, picture_address
from archive.storage import is_file, media_path

#: Address that an attribute and a Liquid filter can contain unescaped.
_PLAIN = re.compile(r"[^\"'<>\\]+")

_KEPT = """
    SELECT info_code, posts.pictures, address, kept.sha256, kept.type
    FROM illustrations JOIN pictures AS kept USING (address) JOIN posts USING (info_code)
    WHERE :by IS NULL OR kept.fetched <= :by
    ORDER BY info_code, address
"""


def carried_by_post(
    connection: sqlite3.Connection, folder: Path, by: str | None = None
) -> dict[str, tuple[CarriedPicture, ...]]:
    """Return the pictures of each post whose files exist, by info code.

    :param folder: the folder of the archive.
    :param by: only pictures that were stored by this time, ISO 8601, UTC.
    """
    found: defaultdict[str, list[CarriedPicture]] = defaultdict(list)
    for info_code, sources, address, digest, kind in connection.execute(_KEPT, {"by": by}):
        path = media_path(digest, kind)
        if is_file(folder / path):
            found[info_code] += [
                CarriedPicture(written, path) for written in _written(sources, address)
            ]
    return {info_code: tuple(pictures) for info_code, pictures in found.items()}


def _written(sources: str, address: str) -> Iterator[str]:
    """Return the forms of an address in a body: with its ampersands escaped, or not."""
    for source in json.loads(sources):
        if picture_address(source) == address and _PLAIN.fullmatch(source):
            yield from dict.fromkeys((source, source.replace("&", "&amp;")))
