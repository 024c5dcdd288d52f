"""Read what the article page shows: the post's file, its versions, and the neighbouring posts."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from archive.article import Edition
from archive.article_id import EASTMONEY
from archive.browse.shown_edits import shown_edits
from archive.capture import Capture, captures_from
from archive.catalog import Cause
from archive.catalog.known_versions import OF_ARTICLE
from archive.content import parse_post, read_body
from archive.edits import Edit, EditClass
from archive.search import NAME_THEN, Hit, Query, find, moment_of, state_at
from archive.storage import (
    SUFFIXES,
    bytes_if_there,
    is_place_of_version,
    is_stored_picture,
    media_path,
    real_path,
)
from archive.translation import gettext
from archive.words import word

#: Bytes at the beginning of a file that are compared with another version.
_MAX_COMPARED = 300_000

#: Chinese characters that a reader reads in a minute.
_READING_SPEED = 400


@dataclass(frozen=True, slots=True)
class PostVersion:
    """One version of a post.

    :param path: of its file now.
    :param place: path of its file at the time of the page.
    :param captures: places of the responses that the version was read from.
    :param cause: why the version exists.
    :param edits: what the publisher changed in it.
    :param seen_from: when the archive stored it, ISO 8601.
    :param superseded: when a later version replaced it, ISO 8601; None for the current version.
    """

    number: int
    path: str
    place: str
    sha256: str
    bytes: int
    body_source: str | None
    captures: Sequence[Capture]
    cause: Cause
    edits: Sequence[Edit]
    seen_from: str
    superseded: str | None

    @property
    def reason(self) -> str:
        """Why the version exists, for readers."""
        if self.cause is not Cause.UNKNOWN:
            return word(self.cause)
        if self.edit_classes == [EditClass.MARKUP]:
            return gettext("only layout, adverts or credits differ")
        return gettext("for a reason that is not known")

    @property
    def edit_classes(self) -> Sequence[EditClass]:
        """The classes of the edits, each once."""
        return list(dict.fromkeys(each.edit_class for each in self.edits))


@dataclass(frozen=True, slots=True)
class ArticleView:
    """The contents of the article page.

    :param post: the post's row in the catalog.
    :param edition: the edition that the post is; the only one where the source published one post.
    :param published_twice: whether the article has another edition.
    :param stored_pictures: source address → our address of every stored picture.
    :param versions: the versions of the post, newest first.
    :param returned: from when to when the source was last without the post, ISO 8601; None where it
        never returned.
    :param previous: code, title and time of publication of the article before it of the same media.
    :param following: of the article after it.
    """

    post: sqlite3.Row
    edition: Edition
    published_twice: bool
    stored_pictures: Mapping[str, str]
    addresses: Sequence[str]
    keywords: Sequence[str]
    securities: Sequence[sqlite3.Row]
    versions: Sequence[PostVersion]
    returned: sqlite3.Row | None
    previous: sqlite3.Row | None
    following: sqlite3.Row | None

    @property
    def publisher(self) -> str | None:
        """The name of the source in the archive; None for Eastmoney."""
        source = str(self.post["source"])
        return None if source == EASTMONEY else source

    @property
    def file(self) -> str:
        """The path of the version's file, below the archive's folder."""
        return str(self.post["file" if "file" in self.post.keys() else "path"])  # noqa: SIM118

    @property
    def reading_minutes(self) -> int:
        """The minutes that the text takes to read, one at least."""
        return max(1, round(int(self.post["length"]) / _READING_SPEED))


def find_post(
    connection: sqlite3.Connection, info_code: str, edition: str | None = None, as_of: str = ""
) -> sqlite3.Row | None:
    """Return the catalog row of an article; None when the article is not archived.

    :param edition: ``rolling`` for the rolling news where the article has two editions.
    :param as_of: return the row of this time, see `archive.search.moment`; of the article, whose
        two editions have one row. Empty for the present.
    """
    row: sqlite3.Row | None = None
    if as_of:
        state = state_at(connection, info_code, as_of)
        row = connection.execute("SELECT * FROM post_states WHERE id = ?", [state]).fetchone()
    elif edition == Edition.ROLLING:
        row = connection.execute(
            "SELECT posts.id, editions.* FROM editions JOIN posts USING (info_code)"
            " WHERE info_code = ? AND edition = ?",
            [info_code, edition],
        ).fetchone()
    if row is None and not as_of:
        row = connection.execute("SELECT * FROM posts WHERE info_code = ?", [info_code]).fetchone()
    return row


def read_article(
    connection: sqlite3.Connection,
    info_code: str,
    picture_address: Callable[[str], str],
    edition: str | None = None,
    as_of: str = "",
) -> ArticleView | None:
    """Return the article with this code; None when it is not archived.

    :param edition: see `find_post`.
    :param as_of: see `find_post`.
    :param picture_address: returns our address of a stored picture, from its file's name.
    """
    post = find_post(connection, info_code, edition, as_of)
    if post is None:
        return None
    published_twice = "SELECT 1 FROM editions WHERE info_code = ?"
    securities, named = _SECURITIES, {"code": info_code}
    if as_of:
        securities, named = (
            _SECURITIES_THEN,
            {"named": post["securities"], "as_of": moment_of(as_of)},
        )
    return ArticleView(
        post=post,
        edition=Edition.of_name(str(post["path"])),
        published_twice=not as_of
        and bool(connection.execute(published_twice, [info_code]).fetchone()),
        stored_pictures=stored_pictures(connection, info_code, picture_address, as_of),
        addresses=json.loads(post["addresses"]),
        keywords=json.loads(post["keywords"]),
        securities=connection.execute(securities, named).fetchall(),
        versions=read_versions(connection, post, as_of),
        returned=connection.execute(
            "SELECT gone_from, gone_until FROM absences WHERE info_code = ? AND edition = ?"
            " AND gone_until <= ? ORDER BY gone_from DESC LIMIT 1",
            [
                info_code,
                Edition.of_name(str(post["path"])),
                moment_of(as_of) if as_of else "~",
            ],
        ).fetchone(),
        previous=_neighbour(connection, post, as_of, oldest_first=False),
        following=_neighbour(connection, post, as_of, oldest_first=True),
    )


def stored_pictures(
    connection: sqlite3.Connection,
    info_code: str,
    picture_address: Callable[[str], str],
    as_of: str = "",
) -> dict[str, str]:
    """Return source address → our address of every stored picture of an article.

    :param as_of: only pictures that were stored by this time; empty for all.
    """
    rows = connection.execute(
        """
        SELECT address, sha256, type FROM illustrations JOIN pictures USING (address)
        WHERE info_code = :code AND (:at IS NULL OR fetched <= :at)
        """,
        {"code": info_code, "at": moment_of(as_of) if as_of else None},
    )
    return {
        address: picture_address(PurePosixPath(media_path(digest, kind)).name)
        for address, digest, kind in rows
        if is_stored_picture(digest, kind)
    }


def read_picture(
    connection: sqlite3.Connection, folder: Path, name: str
) -> tuple[bytes, str] | None:
    """Return a stored picture and its media type; None when the catalog or the disk lacks it.

    :param name: the name of the picture's file.
    """
    digest, _, suffix = name.partition(".")
    row = connection.execute(
        "SELECT type FROM pictures WHERE sha256 = ? LIMIT 1", [digest]
    ).fetchone()
    if row is None or not is_stored_picture(digest, row["type"]) or SUFFIXES[row["type"]] != suffix:
        return None
    data = _read_bytes(_inside(folder, media_path(digest, row["type"])))
    return None if data is None else (data, row["type"])


def find_file(folder: Path, path: str) -> Path | None:
    """Return the file of a post or a revision; None for any other path."""
    return _inside(folder, path) if is_place_of_version(path) else None


def read_file(folder: Path, path: str, max_bytes: int = -1) -> bytes | None:
    """Return the bytes of a post or a revision; None when there is no such file.

    :param max_bytes: number of bytes to read from the beginning; -1 for the whole file.
    """
    return _read_bytes(find_file(folder, path), max_bytes)


def _inside(folder: Path, path: str) -> Path | None:
    root = real_path(folder)
    file = real_path(root / path)
    return file if file.is_relative_to(root) else None


def _read_bytes(file: Path | None, max_bytes: int = -1) -> bytes | None:
    if file is None:
        return None
    try:
        return bytes_if_there(file, max_bytes)
    except OSError:
        return None


def read_versions(
    connection: sqlite3.Connection, post: sqlite3.Row, as_of: str = ""
) -> list[PostVersion]:
    """Return all versions of a post, newest first.

    :param as_of: only versions that were stored by this time; empty for all.
    """
    at = moment_of(as_of) if as_of else "~"
    rows = connection.execute(
        f"SELECT * FROM ({OF_ARTICLE}) WHERE edition = :edition ORDER BY version DESC",  # noqa: S608
        {"id": post["info_code"], "edition": Edition.of_name(str(post["path"])), "at": at},
    )
    return [_version(row, shown_edits(connection, row["edits"], at)) for row in rows]


def _version(row: sqlite3.Row, edits: Sequence[Edit]) -> PostVersion:
    return PostVersion(
        number=row["version"],
        path=str(row["file"]),
        place=str(row["path"]),
        sha256=row["sha256"],
        bytes=row["bytes"],
        body_source=row["body_source"],
        captures=captures_from(row["captures"]) or (),
        cause=Cause(row["cause"]),
        edits=edits,
        seen_from=row["seen_from"],
        superseded=row["seen_until"],
    )


def read_text(folder: Path, version: PostVersion) -> str | None:
    """Return title, digest and text of a version; None when its file is missing.

    Only the beginning of a file that is larger than any article is read.
    """
    data = read_file(folder, version.path, _MAX_COMPARED)
    if data is None:
        return None
    post = parse_post(data, PurePosixPath(version.path).name)
    return "\n".join(part for part in (post.title, post.digest, read_body(post.body).text) if part)


def _neighbour(
    connection: sqlite3.Connection, post: sqlite3.Row, as_of: str, *, oldest_first: bool
) -> sqlite3.Row | None:
    if not post["media"]:
        return None
    query = Query(media=post["media"], as_of=as_of)
    here = Hit(post["published"], post["id"])
    hits = find(connection, query, after=here, limit=1, oldest_first=oldest_first)
    sql = f"SELECT info_code, title, published FROM {query.tables.rows} WHERE id = ?"  # noqa: S608
    row: sqlite3.Row | None = connection.execute(sql, [hits[0].id]).fetchone() if hits else None
    return row


_SECURITIES = """
    SELECT code, symbol, coalesce(name, symbol) AS name, kind, found
    FROM mentions JOIN securities ON code = security
    WHERE info_code = :code ORDER BY market = 90, code
"""
_SECURITIES_THEN = f"""
    SELECT code, symbol, {NAME_THEN} AS name, kind, named.value AS found
    FROM json_each(:named) AS named JOIN securities ON code = named.key
    ORDER BY market = 90, code
"""  # noqa: S608 (our own words)
