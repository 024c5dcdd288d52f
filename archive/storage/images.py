"""Recognize pictures, and name their files under ``media/`` by content hash."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from archive.errors import Refused
from archive.storage.files import is_file
from archive.storage.paths import files_below

# File name extension by media type, of the media types that are stored.
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
_SHA256 = re.compile("[0-9a-f]{64}", re.ASCII)


class InvalidPicture(Refused):
    """Bytes that are no picture of a stored media type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A stored picture.

    :param address: that the picture was fetched from, see `archive.content.picture_address`.
    :param sha256: of the file, in hexadecimal.
    :param type: media type, a key of `SUFFIXES`.
    :param bytes: size of the file.
    :param fetched: time of the download, ISO 8601, UTC.
    """

    address: str
    sha256: str
    type: str
    bytes: int
    fetched: str

    @property
    def path(self) -> str:
        """The path of the picture's file below the archive's folder."""
        return media_path(self.sha256, self.type)


def picture_of(address: str, data: bytes, fetched: str) -> Picture:
    """Return the description of a picture that was fetched from an address.

    :param data: the picture's bytes.
    :param fetched: time of the download, ISO 8601, UTC.
    :raises InvalidPicture: when the bytes are no picture.
    """
    kind = media_type(data)
    if kind is None:
        raise InvalidPicture(f"{address} is no JPEG, PNG, GIF or WebP picture.")
    digest = hashlib.sha256(data).hexdigest()
    return Picture(address=address, sha256=digest, type=kind, bytes=len(data), fetched=fetched)


def media_path(digest: str, kind: str) -> str:
    """Return the path of a picture below the archive's folder: ``media/ab/abcd….jpg``.

    :param digest: SHA-256 of the picture, in hexadecimal.
    :param kind: its media type, a key of `SUFFIXES`.
    """
    return f"media/{digest[:2]}/{digest}.{SUFFIXES[kind]}"


def is_stored_picture(digest: object, kind: object) -> bool:
    """Return whether two values can be the SHA-256 and the media type of a stored picture."""
    return isinstance(digest, str) and bool(_SHA256.fullmatch(digest)) and kind in SUFFIXES


def media_files(folder: Path) -> Iterator[PurePosixPath]:
    """Yield the files under ``media/`` of an archive as paths below its folder, in order."""
    return (path for path in files_below(folder, "media") if is_file(folder / path))


def host_of(address: str) -> str | None:
    """Return the host of an address; None where the address has a port, a user, or no host."""
    try:
        parts = urlsplit(address)
        plain = parts.port is None and parts.username is None
    except ValueError:
        return None
    return parts.hostname if plain else None


def media_type(data: bytes) -> str | None:
    """Return the media type of a picture by its first bytes; None for types that are not stored.

    The Content-Type of a server plays no part. SVG is not stored, because it can contain scripts.
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
