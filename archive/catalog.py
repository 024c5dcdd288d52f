"""The catalog: one SQLite file that knows every post. It is a projection of the files."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from archive import pictures
from archive.article import BodySource, InfoCode
from archive.body import Security
from archive.capture import Capture
from archive.categories import Category
from archive.errors import ArchiveError
from archive.media import Picture
from archive.migrations import catalog_migrations
from archive.search import Indexing, Results, register, search, without_index

_BUSY_SECONDS = 30
"""How long to wait for another process's write; Datasette and backups hold the file briefly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """A row of ``posts``. Times are ISO 8601: `published` in Asia/Shanghai, all others in UTC.

    :param info_code: ``NW`` and 15 to 20 digits.
    :param media: who wrote it.
    :param category: its slug.
    :param tag: the category's name, as the site shows it.
    :param digest: the summary of rolling news.
    :param text: of the body, without markup.
    :param length: of the text, in characters.
    :param pictures: addresses, as a JSON array.
    :param addresses: that the article was read from, as a JSON array, the body's first.
    :param captures: where those responses are kept, as a JSON array of objects.
    :param stock_list: codes of the securities that a list names beside it, as a JSON array.
    :param body_source: what `BodySource` says; null for a post that was imported.
    :param link: that the post names as its source.
    :param path: below the archive's folder.
    :param sha256: of the post's file, in hexadecimal.
    :param bytes: length of the post's file.
    :param first_seen: when the archive got the article.
    :param checked: when the source was last looked at for it.
    :param revised: when the archive got this version, where it is not the first.
    :param version: 1 for the first, one more for each revision.
    :param body_provisional: the mirror's rendering stands in for a host that did not answer.
    :param gone: when the source was first found without it.
    """

    info_code: str
    title: str
    published: str
    media: str | None
    category: str | None
    tag: str | None
    digest: str | None
    text: str
    length: int
    pictures: str
    body_source: str | None
    body_provisional: bool
    link: str | None
    addresses: str
    captures: str
    path: str
    sha256: str
    bytes: int
    version: int
    first_seen: str
    checked: str
    revised: str | None
    gone: str | None = None
    stock_list: str = "[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """A row of ``revisions``: a version that a later one superseded."""

    info_code: str
    version: int
    path: str
    sha256: str
    bytes: int
    body_source: str | None
    captures: str
    superseded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of the last look for a post's body. Times are ISO 8601.

    :param stored: when its present version was.
    """

    body_source: str | None
    published: str
    stored: str
    checked: str

    def to_better(
        self, by: BodySource, *, own: BodySource, share: float, now: datetime
    ) -> BodySource | None:
        """See `Archive.to_better`."""
        if self.body_source is None:
            return None
        source = BodySource(self.body_source)
        checked = datetime.fromisoformat(self.checked)
        age = checked - datetime.fromisoformat(self.published)
        first = source is not own and self.checked <= self.stored
        due = first or (age > timedelta() and now - checked >= age * share)
        return source if due and source.is_worse_than(by) else None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one article changes in the catalog.

    :param securities: that it names; None where that has not changed.
    :param same_version: the files are as they were; a list told more of the article.
    :param changes: what this look at the source, at the post's `checked`, found changed.
    :param grams: `archive.grams` of texts of the post, where they were made beforehand.
    """

    post: PostRow
    securities: Sequence[Security] | None = None
    revision: RevisionRow | None = None
    changes: Sequence[str] = ()
    same_version: bool = False
    grams: Mapping[str, str] = field(default_factory=dict, compare=False)


class Catalog:
    """Reads and writes the catalog over two connections, so that a read never waits for a write.

    `put` may run in another thread than the rest, one call at a time.

    :param private: nobody else looks at the file; one connection does both.
    :raises ArchiveError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self._path = path
        self._grams: dict[str, str] = {}
        try:
            self._writer = Database(self._connect())
            register(self._writer.conn, self._grams)
            self._writer.enable_wal()
            self._writer.execute("PRAGMA synchronous = FULL")
            self._writer.execute("PRAGMA foreign_keys = ON")
            catalog_migrations.apply(self._writer)
            self._reader = self._writer.conn if private else self._connect()
        except sqlite3.Error as error:
            raise self._failed("open", error) from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)

    def _failed(self, verb: str, error: sqlite3.Error) -> ArchiveError:
        told = f"Could not {verb} the catalog {self._path}: {error}"
        if isinstance(error, sqlite3.OperationalError):
            return ArchiveError(f"{told}.")
        folder = self._path.parent
        return ArchiveError(f"{told}; `finews rebuild {folder}` makes it again from the files.")

    def close(self) -> None:
        """Close both connections."""
        self._reader.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, info_code: InfoCode) -> PostRow | None:
        """The row of a post; None when there is none."""
        row = self._one("SELECT * FROM posts WHERE info_code = ?", info_code)
        return _post_of(row) if row else None

    def posts(self) -> Iterator[PostRow]:
        """All posts, in the order in which they came."""
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            for row in found.execute("SELECT * FROM posts ORDER BY id"):
                yield _post_of(row)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def has(self, info_code: InfoCode) -> bool:
        """Whether the post is there."""
        return self._one("SELECT 1 FROM posts WHERE info_code = ?", info_code) is not None

    def due(
        self,
        now: str,
        since: str,
        share: float,
        limit: int,
        hosts: Collection[str] | None = None,
    ) -> list[PostRow]:
        """Posts that the source should be looked at for again, the longest overdue first.

        Those that were looked at later than now, by a clock that was wrong, are due.

        :param now: ISO 8601.
        :param since: posts published before this are left, but for those with a stand-in.
        :param share: of the post's age, which has to go by between two looks.
        :param hosts: only posts whose first address is at one of them.
        """
        sql = """
            SELECT *, (julianday(?1) - julianday(checked)) / age AS overdue FROM (
                SELECT *, julianday(?1) - julianday(published) AS age
                FROM posts WHERE published >= ?2 AND NOT body_provisional
                UNION ALL
                SELECT *, julianday(?1) - julianday(min(first_seen, checked)) AS age
                FROM posts WHERE body_provisional
            )
            WHERE (age > 0 AND overdue > ?3 OR checked > ?1) AND (?5 IS NULL OR EXISTS (
                SELECT 1 FROM json_each(?5)
                WHERE addresses ->> '$[0]' GLOB 'http*://' || value || '/*'
            )) ORDER BY overdue DESC, id LIMIT ?4
        """
        of_hosts = None if hosts is None else json.dumps(list(hosts))
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            wanted = (now, since, share, limit, of_hosts)
            return [_post_of(row) for row in found.execute(sql, wanted)]
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def securities_of(self, info_code: str) -> list[str]:
        """The codes of the securities that a post names."""
        sql = "SELECT security FROM mentions WHERE info_code = ?"
        try:
            return [row[0] for row in self._reader.execute(sql, [info_code])]
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def slug_of(self, info_code: InfoCode) -> str | None:
        """The category that a post is in; None when there is no such post."""
        row = self._one("SELECT category FROM posts WHERE info_code = ?", info_code)
        return row["category"] if row else None

    def look_at(self, info_code: InfoCode) -> Look | None:
        """Where a post's body came from and when that was looked for; None without the post."""
        sql = "SELECT body_source, published, coalesce(revised, first_seen) AS stored, checked "
        row = self._one(sql + "FROM posts WHERE info_code = ?", info_code)
        return Look(**dict(row)) if row else None

    def stand_ins(self, since: str) -> list[tuple[str, Look]]:
        """What is known of the posts with a stand-in for a body that came since a time.

        :param since: ISO 8601, UTC.
        """
        sql = """
            SELECT info_code, body_source, published, coalesce(revised, first_seen), checked
            FROM posts WHERE first_seen >= ? AND body_source <> ?
        """
        try:
            rows = self._reader.execute(sql, (since, BodySource.SHARE_API)).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return [
            (code, Look(body_source=source, published=published, stored=stored, checked=checked))
            for code, source, published, stored, checked in rows
        ]

    def category_of(self, media: str) -> Category | None:
        """The category that a media was first seen with."""
        row = self._one("SELECT slug, tag FROM categories WHERE media = ?", media)
        return Category(slug=row["slug"], tag=row["tag"]) if row else None

    def categories(self) -> list[tuple[str, str, str]]:
        """Media, slug and tag of every category."""
        try:
            return self._reader.execute("SELECT media, slug, tag FROM categories").fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def seen_after(
        self, first_seen: str, info_code: str, limit: int
    ) -> list[tuple[str, str, str | None]]:
        """First time, code and category of posts, in the order of the first two."""
        sql = """
            SELECT first_seen, info_code, category FROM posts
            WHERE (first_seen, info_code) > (?, ?) ORDER BY first_seen, info_code LIMIT ?
        """
        try:
            return self._reader.execute(sql, (first_seen, info_code, limit)).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def first_capture(self, digest: str) -> Capture | None:
        """The first capture of a payload, by its digest."""
        sql = "SELECT url, file, offset, fetched FROM payloads WHERE digest = ?"
        row = self._one(sql, digest)
        return Capture(**dict(row)) if row else None

    def search(self, query: str, **narrowed: Any) -> Results:
        """Full-text search; see `archive.search.search`."""
        try:
            return search(self._reader, query, **narrowed)
        except sqlite3.Error as error:
            raise self._failed("search", error) from error

    def all_versions(self) -> Iterator[tuple[str, str, str, str]]:
        """Info code, path, SHA-256 and captures (JSON) of every version, superseded ones too."""
        sql = """
            SELECT info_code, path, sha256, captures FROM posts
            UNION ALL SELECT info_code, path, sha256, captures FROM revisions
        """
        try:
            yield from self._reader.execute(sql)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def hashes(self, info_codes: Iterable[str]) -> dict[str, set[str]]:
        """The SHA-256 of every version of some posts, superseded ones too, by info code."""
        wanted = "info_code IN (SELECT value FROM json_each(:codes))"
        sql = f"""
            SELECT info_code, sha256 FROM posts WHERE {wanted}
            UNION ALL SELECT info_code, sha256 FROM revisions WHERE {wanted}
        """  # noqa: S608
        found: dict[str, set[str]] = {}
        try:
            for info_code, digest in self._reader.execute(
                sql, {"codes": json.dumps(list(info_codes))}
            ):
                found.setdefault(info_code, set()).add(digest)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return found

    def first_captures(self) -> Iterator[tuple[str, int]]:
        """File and offset of the first capture of every payload."""
        try:
            yield from self._reader.execute("SELECT file, offset FROM payloads")
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def superseded(self, info_code: InfoCode) -> list[tuple[str, str]]:
        """Path and SHA-256 of the versions of a post that others have superseded."""
        sql = "SELECT path, sha256 FROM revisions WHERE info_code = ?"
        try:
            return self._reader.execute(sql, [info_code]).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def damage(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when all is well."""
        try:
            told = [row[0] for row in self._reader.execute("PRAGMA quick_check")]
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return [] if told == ["ok"] else told

    def first_seen_between(self, since: str, until: str) -> int:
        """How many posts were first seen in a time, ISO 8601, UTC."""
        sql = "SELECT count(*) AS posts FROM posts WHERE first_seen >= ? AND first_seen < ?"
        row = self._one(sql, since, until)
        return int(row["posts"]) if row else 0

    def crawled_between(self, since: str, until: str) -> bool:
        """Whether a crawl ended well in a time, ISO 8601, UTC."""
        sql = "SELECT 1 FROM crawls WHERE ended >= ? AND ended < ? AND status = 0 LIMIT 1"
        return self._one(sql, since, until) is not None

    def completed(self, spider: str, arguments: str) -> str | None:
        """When the last complete crawl of a spider with the same arguments ended."""
        sql = """
            SELECT ended FROM crawls WHERE spider = ? AND arguments = ? AND complete
            ORDER BY id DESC LIMIT 1
        """
        row = self._one(sql, spider, arguments)
        return row["ended"] if row else None

    def first_seen(self, info_code: InfoCode) -> str | None:
        """When a post was first seen, ISO 8601, UTC; None when there is no such post."""
        row = self._one("SELECT first_seen FROM posts WHERE info_code = ?", info_code)
        return row["first_seen"] if row else None

    def usual_failures(self, crawls: int) -> float:
        """The share of articles that failed, of those that the last crawls asked for."""
        sql = """
            SELECT sum(failed) * 1.0 / nullif(sum(asked), 0) AS share FROM (
                SELECT * FROM crawls WHERE ended IS NOT NULL ORDER BY id DESC LIMIT ?
            )
        """
        row = self._one(sql, str(crawls))
        return float(row["share"] or 0) if row else 0.0

    def count(self) -> int:
        """How many posts there are."""
        row = self._one("SELECT count(*) AS posts FROM posts")
        return int(row["posts"]) if row else 0

    def _one(self, sql: str, *parameters: str) -> sqlite3.Row | None:
        try:
            found = self._reader.cursor()
            found.row_factory = sqlite3.Row
            row: sqlite3.Row | None = found.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
        return row

    def put(
        self, entries: Sequence[Entry] = (), payloads: Mapping[str, Capture] | None = None
    ) -> None:
        """Write entries, all of them or none. Rows that would not change are not touched.

        :param payloads: first captures, by digest.
        """
        posts = [entry.post for entry in entries]
        revisions = [entry.revision for entry in entries if entry.revision]
        for entry in entries:
            self._grams.update(entry.grams)
        try:
            with self._writer.atomic():
                execute = self._writer.conn.executemany
                execute(_ADD_CATEGORY, _categories(posts))
                execute(_PUT_POST, map(_POST_VALUES, posts))
                execute(_PUT_REVISION, map(_REVISION_VALUES, revisions))
                execute(
                    _ADD_PAYLOAD,
                    [asdict(first) | {"digest": key} for key, first in (payloads or {}).items()],
                )
                execute(
                    "INSERT OR IGNORE INTO changes (info_code, at, what) VALUES (?, ?, ?)",
                    [
                        (entry.post.info_code, entry.post.checked, str(what))
                        for entry in entries
                        for what in entry.changes
                    ],
                )
                for entry in entries:
                    if entry.securities is not None:
                        self._put_mentions(entry.post, entry.securities)
                        post = entry.post
                        pictures.illustrate(self._writer.conn, post.info_code, post.pictures)
        except sqlite3.Error as error:
            raise self._failed("write", error) from error
        finally:
            self._grams.clear()

    def missing_pictures(self, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Info code and address of the pictures at some hosts that are not kept, newest first."""
        try:
            yield from pictures.missing(self._reader, hosts)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def kept_pictures(self) -> Iterator[tuple[str, str]]:
        """Path and SHA-256 of every picture file that is kept."""
        try:
            yield from pictures.kept(self._reader)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def keep_picture(self, picture: Picture) -> None:
        """Note that a picture is kept."""
        try:
            with self._writer.atomic():
                pictures.keep(self._writer.conn, picture)
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    def lose_picture(self, digest: str) -> None:
        """Note that a picture is kept no more, so that the next crawl asks for it."""
        try:
            with self._writer.atomic():
                pictures.lose(self._writer.conn, digest)
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    def next_crawl(self) -> int:
        """The number of a new row of ``crawls``."""
        row = self._one("SELECT coalesce(max(id), 0) + 1 AS next FROM crawls")
        return int(row["next"]) if row else 1

    def put_crawl(self, row: Mapping[str, Any]) -> None:
        """Add a row to ``crawls``, or the rest of it to one that is there by its ``id``."""
        crawls = self._writer.table("crawls")
        try:
            if crawls.count_where("id = ?", [row["id"]]):
                crawls.update(row["id"], {key: row[key] for key in row if key != "id"})
            else:
                crawls.insert(dict(row))
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    @contextmanager
    def bulk_loading(self, indexing: Indexing) -> Iterator[None]:
        """Write much at once, all of it or nothing, without keeping the search index meanwhile.

        For a private catalog, whose reads see what is not committed yet.

        :param indexing: see `archive.search.rebuild_search`.
        """
        assert self._reader is self._writer.conn
        try:
            with without_index(self._writer, indexing):
                yield
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    def renumber(self) -> None:
        """Close the gaps that `forget` has left in the posts' numbers, in their order."""
        ranks = "SELECT info_code AS post, row_number() OVER (ORDER BY id) AS rank FROM posts"
        try:
            with self._writer.atomic():
                # By way of negative numbers, because no two may be the same at any moment.
                self._writer.execute(
                    f"UPDATE posts SET id = -rank FROM ({ranks}) WHERE post = info_code"  # noqa: S608
                )
                self._writer.execute("UPDATE posts SET id = -id")
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    def forget_changes(self, info_code: InfoCode, at: str) -> None:
        """Delete what one look at the source found changed."""
        try:
            changes = self._writer.table("changes")
            changes.delete_where("info_code = ? AND at = ?", [info_code, at])
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    def forget(self, info_code: InfoCode) -> None:
        """Delete a post and all that hangs on it."""
        try:
            with self._writer.atomic():
                for table in ("changes", "mentions", "illustrations", "revisions", "posts"):
                    self._writer.table(table).delete_where("info_code = ?", [info_code])
        except sqlite3.Error as error:
            raise self._failed("write", error) from error

    def _put_mentions(self, post: PostRow, securities: Sequence[Security]) -> None:
        connection = self._writer.conn
        connection.execute("DELETE FROM mentions WHERE info_code = ?", [post.info_code])
        for security in securities:
            connection.execute(
                _PUT_SECURITY,
                (security.code, security.market, security.symbol, security.name, security.kind),
            )
            connection.execute(
                "INSERT INTO mentions (security, published, info_code) VALUES (?, ?, ?)",
                (security.code, post.published, post.info_code),
            )


def _categories(posts: Iterable[PostRow]) -> Iterable[tuple[str, str, str]]:
    for post in posts:
        if post.category and post.tag:
            category = Category(post.category, post.tag)
            yield category.media, category.slug, category.tag


def _post_of(row: sqlite3.Row) -> PostRow:
    return PostRow(**{name: row[name] for name in _POST_COLUMNS})


def _columns(row: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(row))


def _upsert(table: str, columns: Sequence[str], key: Sequence[str], **computed: str) -> str:
    """An upsert of columns in their order; a row that is the same already is not written.

    :param computed: expressions for columns that a row gets when it is new.
    """
    values = [column for column in columns if column not in key]
    return f"""
        INSERT INTO {table} ({", ".join([*columns, *computed])})
        VALUES ({", ".join([*("?" for _ in columns), *computed.values()])})
        ON CONFLICT ({", ".join(key)}) DO UPDATE
        SET {", ".join(f"{column} = excluded.{column}" for column in values)}
        WHERE {" OR ".join(f"{column} IS NOT excluded.{column}" for column in values)}
    """  # noqa: S608 (names of our own columns)


_POST_COLUMNS = _columns(PostRow)
_POST_VALUES = attrgetter(*_POST_COLUMNS)
_REVISION_VALUES = attrgetter(*_columns(RevisionRow))
_ADD_CATEGORY = "INSERT OR IGNORE INTO categories (media, slug, tag) VALUES (?, ?, ?)"
_NEXT_ID = "(SELECT coalesce(max(id), 0) + 1 FROM posts)"
_ADD_PAYLOAD = """
    INSERT OR IGNORE INTO payloads (digest, url, file, offset, fetched)
    VALUES (:digest, :url, :file, :offset, :fetched)
"""
_PUT_POST = _upsert("posts", _POST_COLUMNS, ["info_code"], id=_NEXT_ID)
_PUT_REVISION = _upsert("revisions", _columns(RevisionRow), ["info_code", "version"])
_PUT_SECURITY = """
    INSERT INTO securities (code, market, symbol, name, kind) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name
    WHERE excluded.name IS NOT NULL AND excluded.name IS NOT securities.name
"""
