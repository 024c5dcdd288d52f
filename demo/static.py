"""Serve sites of files, as GitHub Pages does."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from demo.exchange import Answer, Request, Site

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "application/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file's bytes, and the time of their last change (aware)."""

    body: bytes
    modified: datetime


def static_site(find: Callable[[str], StaticFile | None]) -> Site:
    """Return a site of files that `find` returns by their decoded path (`/a b.html`).

    A path that ends in a slash is its index.html. What is not found is answered 404 with
    `/404.html`, if there is one. ETag and Last-Modified go out, and a client that shows one of
    them again is answered 304.
    """

    def answer(request: Request) -> Answer:
        path = unquote(request.path, errors="replace")
        if path.endswith("/"):
            path += "index.html"
        file = find(path)
        if file is None:
            missing = find("/404.html")
            return Answer(
                HTTPStatus.NOT_FOUND,
                missing.body if missing else b"",
                {"Content-Type": _TYPES[".html"]},
            )
        validators = {
            "ETag": f'"{hashlib.sha256(file.body).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(file.modified.astimezone(UTC), usegmt=True),
        }
        if _is_unchanged(request, file, validators["ETag"]):
            return Answer(HTTPStatus.NOT_MODIFIED, headers=validators)
        kind = _TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
        return Answer(HTTPStatus.OK, file.body, {"Content-Type": kind, **validators})

    return answer


def folder_site(folder: Path) -> Site:
    """Return a site of the files in a folder, and of none outside it."""
    root = folder.resolve()

    def find(path: str) -> StaticFile | None:
        try:
            file = (root / path.lstrip("/")).resolve()
            if not file.is_relative_to(root) or not file.is_file():
                return None
            modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            return StaticFile(file.read_bytes(), modified)
        except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
            return None

    return static_site(find)


def _is_unchanged(request: Request, file: StaticFile, etag: str) -> bool:
    shown = request.headers.get("if-none-match")
    if shown is not None:  # it outranks the date, RFC 9110 13.2.2
        tags = {tag.strip().removeprefix("W/") for tag in shown.split(",")}
        return etag in tags or "*" in tags
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return file.modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # not a date, or one without a zone
        return False
