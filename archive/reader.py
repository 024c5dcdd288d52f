"""What can be asked of an archive, and noted beside it, without writing to it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from archive.article import SHANGHAI, Article, Edition, InfoCode
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
from archive.content import parse_post
from archive.crawl_state import CrawlState
from archive.errors import ArchiveError
from archive.search import Query
from archive.storage import Closing, bytes_if_there
from archive.warc import Record, read_response


class ArchiveReader(Closing):
    """The half of an archive that reads.

    `crawl_state` is what crawls remember of the sites.

    :raises ArchiveError: from every method, when the disk or the catalog refuses.
    """

    folder: Path
    crawl_state: CrawlState
    _catalog: CatalogReader
    _clock: Clock

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename or self.folder
            raise ArchiveError(
                f"The disk refuses {place} to the archive: {error.strerror}."
            ) from error

    def __len__(self) -> int:
        return self._catalog.count()

    def has(self, info_code: InfoCode, edition: Edition | None = None) -> bool:
        """Return whether the article is archived.

        :param edition: as this post; as any where it is None.
        """
        return self._catalog.has(info_code, edition)

    def due(
        self, *, share: float, days: float, limit: int, hosts: Collection[str] | None = None
    ) -> list[PostRow]:
        """Articles that the source should be looked at for again, the longest overdue first.

        :param share: of an article's age, which has to go by between two looks: with 0.5, each
            look is twice as late as the one before.
        :param days: older articles have had their looks. Those with a stand-in for a body are
            looked for on, by the time since they were first seen.
        :param hosts: only articles whose body came from one of them.
        """
        now = self._clock()
        since = (now - timedelta(days=days)).astimezone(SHANGHAI).isoformat(timespec="seconds")
        return self._catalog.due(utc_iso(now), since, share, limit, hosts)

    def stored_body(self, info_code: InfoCode, edition: Edition | None = None) -> StoredBody | None:
        """Return where an archived body came from and when a better one was looked for.

        :param edition: whose body it is; the worst of both where it is None.
        :returns: None when the article is not archived.
        """
        return self._catalog.stored_body(info_code, edition)

    def stand_ins(self, days: float) -> list[tuple[str, Edition, StoredBody]]:
        """Return the posts of the last days whose bodies stand in for better ones."""
        return self._catalog.stand_ins(utc_iso(self._clock() - timedelta(days=days)))

    def was_known(self, info_code: InfoCode, at: datetime) -> bool:
        """Whether the article was archived by then, or noted as one that could not be."""
        seen = self._catalog.first_seen(info_code)
        if seen is not None:
            return seen <= utc_iso(at)
        failed = self.crawl_state.failure_of(info_code)
        # A crawl's end is known to the second, and what failed within that second came before it.
        return failed is not None and utc_iso(failed.first) <= utc_iso(at)

    def completed(self, spider: str, arguments: Mapping[str, str]) -> datetime | None:
        """When the last complete crawl of a spider ended, which had dealt with all of its lists.

        :param arguments: that it had; with others it reads other lists.
        """
        ended = self._catalog.completed(spider, as_json(arguments), utc_iso(self._clock()))
        return datetime.fromisoformat(ended) if ended else None

    def posts(self, info_codes: Sequence[InfoCode] = ()) -> Iterator[PostRow]:
        """What the catalog has of some articles, or of all, in the order in which they came.

        :raises ArchiveError: when one of `info_codes` is not archived.
        """
        if not info_codes:
            yield from self._catalog.posts()
        for info_code in info_codes:
            row = self._catalog.get(info_code)
            if row is None:
                raise ArchiveError(f"{info_code} is not in the archive {self.folder}.")
            yield row

    def editions(self, info_code: InfoCode) -> list[PostRow]:
        """Return what is known of each post of an article, the media's first.

        :raises ArchiveError: when the article is not archived.
        """
        editions = self._catalog.editions(info_code)
        if not editions:
            raise ArchiveError(f"{info_code} is not in the archive {self.folder}.")
        return [each.post for each in editions]

    def editions_of(self, info_code: InfoCode) -> list[Article]:
        """Return an article as each of its posts has it, the media's first.

        :raises InvalidArticle: when a post is broken.
        :raises ArchiveError: when the article is not archived.
        """
        return [self.article_of(row) for row in self.editions(info_code)]

    def article_of(self, row: PostRow) -> Article:
        """The article that the row of a post and its file describe.

        :raises InvalidArticle: when the post is broken.
        """
        with self._disk():
            post = parse_post((self.folder / row.path).read_bytes(), PurePosixPath(row.path).name)
        return article_from(row, post)

    def records_of(self, row: PostRow) -> list[Record]:
        """The captured responses that a version was made of, the body's first.

        :raises ArchiveError: when one of them is lost or damaged.
        """
        with self._disk():
            captures = [Capture(**capture) for capture in json.loads(row.captures)]
            return [
                read_response(self.folder / "warc", capture, self._catalog.first_capture)
                for capture in captures
            ]

    def slug_of(self, info_code: InfoCode, edition: Edition | None = None) -> str | None:
        """Return the category, by slug, that an article is archived in; None when it is not.

        :param edition: as this post; the media's first where it is None.
        """
        return self._catalog.slug_of(info_code, edition)

    def category_of(self, media: str) -> Category:
        """The category of a media: the one that it was first seen with, else the site's way."""
        return self._catalog.category_of(media) or Category.of_media(media)

    def categories(self) -> list[tuple[str, str, str]]:
        """Media, slug and tag of every category that posts are in."""
        return self._catalog.categories()

    def seen_after(
        self, first_seen: str, info_code: str, path: str, limit: int
    ) -> list[tuple[str, str, str, str | None]]:
        """What is archived, a piece at a time: first time, code, path and category of each post.

        :param first_seen: of the last one that is known already, as
        :param info_code: its code, and
        :param path: its path; three empty texts for the first piece.
        """
        return self._catalog.seen_after(first_seen, info_code, path, limit)

    def search(self, query: Query | str, limit: int = 20) -> list[PostRow]:
        """Return posts, the newest publication first.

        :param query: see `archive.search.query`; a text is what would be typed into the search box.
        """
        if isinstance(query, str):
            query = Query(q=query)
        return self._catalog.search(query, limit)

    def row_of(self, info_code: InfoCode) -> PostRow | None:
        """The catalog's row of an article; None when it is not archived."""
        return self._catalog.get(info_code)

    def hashes(self, info_codes: Iterable[str]) -> dict[str, set[str]]:
        """The SHA-256 of every archived version of some articles, by info code."""
        return self._catalog.hashes(info_codes)

    def bytes_of(self, path: str) -> bytes | None:
        """A file of the archive, by its path below the folder; None when it is not there."""
        with self._disk():
            return bytes_if_there(self.folder / path)

    def missing_pictures(self, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Info code and address of the articles' pictures that are not kept, the newest first.

        :param hosts: only pictures at these.
        """
        yield from self._catalog.missing_pictures(hosts)

    def history(self) -> History:
        """What crawls of this archive usually bring, to judge one by that has just ended."""
        return history_of(self._catalog, self._clock())
