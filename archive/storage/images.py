"""Pictures as files: what is taken for one, and its place under ``media/``, by content hash."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from archive.errors import Refused

SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
"""The media types that are kept, with the ends of their files' names."""
_SHA256 = re.compile("[0-9a-f]{64}", re.ASCII)


class InvalidPicture(Refused):
    """Bytes that are no picture of a kind that is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that is kept.

    :param address: that it was fetched for, as `archive.content.picture_address` gives it.
    :param type: its media type, a key of `SUFFIXES`.
    :param fetched: ISO 8601, UTC.
    """

    address: str
    sha256: str
    type: str
    bytes: int
    fetched: str

    @property
    def path(self) -> str:
        """Below the archive's folder."""
        return media_path(self.sha256, self.type)


def picture_of(address: str, data: bytes, fetched: str) -> Picture:
    """The picture that was fetched from an address.

    :raises InvalidPicture: when `data` is none.
    """
    kind = media_type(data)
    if kind is None:
        raise InvalidPicture(f"{address} is no JPEG, PNG, GIF or WebP picture.")
    digest = hashlib.sha256(data).hexdigest()
    return Picture(address=address, sha256=digest, type=kind, bytes=len(data), fetched=fetched)


def media_path(digest: str, kind: str) -> str:
    """Where the picture with a hash is, below the archive's folder: ``media/ab/abcd….jpg``."""
    return f"media/{digest[:2]}/{digest}.{SUFFIXES[kind]}"


def is_stored_picture(digest: object, kind: object) -> bool:
    """Whether it can be the hash and the media type of a picture that is kept."""
    return isinstance(digest, str) and bool(_SHA256.fullmatch(digest)) and kind in SUFFIXES


def media_files(folder: Path) -> Iterator[PurePosixPath]:
    """The files under ``media/`` of an archive, as paths below its folder, in order."""
    for path in sorted((folder / "media").rglob("*")):
        if path.is_file():
            yield PurePosixPath(path.relative_to(folder).as_posix())


def host_of(address: str) -> str | None:
    """The host that an address is at; None where it names a port, a user, or no host."""
    try:
        parts = urlsplit(address)
        plain = parts.port is None and parts.username is None
    except ValueError:
        return None
    return parts.hostname if plain else None


def media_type(data: bytes) -> str | None:
    """What picture it is, by how the bytes begin; None where it is none that is kept.

    What a server calls them plays no part. SVG is not among them: it is a document that can hold
    scripts.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None
