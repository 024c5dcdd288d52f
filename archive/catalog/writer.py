"""Write the catalog."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from archive.article import Edition
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog.absences import record_presence
from archive.catalog.addresses import record_addresses
from archive.catalog.editions import (
    EditionRow,
    article_row,
    merged_securities,
    read_editions,
    write_edition,
)
from archive.catalog.events import close_gaps, forget_event, record_events
from archive.catalog.history import (
    PostState,
    forget_history,
    forget_state,
    last_learnt,
    number_documents,
    record_state,
)
from archive.catalog.images import illustrate
from archive.catalog.migrations import catalog_migrations, missing_parts
from archive.catalog.reader import CatalogReader
from archive.catalog.rows import POST_COLUMNS, CatalogEntry, PostRow, RevisionRow, post_of
from archive.categories import Category
from archive.content import Security
from archive.errors import MisshapenCatalog
from archive.search import Indexing, learn_name, register, without_index
from archive.storage import Picture, connect, named_rows
from archive.tables import Database


class Catalog(CatalogReader):
    """A catalog with separate connections for reading and writing, so that no read has to wait.

    One call of `put` at a time may run in another thread than the other methods.

    :param private: no other process uses the file; one connection reads and writes.
    :raises MisshapenCatalog: when it lacks tables or columns that every release creates.
    :raises ArchiveError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self._path = path
        self._grams: dict[str, str] = {}
        with ExitStack() as failing:
            with self._access():
                self._writer = Database(connect(path))
                failing.callback(self._writer.close)
                register(self._writer.conn, self._grams)
                self._writer.enable_wal()
                self._writer.execute("PRAGMA synchronous = FULL")
                self._writer.execute("PRAGMA foreign_keys = ON")
                catalog_migrations.apply(self._writer)
                if missing := missing_parts(self._writer):
                    raise MisshapenCatalog(path, missing)
                self._reader = self._writer.conn if private else connect(path, shared=True)
            failing.pop_all()

    def close(self) -> None:
        """Close both connections."""
        super().close()
        self._writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run this block in one transaction."""
        with self._access(writing=True), self._writer.atomic():
            yield

    def put(
        self, entries: Sequence[CatalogEntry] = (), payloads: Mapping[str, Capture] | None = None
    ) -> None:
        """Write entries in one transaction. Unchanged rows are not written.

        :param payloads: first capture of each payload, by digest.
        """
        for entry in entries:
            self._grams.update(entry.grams)
        try:
            with self._writing():
                execute = self._writer.conn.executemany
                execute(_ADD_CATEGORY, _categories(entry.post for entry in entries))
                learnt = [self._put_post(entry) for entry in entries]
                execute(
                    _ADD_PAYLOAD,
                    [(key, *_CAPTURE_VALUES(first)) for key, first in (payloads or {}).items()],
                )
                record_presence(self._writer.conn, entries)
                record_events(self._writer.conn, zip(entries, learnt, strict=True))
        finally:
            self._grams.clear()

    def store_picture(self, picture: Picture) -> None:
        """Record a stored picture."""
        with self._writing():
            self._writer.conn.execute(_STORE_PICTURE, asdict(picture))

    def forget_picture(self, digest: str) -> None:
        """Delete the rows of a lost picture, so that the next crawl requests it.

        :param digest: SHA-256 of the picture, in hexadecimal.
        """
        with self._writing():
            self._writer.conn.execute("DELETE FROM pictures WHERE sha256 = ?", [digest])

    def put_crawl(self, row: Mapping[str, Any]) -> None:
        """Add a row to ``crawls``, or update the row with the same ``id``.

        A row without a start that matches no stored crawl is ignored.
        """
        crawls = self._writer.table("crawls")
        with self._access(writing=True):
            if crawls.count_where("id = ?", [row["id"]]):
                crawls.update(row["id"], {key: row[key] for key in row if key != "id"})
            elif "started" in row:
                crawls.insert(dict(row))

    @contextmanager
    def bulk_loading(self, indexing: Indexing) -> Iterator[None]:
        """Write many entries in one transaction; the search index is rebuilt at its end.

        Only for a private catalog, whose reads see uncommitted rows.

        :param indexing: see `archive.search.index.rebuild_search`.
        """
        assert self._reader is self._writer.conn
        with self._access(writing=True), without_index(self._writer, indexing):
            yield

    def number_last(self, info_code: ArticleId) -> tuple[int, int]:
        """Give an article the highest number; return its old and its new number."""
        this = "WHERE info_code = ?"
        with self._writing():
            ((number,),) = self._writer.execute(f"SELECT id FROM posts {this}", [info_code])  # noqa: S608
            self._writer.execute(
                f"UPDATE posts SET id = {_NEXT_ID} {this}",  # noqa: S608
                [info_code],
            )
            ((last,),) = self._writer.execute(f"SELECT id FROM posts {this}", [info_code])  # noqa: S608
        return int(number), int(last)

    def renumber(self, numbers: Mapping[ArticleId, int]) -> None:
        """Number posts and events without gaps, which `forget` leaves; their order stays.

        :param numbers: old numbers of articles, which are restored first.
        """
        ranks = "SELECT info_code AS post, row_number() OVER (ORDER BY id) AS rank FROM posts"
        with self._writing():
            for info_code, number in numbers.items():
                self._writer.execute(
                    "UPDATE posts SET id = ? WHERE info_code = ?", [number, info_code]
                )
            # First negative numbers, because the numbers must be unique at any moment.
            self._writer.execute(
                f"UPDATE posts SET id = -rank FROM ({ranks}) WHERE post = info_code"  # noqa: S608
            )
            self._writer.execute("UPDATE posts SET id = -id")
            close_gaps(self._writer.conn)
            number_documents(self._writer.conn)

    def move_post(self, info_code: ArticleId, path: str) -> None:
        """Change the path of an article's post.

        :param path: below the archive's folder.
        """
        with self._writing():
            self._writer.execute("UPDATE posts SET path = ? WHERE info_code = ?", [path, info_code])

    def forget_version(self, info_code: ArticleId, edition: Edition, version: int) -> None:
        """Delete the event and the state of an article's last version, which is recorded again."""
        with self._writing():
            forget_event(self._writer.conn, info_code, edition, version)
            forget_state(self._writer.conn, info_code)

    def forget(self, info_code: ArticleId, edition: Edition) -> bool:
        """Delete the rows of an edition, and of the article where it has no other edition.

        :returns: whether the article has another edition.
        """
        with self._writing():
            others = [
                each
                for each in read_editions(self._writer.conn, info_code)
                if each.post.edition is not edition
            ]
            tables = (
                *("editions", "absences", "events", "mentions", "illustrations", "addresses"),
                *("revisions", "posts"),
            )
            if others:
                forget_state(self._writer.conn, info_code)
            else:
                forget_history(self._writer.conn, info_code)
            for table in ("editions",) if others else tables:
                self._writer.table(table).delete_where("info_code = ?", [info_code])
            if others:
                this = "info_code = ? AND edition = ?"
                for table in ("revisions", "absences", "events"):
                    self._writer.table(table).delete_where(this, [info_code, edition])
                self._put_article(others)
        return bool(others)

    def _put_post(self, entry: CatalogEntry) -> str:
        """Write the rows of an article after a change of one of its editions.

        :returns: when the archive learnt the change, ISO 8601, UTC.
        """
        connection, post = self._writer.conn, entry.post
        before, learnt = self._state(post.info_code), last_learnt(connection, entry)
        known = {each.post.edition: each for each in before.editions or [before]} if before else {}
        earlier = known.get(post.edition)
        if entry.securities is None:
            named = earlier.securities if earlier else {}
        else:
            self._put_securities(entry.securities, learnt)
            named = _found(entry.securities)
        edition = known[post.edition] = EditionRow(post, named)
        after = self._put_article(list(known.values()), same_body=entry.securities is None)
        if entry.securities is not None:
            record_addresses(connection, post.info_code, post.link, post.addresses)
        if entry.revision is not None:
            connection.execute(_PUT_REVISION, _REVISION_VALUES(entry.revision))
        same = earlier is not None and earlier.is_same(edition)
        record_state(connection, before, after, learnt, same=same)
        return learnt

    def _state(self, info_code: str) -> PostState | None:
        """Return what the catalog knows of an article; None when it is not archived."""
        connection = self._writer.conn
        sql = "SELECT * FROM posts WHERE info_code = ?"
        row = named_rows(connection, sql, info_code).fetchone()
        if row is None:
            return None
        sql = "SELECT security, found FROM mentions WHERE info_code = ? ORDER BY security"
        named = dict(connection.execute(sql, [info_code]).fetchall())
        return PostState(post_of(row), named, read_editions(connection, info_code))

    def _put_article(self, editions: Sequence[EditionRow], *, same_body: bool = False) -> PostState:
        """Write the row of an article, and those of its editions, if it has two.

        :param same_body: what the article names and shows is in the catalog already.
        """
        connection = self._writer.conn
        article = article_row([each.post for each in editions])
        connection.execute(_PUT_POST, _POST_VALUES(article))
        if len(editions) > 1:
            for edition in editions:
                write_edition(connection, edition)
        named = merged_securities([each.securities for each in editions])
        if not same_body:
            self._put_mentions(article, named)
            illustrate(connection, article.info_code, article.pictures)
        return PostState(article, named)

    def _put_securities(self, securities: Iterable[Security], learnt: str) -> None:
        self._writer.conn.executemany(
            _PUT_SECURITY,
            [(each.code, each.market, each.symbol, each.name, each.kind) for each in securities],
        )
        for each in securities:
            learn_name(self._writer.conn, each.code, each.name, learnt)

    def _put_mentions(self, post: PostRow, found: Mapping[str, str | None]) -> None:
        connection = self._writer.conn
        connection.execute("DELETE FROM mentions WHERE info_code = ?", [post.info_code])
        connection.executemany(
            "INSERT INTO mentions (security, published, info_code, found) VALUES (?, ?, ?, ?)",
            [(code, post.published, post.info_code, found[code]) for code in sorted(found)],
        )


def _found(securities: Iterable[Security]) -> Mapping[str, str | None]:
    """Return how each security was found, by their codes, in order."""
    return {each.code: each.found for each in sorted(securities, key=attrgetter("code"))}


def _categories(posts: Iterable[PostRow]) -> Iterable[tuple[str, str, str]]:
    for post in posts:
        if post.category and post.tag:
            category = Category(post.category, post.tag)
            yield category.media, category.slug, category.tag


def _columns(row: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(row))


def _upsert(table: str, columns: Sequence[str], key: Sequence[str], **computed: str) -> str:
    """Return an SQL upsert of columns in their order; it does not write an unchanged row.

    :param key: columns of the primary key.
    :param computed: SQL expressions of columns that only a new row gets.
    """
    values = [column for column in columns if column not in key]
    return f"""
        INSERT INTO {table} ({", ".join([*columns, *computed])})
        VALUES ({", ".join([*("?" for _ in columns), *computed.values()])})
        ON CONFLICT ({", ".join(key)}) DO UPDATE
        SET {", ".join(f"{column} = excluded.{column}" for column in values)}
        WHERE {" OR ".join(f"{column} IS NOT excluded.{column}" for column in values)}
    """  # noqa: S608 (names of our own columns)


_POST_VALUES = attrgetter(*POST_COLUMNS)
_REVISION_COLUMNS = (*_columns(RevisionRow), "edition")
_REVISION_VALUES = attrgetter(*_REVISION_COLUMNS)
_ADD_CATEGORY = "INSERT OR IGNORE INTO categories (media, slug, tag) VALUES (?, ?, ?)"
_NEXT_ID = "(SELECT coalesce(max(id), 0) + 1 FROM posts)"
_CAPTURE_VALUES = attrgetter(*_columns(Capture))
_ADD_PAYLOAD = f"""
    INSERT OR IGNORE INTO payloads (digest, {", ".join(_columns(Capture))})
    VALUES (?, {", ".join("?" for _ in _columns(Capture))})
"""  # noqa: S608
_STORE_PICTURE = """
    INSERT OR REPLACE INTO pictures (address, sha256, type, bytes, fetched)
    VALUES (:address, :sha256, :type, :bytes, :fetched)
"""
_PUT_POST = _upsert("posts", POST_COLUMNS, ["info_code"], id=_NEXT_ID)
_PUT_REVISION = _upsert("revisions", _REVISION_COLUMNS, ["info_code", "edition", "version"])
_PUT_SECURITY = """
    INSERT INTO securities (code, market, symbol, name, kind) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name
    WHERE excluded.name IS NOT NULL AND excluded.name IS NOT securities.name
"""
