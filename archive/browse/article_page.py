"""The article page: the post as its file has it, its history, and what lies around it."""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from archive.article import Edition
from archive.capture import Capture, captures_from
from archive.catalog import ChangeKind
from archive.content import parse_post, read_body
from archive.storage import SUFFIXES, is_place_of_version, is_stored_picture, media_path

_MOST_COMPARED = 300_000
"""Bytes of a file, to be compared with another."""


@dataclass(frozen=True, slots=True)
class PostVersion:
    """One version of a post.

    :param captures: where the responses that it was read from are kept.
    :param superseded: when a later one took its place; None for the one that stands.
    :param changed: what is other than in the version before.
    """

    number: int
    path: str
    sha256: str
    bytes: int
    body_source: str | None
    captures: Sequence[Capture]
    superseded: str | None
    changed: Sequence[ChangeKind]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The article before or after this one in the same media."""

    info_code: str
    title: str
    published: str


@dataclass(frozen=True, slots=True)
class ArticleView:
    """What the article page shows.

    :param post: the row of the catalog.
    :param edition: which of its posts; the article's own where the source published one.
    :param published_twice: there is another one.
    :param kept: our addresses of the pictures that are kept, by the addresses they came from.
    :param versions: the newest first.
    """

    post: sqlite3.Row
    edition: Edition
    published_twice: bool
    kept: Mapping[str, str]
    addresses: Sequence[str]
    securities: Sequence[sqlite3.Row]
    versions: Sequence[PostVersion]
    previous: Neighbour | None
    following: Neighbour | None


def find_post(
    connection: sqlite3.Connection, info_code: str, edition: str | None = None
) -> sqlite3.Row | None:
    """Return the row of an article.

    :param edition: that of the rolling news, where that is one of two posts and this asks for it.
    """
    row: sqlite3.Row | None = None
    if edition == Edition.ROLLING:
        row = connection.execute(
            "SELECT posts.id, editions.* FROM editions JOIN posts USING (info_code)"
            " WHERE info_code = ? AND edition = ?",
            [info_code, edition],
        ).fetchone()
    return (
        row or connection.execute("SELECT * FROM posts WHERE info_code = ?", [info_code]).fetchone()
    )


def read_article(
    connection: sqlite3.Connection,
    info_code: str,
    picture_address: Callable[[str], str],
    edition: str | None = None,
) -> ArticleView | None:
    """The article with this code; None when it is not archived.

    :param edition: see `find_post`.
    :param picture_address: of a picture that is kept, from its file's name.
    """
    post = find_post(connection, info_code, edition)
    if post is None:
        return None
    return ArticleView(
        post=post,
        edition=Edition.of_name(str(post["path"])),
        published_twice=bool(
            connection.execute("SELECT 1 FROM editions WHERE info_code = ?", [info_code]).fetchone()
        ),
        kept=kept_pictures(connection, info_code, picture_address),
        addresses=json.loads(post["addresses"]),
        securities=connection.execute(
            """
            SELECT code, symbol, coalesce(name, symbol) AS name, kind
            FROM mentions JOIN securities ON code = security
            WHERE info_code = ? ORDER BY market = 90, code
            """,
            [info_code],
        ).fetchall(),
        versions=read_versions(connection, post),
        previous=_neighbour(connection, post, "<", "DESC"),
        following=_neighbour(connection, post, ">", "ASC"),
    )


def kept_pictures(
    connection: sqlite3.Connection, info_code: str, picture_address: Callable[[str], str]
) -> dict[str, str]:
    """Our addresses of a post's pictures that are kept, by the addresses they came from."""
    rows = connection.execute(
        """
        SELECT address, sha256, type FROM illustrations JOIN pictures USING (address)
        WHERE info_code = ?
        """,
        [info_code],
    )
    return {
        address: picture_address(PurePosixPath(media_path(digest, kind)).name)
        for address, digest, kind in rows
        if is_stored_picture(digest, kind)
    }


def read_picture(
    connection: sqlite3.Connection, folder: Path, name: str
) -> tuple[bytes, str] | None:
    """A picture that is kept, and its media type; None when it is not in the catalog or not there.

    :param name: of its file.
    """
    digest, _, suffix = name.partition(".")
    row = connection.execute(
        "SELECT type FROM pictures WHERE sha256 = ? LIMIT 1", [digest]
    ).fetchone()
    if row is None or not is_stored_picture(digest, row["type"]) or SUFFIXES[row["type"]] != suffix:
        return None
    data = _bytes_of(_inside(folder, media_path(digest, row["type"])))
    return None if data is None else (data, row["type"])


def find_file(folder: Path, path: str) -> Path | None:
    """The file of a post or a revision; None when the path is none of either, or leads out of the
    archive."""
    return _inside(folder, path) if is_place_of_version(path) else None


def read_file(folder: Path, path: str, most_bytes: int = -1) -> bytes | None:
    """A post or a revision; None when it is not there, or the path is none of either.

    :param most_bytes: only so many from its beginning.
    """
    return _bytes_of(find_file(folder, path), most_bytes)


def _inside(folder: Path, path: str) -> Path | None:
    root = folder.resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) else None


def _bytes_of(file: Path | None, most_bytes: int = -1) -> bytes | None:
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            return opened.read(most_bytes)
    except OSError:
        return None


def read_versions(connection: sqlite3.Connection, post: sqlite3.Row) -> list[PostVersion]:
    """All versions of a post, the newest first."""
    code = [post["info_code"]]
    earlier = connection.execute(
        "SELECT * FROM revisions WHERE info_code = ? AND edition = ? ORDER BY version DESC",
        [*code, Edition.of_name(str(post["path"]))],
    ).fetchall()
    changed: dict[str | None, set[str]] = {}
    for at, what in connection.execute("SELECT at, what FROM changes WHERE info_code = ?", code):
        changed.setdefault(at, set()).add(what)
    superseded = [None, *(row["superseded"] for row in earlier)]
    began = [*superseded[1:], None]
    return [
        _version(row, end, changed.get(begin, ()))
        for row, begin, end in zip([post, *earlier], began, superseded, strict=True)
    ]


def _version(row: sqlite3.Row, superseded: str | None, changed: Collection[str]) -> PostVersion:
    return PostVersion(
        number=row["version"],
        path=row["path"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        body_source=row["body_source"],
        captures=captures_from(row["captures"]) or (),
        superseded=superseded,
        changed=[what for what in ChangeKind if what in changed],
    )


def read_text(folder: Path, version: PostVersion) -> str | None:
    """Title, digest and text of a version; None when its file is not there.

    Of a file that is larger than any article, only the beginning.
    """
    data = read_file(folder, version.path, _MOST_COMPARED)
    if data is None:
        return None
    post = parse_post(data, PurePosixPath(version.path).name)
    return "\n".join(part for part in (post.title, post.digest, read_body(post.body).text) if part)


def _neighbour(
    connection: sqlite3.Connection, post: sqlite3.Row, comparison: str, order: str
) -> Neighbour | None:
    row = connection.execute(
        f"""
        SELECT info_code, title, published FROM posts
        WHERE media = :media AND (published, id) {comparison} (:published, :id)
        ORDER BY published {order}, id {order} LIMIT 1
        """,  # noqa: S608 (our own words)
        {"media": post["media"], "published": post["published"], "id": post["id"]},
    ).fetchone()
    return Neighbour(*row) if row else None
