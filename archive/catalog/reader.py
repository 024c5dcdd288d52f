"""The queries of the catalog."""

import json
import shlex
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import fields
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from archive.article import SHANGHAI, BodySource, Edition
from archive.article_id import EASTMONEY, ArticleId
from archive.capture import Capture
from archive.catalog.addresses import article_at
from archive.catalog.crawl_history import History, read_history
from archive.catalog.editions import EditionRow, article_row, editions_of
from archive.catalog.revisited import FACTS, RevisitQueue, candidates_of, read_revisited
from archive.catalog.row_builder import as_json
from archive.catalog.rows import PostRow, RevisionRow, StoredBody, post_of
from archive.categories import Category
from archive.clock import utc_iso
from archive.content import Security
from archive.errors import ArchiveError, CatalogDamaged
from archive.revisits import EditRates, in_order, learn
from archive.search import Query, find, find_relevant, moment_of, state_at
from archive.storage import (
    Closing,
    connect_read_only,
    damage_of,
    named_rows,
    sqlite_errors,
)

_BODIES = """
    SELECT info_code, path, title, digest, body_source, published,
        coalesce(revised, first_seen) AS stored, checked
    FROM post_files
"""
_as_text = partial(str, encoding="utf-8", errors="surrogateescape")


class CatalogReader(Closing):
    """A catalog that is read over one connection.

    :raises ArchiveError: from every method, when the file cannot be read.
    """

    _path: Path
    _reader: sqlite3.Connection

    def close(self) -> None:
        """Close the connection."""
        self._reader.close()

    def _access(self, *, writing: bool = False) -> AbstractContextManager[None]:
        """Turn an error of SQLite in this block into an `ArchiveError` that names the file."""
        folder = shlex.quote(str(self._path.parent))
        return sqlite_errors(
            f"Could not write the catalog {self._path}"
            if writing
            else f"Could not read the catalog {self._path}",
            f"`finews rebuild {folder}` generates it again from the files",
            CatalogDamaged,
        )

    def get(self, info_code: ArticleId) -> PostRow | None:
        """Return the row of an article; None when the article is not archived."""
        row = self._one("SELECT * FROM posts WHERE info_code = ?", info_code)
        return post_of(row) if row else None

    def editions(self, info_code: str) -> list[EditionRow]:
        """Return the editions of an article, the media's first; empty when it is not archived."""
        with self._access():
            return editions_of(self._reader, info_code)

    def edition(self, info_code: str, edition: Edition) -> EditionRow | None:
        """Return one edition of an article; None when it is not archived."""
        found = (each for each in self.editions(info_code) if each.post.edition is edition)
        return next(found, None)

    def wrongly_merged(self) -> list[str]:
        """Return the paths of articles whose row differs from the merged rows of two editions."""
        found = self._all(
            "SELECT info_code, posts.path FROM posts"
            " WHERE info_code IN (SELECT info_code FROM editions) ORDER BY info_code"
        )
        return [row["path"] for row in found if not self._is_merged(row["info_code"])]

    def _is_merged(self, info_code: str) -> bool:
        try:
            posts = [each.post for each in self.editions(info_code)]
            return article_row(posts) == self.get(ArticleId(info_code))
        except (ValueError, TypeError, RecursionError, ArchiveError):  # rows changed by hand
            return False

    def posts(self) -> Iterator[PostRow]:
        """Yield the rows of all articles, in the order of their arrival."""
        with self._access():
            yield from map(post_of, named_rows(self._reader, "SELECT * FROM posts ORDER BY id"))

    def has(self, info_code: ArticleId, edition: Edition | None = None) -> bool:
        """Return whether an article is archived.

        :param edition: of the article; any edition where it is None.
        """
        return any(
            edition in (None, Edition.of_name(path))
            for path in self._texts("SELECT path FROM post_files WHERE info_code = ?", info_code)
        )

    def last_learnt(self, info_code: ArticleId) -> str:
        """Return when an article last changed, ISO 8601, UTC; empty where none is archived."""
        sql = "SELECT coalesce(max(known_from), '') FROM post_history WHERE info_code = ?"
        return self._texts(sql, info_code)[0]

    def due(
        self,
        now: datetime,
        *,
        share: float,
        days: float,
        limit: int,
        hosts: Collection[str] | None = None,
        source: str = EASTMONEY,
        learnt: bool = False,
    ) -> list[PostRow]:
        """Return the articles that are due for a revisit, the longest overdue first.

        A post whose last check is in the future, because a clock was ahead, is due. The age of a
        post that is dated ahead counts from the time when it was first seen.

        :param now: aware.
        :param share: of an article's age; the time between two revisits. With 0.5, the pauses
            double.
        :param days: age in days up to which articles are revisited. Articles whose body is a
            stand-in are revisited at any age, counted from the time when they were first seen.
        :param limit: most articles to return.
        :param hosts: only articles whose body came from one of these hosts.
        :param source: only articles of this source.
        :param learnt: where more are due than `limit`, return those of which earlier revisits let
            expect most edits; see `archive.revisits`.
        """
        columns, most = (FACTS, -1) if learnt else ("*", limit)
        found = self._due(columns, now, days, share, most, hosts, source)
        if not learnt:
            return [post_of(row) for row in found]
        rates = EditRates() if len(found) <= limit else self._edit_rates(now)
        chosen = in_order(candidates_of(found), rates, limit)
        return [row for code in chosen if (row := self.get(ArticleId(code)))]

    def revisit_queues(self, now: datetime, days: float, share: float) -> dict[str, RevisitQueue]:
        """Return the revisits that are due, by source; see `due`."""
        queues: defaultdict[str, RevisitQueue] = defaultdict(RevisitQueue)
        if found := self._due(FACTS, now, days, share):
            rates = self._edit_rates(now)
            for row, each in zip(found, candidates_of(found), strict=True):
                queues[row["source"]].add(rates.expected(each.groups, each.since, each.until))
        return queues

    def _edit_rates(self, now: datetime) -> EditRates:
        with self._access():
            return learn(read_revisited(self._reader, utc_iso(now)))

    def _due(
        self,
        columns: str,
        now: datetime,
        days: float,
        share: float,
        limit: int = -1,
        hosts: Collection[str] | None = None,
        source: str | None = None,
    ) -> list[sqlite3.Row]:
        sql = f"""
            SELECT {columns}, julianday(:now) - julianday(checked) AS waited FROM (
                SELECT *,
                    julianday(:now) - min(julianday(published), julianday(first_seen)) AS age
                FROM posts WHERE published >= :since AND NOT body_provisional AND (
                    julianday(published) <= julianday(:now)
                    OR julianday(first_seen) >= julianday(:since)
                )
                UNION ALL
                SELECT *, julianday(:now) - julianday(min(first_seen, checked)) AS age
                FROM posts WHERE body_provisional
            )
            WHERE (age >= 0 AND waited >= age * :share OR checked > :now)
            AND (:source IS NULL OR source = :source)
            AND (body_source IS NOT 'list' OR body_provisional)
            AND (:hosts IS NULL OR EXISTS (
                SELECT 1 FROM json_each(:hosts)
                WHERE addresses ->> '$[0]' GLOB 'http*://' || value || '/*'
            )) ORDER BY waited / age DESC, id LIMIT :limit
        """  # noqa: S608 (our own columns)
        since = (now - timedelta(days=days)).astimezone(SHANGHAI).isoformat(timespec="seconds")
        values = {"now": utc_iso(now), "since": since, "share": share, "limit": limit}
        of_hosts = None if hosts is None else json.dumps(list(hosts))
        return self._all(sql, **values, hosts=of_hosts, source=source)

    def article_at(self, address: str) -> ArticleId | None:
        """Return the archived article that an address leads to; None without any.

        Feeds, lists, sitemaps and shared links lead to one article by the canonical form of their
        addresses.

        :raises InvalidAddress: when it is no address of the web.
        """
        with self._access():
            return article_at(self._reader, address)

    def named_securities(self) -> Iterator[tuple[Security, date]]:
        """Yield the securities that sources name, with the days of their first and last mention.

        Securities that only the text of articles names are left out.
        """
        sql = """
            SELECT market, symbol, name,
                (SELECT min(published) FROM mentions WHERE security = code),
                (SELECT max(published) FROM mentions WHERE security = code)
            FROM securities WHERE name IS NOT NULL AND EXISTS (
                SELECT 1 FROM mentions WHERE security = code
                AND (found IS NULL OR found NOT IN ('code', 'name'))
            )
        """
        for market, symbol, name, *met in self._tuples(sql):
            for published in met:
                yield Security(market, symbol, name), date.fromisoformat(published[:10])

    def slug_of(self, info_code: ArticleId, edition: Edition | None = None) -> str | None:
        """Return the slug of an article's category; None when the article is not archived.

        :param edition: of the article; the first where it is None.
        """
        editions = (self.edition(info_code, edition),) if edition else self.editions(info_code)
        return next((each.post.category for each in editions if each), None)

    def stored_body(
        self, info_code: ArticleId, edition: Edition | None = None
    ) -> StoredBody | None:
        """Return the source and the last check of a body; None when the post is not archived.

        :param edition: of the article; the edition with the worst body where it is None.
        """
        bodies = [
            _stored_body(row)[2]
            for row in self._all(_BODIES + "WHERE info_code = ?", info_code)
            if edition in (None, Edition.of_name(row["path"]))
        ]
        return min(bodies, key=_quality, default=None)

    def stand_ins(self, now: datetime, days: float) -> list[tuple[str, Edition, StoredBody]]:
        """Return Eastmoney's posts whose body may be improved, with code and edition.

        :param now: aware.
        :param days: number of the last days in which the posts were first seen.
        """
        sql = _BODIES + "WHERE first_seen >= ? AND body_source <> ? AND source = ?"
        since = utc_iso(now - timedelta(days=days))
        found = self._all(sql, since, BodySource.SHARE_API, EASTMONEY)
        return [_stored_body(row) for row in found]

    def category_of(self, media: str) -> Category | None:
        """Return the category that a media was first seen with."""
        row = self._one("SELECT slug, tag FROM categories WHERE media = ?", media)
        return Category(slug=row["slug"], tag=row["tag"]) if row else None

    def categories(self) -> list[tuple[str, str, str]]:
        """Return media, slug and tag of every category with posts."""
        return self._tuples("SELECT media, slug, tag FROM categories")

    def seen_after(
        self, first_seen: str, info_code: str, path: str, limit: int
    ) -> list[tuple[str, str, str, str | None]]:
        """Return first-seen time, code, path and category of posts, ordered by the first three.

        :param limit: most posts to return; they follow the post with the given values, which are
            empty for the first ones.
        """
        sql = """
            SELECT first_seen, info_code, path, category FROM post_files
            WHERE (first_seen, info_code, path) > (?, ?, ?)
            ORDER BY first_seen, info_code, path LIMIT ?
        """
        return self._tuples(sql, first_seen, info_code, path, limit)

    def first_capture(self, digest: str) -> Capture | None:
        """Return the first capture of a payload, by its digest."""
        sql = "SELECT url, file, offset, fetched FROM payloads WHERE digest = ?"
        row = self._one(sql, digest)
        return Capture(**dict(row)) if row else None

    def search(
        self, now: datetime, query: Query | str, limit: int = 20, *, by_relevance: bool = False
    ) -> list[PostRow]:
        """Return the posts that a query finds, the newest publication first.

        :param now: aware.
        :param query: see `archive.search.query`, or a text as typed into the search box; a query
            with `as_of` returns the posts of then.
        :param limit: most posts to return.
        :param by_relevance: return the most relevant posts first.
        :raises InvalidQuery: when the query cannot be understood, or asks as of a future time.
        """
        if isinstance(query, str):
            query = Query(q=query)
        if query.as_of:
            moment_of(query.as_of, now)
        find_first = find_relevant if by_relevance else find
        with self._access():
            hits = find_first(self._reader, query, limit=limit)
        sql = f"SELECT * FROM {query.tables.rows} WHERE id = ?"  # noqa: S608 (our own names)
        found = (self._one(sql, hit.id) for hit in hits)
        return [post_of(row) for row in found if row]

    def post_at(self, now: datetime, info_code: ArticleId, as_of: str) -> PostRow | None:
        """Return the row that an article had at a time; None when it was not archived then.

        Its ``gone`` states whether the source had been found without it.

        :param now: aware.
        :param as_of: see `archive.search.moment`.
        :raises InvalidQuery: when it is no time, or a future one.
        """
        moment_of(as_of, now)
        with self._access():
            state = state_at(self._reader, info_code, as_of)
        row = self._one("SELECT * FROM post_states WHERE id = ?", state)
        return post_of(row) if row else None

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[sqlite3.Row]:
        """Yield the rows of a table; bytes that are not UTF-8 are decoded as surrogates."""
        sql = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 (our own names)
        with self._access(), closing(connect_read_only(self._path)) as connection:
            connection.text_factory = _as_text
            connection.row_factory = sqlite3.Row
            yield from connection.execute(sql)

    def hashes(self, info_codes: Iterable[str]) -> dict[str, set[str]]:
        """Return the SHA-256 of all versions of some articles, by info code."""
        found: dict[str, set[str]] = {}
        for (info_code, _), digests in self.post_hashes(info_codes).items():
            found.setdefault(info_code, set()).update(digests)
        return found

    def post_hashes(self, info_codes: Iterable[str]) -> dict[tuple[str, Edition], set[str]]:
        """Return the SHA-256 of all versions of some articles, by info code and edition."""
        wanted = "info_code IN (SELECT value FROM json_each(?))"
        sql = f"""
            SELECT info_code, path, sha256 FROM post_files WHERE {wanted}
            UNION ALL SELECT info_code, path, sha256 FROM revisions WHERE {wanted}
        """  # noqa: S608
        found: dict[tuple[str, Edition], set[str]] = {}
        codes = json.dumps(list(info_codes))
        for info_code, path, digest in self._tuples(sql, codes, codes):
            found.setdefault((info_code, Edition.of_name(path)), set()).add(digest)
        return found

    def superseded(self, info_code: ArticleId, edition: Edition) -> list[RevisionRow]:
        """Return the superseded versions of a post, the oldest first."""
        sql = "SELECT * FROM revisions WHERE info_code = ? AND edition = ? ORDER BY version"
        return [
            RevisionRow(**{name: row[name] for name in _REVISION_COLUMNS})
            for row in self._all(sql, info_code, edition)
        ]

    def revision_paths(self, info_codes: Iterable[str]) -> set[str]:
        """Return the paths of the superseded versions of some articles."""
        sql = "SELECT path FROM revisions WHERE info_code IN (SELECT value FROM json_each(?))"
        return set(self._texts(sql, json.dumps(list(info_codes))))

    def damage(self) -> list[str]:
        """Return the problems that SQLite finds in the file; empty without any."""
        return damage_of(self._path)

    def history(self, now: datetime) -> History:
        """Return what crawls usually find, for comparison with the last crawl.

        :param now: aware.
        """
        with self._access():
            return read_history(self._reader, now)

    def last_good_crawl(self) -> str:
        """Return the end of the last crawl with status 0, ISO 8601, UTC; empty without one."""
        return str(self._value("SELECT coalesce(max(ended), '') FROM crawls WHERE status = 0"))

    def completed(
        self, now: datetime, spider: str, arguments: Mapping[str, str]
    ) -> datetime | None:
        """Return when the last complete crawl of a spider ended, which read all of its lists.

        :param now: aware; a crawl that ended later, because a clock was ahead, does not count.
        :param arguments: of that crawl; a crawl with other arguments reads other lists.
        :returns: None without such a crawl.
        """
        sql = """
            SELECT ended FROM crawls WHERE spider = ? AND arguments = ? AND complete AND ended <= ?
            ORDER BY id DESC LIMIT 1
        """
        ended = self._value(sql, spider, as_json(arguments), utc_iso(now))
        return datetime.fromisoformat(ended) if ended else None

    def last_crawls(self, now: datetime, *, but: int) -> dict[str, datetime]:
        """Return when the last crawl without arguments of each spider began, if it has ended.

        :param now: aware; a crawl that began later, because a clock was ahead, does not count.
        :param but: exit status of crawls that do not count.
        """
        sql = """
            SELECT spider, max(started) FROM crawls
            WHERE arguments = '{}' AND ended IS NOT NULL AND status <> ? AND started <= ?
            GROUP BY spider
        """
        begun = self._tuples(sql, but, utc_iso(now))
        return {spider: datetime.fromisoformat(started) for spider, started in begun}

    def first_seen(self, info_code: ArticleId) -> str | None:
        """Return when an article was first seen, ISO 8601, UTC; None when it is not archived."""
        sql = "SELECT first_seen FROM posts WHERE info_code = ?"
        first_seen: str | None = self._value(sql, info_code)
        return first_seen

    def count(self) -> int:
        """Return the number of archived articles."""
        return int(self._value("SELECT count(*) FROM posts"))

    def _one(self, sql: str, *parameters: object) -> sqlite3.Row | None:
        with self._access():
            row: sqlite3.Row | None = named_rows(self._reader, sql, *parameters).fetchone()
        return row

    def _all(self, sql: str, *parameters: object, **named: object) -> list[sqlite3.Row]:
        with self._access():
            return named_rows(self._reader, sql, *parameters, **named).fetchall()

    def _tuples(self, sql: str, *parameters: object) -> list[Any]:
        with self._access():
            return self._reader.execute(sql, parameters).fetchall()

    def _value(self, sql: str, *parameters: object) -> Any:
        """Return the first column of the first row that a query finds; None without rows."""
        return next((row[0] for row in self._tuples(sql, *parameters)), None)

    def _texts(self, sql: str, *parameters: object) -> list[str]:
        """Return the first column of the rows that a query finds."""
        return [text for (text,) in self._tuples(sql, *parameters)]

    def missing_pictures(self, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield info code and address of each picture that is not stored, the newest first.

        :param hosts: only pictures at these hosts.
        """
        # Reads the primary key backwards, and so the newest pictures without reading the rest.
        sql = """
            SELECT info_code, address FROM illustrations AS have
            WHERE host IN (SELECT value FROM json_each(?))
            AND NOT EXISTS (SELECT 1 FROM pictures WHERE pictures.address = have.address)
            ORDER BY info_code DESC, address DESC
        """
        with self._access():
            yield from self._reader.execute(sql, [json.dumps(list(hosts))])

    def next_crawl(self) -> int:
        """Return the number of the next crawl."""
        return int(self._value("SELECT coalesce(max(id), 0) + 1 FROM crawls"))


def _stored_body(row: sqlite3.Row) -> tuple[str, Edition, StoredBody]:
    columns = dict(row)
    return columns.pop("info_code"), Edition.of_name(columns.pop("path")), StoredBody(**columns)


def _quality(body: StoredBody) -> int:
    """Return the rank of a body's source, the worst first; an unknown source is the last."""
    sources = [*BodySource, None]
    return sources.index(BodySource(body.body_source) if body.body_source else None)


_REVISION_COLUMNS = tuple(field.name for field in fields(RevisionRow))
