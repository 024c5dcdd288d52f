"""The read access to an archive: its posts, captures, searches and statistics."""

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from archive.article import SHANGHAI, Article, Edition
from archive.article_id import EASTMONEY, ArticleId
from archive.capture import Capture
from archive.catalog import (
    CatalogReader,
    History,
    PostRow,
    StoredBody,
    article_from,
    as_json,
    history_of,
)
from archive.categories import Category
from archive.clock import Clock, utc_iso
from archive.content import Post, parse_post
from archive.content.lexicon import Lexicon
from archive.crawl_state import CrawlState
from archive.errors import ArchiveError
from archive.search import Query, moment_of
from archive.storage import Closing, bytes_if_there, disk_errors
from archive.warc import Record, read_response


class ArchiveReader(Closing):
    """The methods of an archive that only read.

    `crawl_state` is what crawls store about hosts, lists and failures.

    :raises ArchiveError: from every method, when the disk or the catalog fails.
    """

    folder: Path
    crawl_state: CrawlState
    _catalog: CatalogReader
    _clock: Clock

    def _disk(self) -> AbstractContextManager[None]:
        return disk_errors(self.folder)

    def __len__(self) -> int:
        return self._catalog.count()

    def has(self, info_code: ArticleId, edition: Edition | None = None) -> bool:
        """Return whether an article is archived.

        :param edition: of the article; any edition where it is None.
        """
        return self._catalog.has(info_code, edition)

    def last_learnt(self, info_code: ArticleId) -> str:
        """Return when an article last changed, ISO 8601, UTC; empty where none is archived."""
        return self._catalog.last_learnt(info_code)

    def article_at(self, address: str) -> ArticleId | None:
        """Return the archived article that an address leads to; None without any.

        Feeds, lists, sitemaps and shared links lead to one article by the canonical form of their
        addresses.

        :raises InvalidAddress: when it is no address of the web.
        """
        return self._catalog.article_at(address)

    def due(
        self,
        *,
        share: float,
        days: float,
        limit: int,
        hosts: Collection[str] | None = None,
        source: str = EASTMONEY,
        learnt: bool = False,
    ) -> list[PostRow]:
        """Return the articles that are due for a revisit, the longest overdue first.

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
        now = self._clock()
        since = (now - timedelta(days=days)).astimezone(SHANGHAI).isoformat(timespec="seconds")
        return self._catalog.due(utc_iso(now), since, share, limit, hosts, source, learnt=learnt)

    def stored_body(
        self, info_code: ArticleId, edition: Edition | None = None
    ) -> StoredBody | None:
        """Return the source of an archived body and the time of the last check for a better one.

        :param edition: of the article; the edition with the worst body where it is None.
        :returns: None when the article is not archived.
        """
        return self._catalog.stored_body(info_code, edition)

    def stand_ins(self, days: float) -> list[tuple[str, Edition, StoredBody]]:
        """Return the posts of the last days whose bodies are stand-ins, with code and edition."""
        return self._catalog.stand_ins(utc_iso(self._clock() - timedelta(days=days)))

    def was_known(self, info_code: ArticleId, at: datetime) -> bool:
        """Return whether an article was archived, or recorded as failed, at a time.

        :param at: aware.
        """
        seen = self._catalog.first_seen(info_code)
        if seen is not None:
            return seen <= utc_iso(at)
        failed = self.crawl_state.failure_of(info_code)
        # The end of a crawl is recorded in seconds; a failure in that second came before the end.
        return failed is not None and utc_iso(failed.first) <= utc_iso(at)

    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None:
        """Return when the last complete crawl of a spider ended, which read all of its lists.

        :param arguments: of that crawl; a crawl with other arguments reads other lists.
        :returns: None without such a crawl.
        """
        ended = self._catalog.completed(spider, as_json(arguments), utc_iso(self._clock()))
        return datetime.fromisoformat(ended) if ended else None

    def last_crawls(self, *, but: int) -> dict[str, datetime]:
        """Return when the last crawl without arguments of each spider began, if it has ended.

        :param but: exit status of crawls that do not count.
        """
        begun = self._catalog.last_crawls(utc_iso(self._clock()), but)
        return {spider: datetime.fromisoformat(started) for spider, started in begun.items()}

    def posts(self, info_codes: Sequence[ArticleId] = ()) -> Iterator[PostRow]:
        """Yield the catalog's rows of some articles, or of all in the order of their arrival.

        :raises ArchiveError: when one of `info_codes` is not archived.
        """
        if not info_codes:
            yield from self._catalog.posts()
        for info_code in info_codes:
            row = self._catalog.get(info_code)
            if row is None:
                raise ArchiveError(f"{info_code} is not in the archive {self.folder}.")
            yield row

    def editions(self, info_code: ArticleId) -> list[PostRow]:
        """Return the catalog's row of each edition of an article, the media's first.

        :raises ArchiveError: when the article is not archived.
        """
        editions = self._catalog.editions(info_code)
        if not editions:
            raise ArchiveError(f"{info_code} is not in the archive {self.folder}.")
        return [each.post for each in editions]

    def editions_of(self, info_code: ArticleId) -> list[Article]:
        """Return each edition of an article, the media's first.

        :raises InvalidArticle: when a post is broken.
        :raises ArchiveError: when the article is not archived.
        """
        return [self.article_of(row) for row in self.editions(info_code)]

    def article_of(self, row: PostRow) -> Article:
        """Return the article that a row of the catalog and its post file describe.

        :raises InvalidArticle: when the post is broken.
        """
        return article_from(row, self._post_of(row))

    def _post_of(self, row: PostRow) -> Post:
        data = self.bytes_of(row.path)
        if data is None:
            raise ArchiveError(
                f"The post {self.folder / row.path} is lost; run `finews verify --repair "
                f"{shlex.quote(str(self.folder))}`, which writes it again from its capture."
            )
        return parse_post(data, PurePosixPath(row.path).name)

    def records_of(self, row: PostRow) -> list[Record]:
        """Return the captured responses from which a version was read, the body's first.

        :raises ArchiveError: when one of the captures is lost or damaged.
        """
        with self._disk():
            captures = [Capture(**capture) for capture in json.loads(row.captures)]
            return [
                read_response(self.folder / "warc", capture, self._catalog.first_capture)
                for capture in captures
            ]

    def slug_of(self, info_code: ArticleId, edition: Edition | None = None) -> str | None:
        """Return the slug of an article's category; None when the article is not archived.

        :param edition: of the article; the media's, if archived, where it is None.
        """
        return self._catalog.slug_of(info_code, edition)

    def category_of(self, media: str) -> Category:
        """Return the category that a media was first seen with, or else `Category.of_media`."""
        return self._catalog.category_of(media) or Category.of_media(media)

    def categories(self) -> list[tuple[str, str, str]]:
        """Return media, slug and tag of every category with posts."""
        return self._catalog.categories()

    def seen_after(
        self, first_seen: str, info_code: str, path: str, limit: int
    ) -> list[tuple[str, str, str, str | None]]:
        """Return a page of the archived posts: first-seen time, code, path and category of each.

        :param first_seen: time of the last post of the page before; empty for the first page.
        :param info_code: code of that post; empty for the first page.
        :param path: path of that post; empty for the first page.
        :param limit: most posts of a page.
        """
        return self._catalog.seen_after(first_seen, info_code, path, limit)

    def search(
        self, query: Query | str, limit: int = 20, *, by_relevance: bool = False
    ) -> list[PostRow]:
        """Return the posts that a query finds, the newest publication first.

        :param query: see `archive.search.query`, or a text as typed into the search box; a query
            with `as_of` returns the posts of then.
        :param limit: most posts to return.
        :param by_relevance: return the most relevant posts first.
        :raises InvalidQuery: when the query cannot be understood, or asks as of a future time.
        """
        if isinstance(query, str):
            query = Query(q=query)
        if query.as_of:
            moment_of(query.as_of, self._clock())
        return self._catalog.search(query, limit, by_relevance=by_relevance)

    def post_at(self, info_code: ArticleId, as_of: str) -> PostRow | None:
        """Return the row that an article had at a time; None when it was not archived then.

        Its ``gone`` states whether the source had been found without it.

        :param as_of: see `archive.search.moment`.
        :raises InvalidQuery: when it is no time, or a future one.
        """
        moment_of(as_of, self._clock())
        return self._catalog.post_at(info_code, as_of)

    def row_of(self, info_code: ArticleId) -> PostRow | None:
        """Return the catalog's row of an article; None when the article is not archived."""
        return self._catalog.get(info_code)

    def hashes(self, info_codes: Iterable[str]) -> dict[str, set[str]]:
        """Return the SHA-256 of every archived version of some articles, by info code."""
        return self._catalog.hashes(info_codes)

    def bytes_of(self, path: str) -> bytes | None:
        """Return the bytes of a file of the archive; None when the file does not exist.

        :param path: below the archive's folder.
        """
        with self._disk():
            return bytes_if_there(self.folder / path)

    def missing_pictures(self, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the info code and the address of each picture that is not stored, newest first.

        :param hosts: only pictures at these hosts.
        """
        yield from self._catalog.missing_pictures(hosts)

    def lexicon(self) -> Lexicon:
        """Return the names of securities that the sources of this archive have marked up."""
        return Lexicon.learnt(self._catalog.named_securities())

    def history(self) -> History:
        """Return what crawls of this archive usually find, for comparison with the last crawl."""
        return history_of(self._catalog, self._clock())
