"""The read access to an archive: its posts, captures, searches and statistics."""

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Concatenate, ParamSpec, TypeVar

from archive.article import Article
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog import (
    CatalogReader,
    PostRow,
    article_from,
)
from archive.categories import Category
from archive.clock import Clock, utc_iso
from archive.content import Post, parse_post
from archive.content.lexicon import Lexicon
from archive.crawl_state import CrawlState
from archive.errors import ArchiveError
from archive.storage import Closing, bytes_if_there, disk_errors
from archive.warc import Record, read_response

P = ParamSpec("P")
R = TypeVar("R")


def _of_catalog(
    method: Callable[Concatenate[CatalogReader, P], R],
) -> Callable[Concatenate["ArchiveReader", P], R]:
    """Return a method of an archive that calls one of its catalog."""

    @wraps(method)
    def call(archive: "ArchiveReader", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return method(archive._catalog, *args, **kwargs)

    return call


def _of_present(
    method: Callable[Concatenate[CatalogReader, datetime, P], R],
) -> Callable[Concatenate["ArchiveReader", P], R]:
    """Return a method of an archive that calls one of its catalog with the present time."""

    @wraps(method)
    def call(archive: "ArchiveReader", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return method(archive._catalog, archive._clock(), *args, **kwargs)

    return call


class ArchiveReader(Closing):
    """The methods of an archive that only read.

    `crawl_state` is what crawls store about hosts, lists and failures.

    :raises ArchiveError: from every method, when the disk or the catalog fails.
    """

    folder: Path
    crawl_state: CrawlState
    _catalog: CatalogReader
    _clock: Clock

    __len__ = _of_catalog(CatalogReader.count)
    has = _of_catalog(CatalogReader.has)
    row_of = _of_catalog(CatalogReader.get)
    article_at = _of_catalog(CatalogReader.article_at)
    slug_of = _of_catalog(CatalogReader.slug_of)
    stored_body = _of_catalog(CatalogReader.stored_body)
    last_learnt = _of_catalog(CatalogReader.last_learnt)
    hashes = _of_catalog(CatalogReader.hashes)
    categories = _of_catalog(CatalogReader.categories)
    seen_after = _of_catalog(CatalogReader.seen_after)
    missing_pictures = _of_catalog(CatalogReader.missing_pictures)
    search = _of_present(CatalogReader.search)
    post_at = _of_present(CatalogReader.post_at)
    due = _of_present(CatalogReader.due)
    stand_ins = _of_present(CatalogReader.stand_ins)
    completed = _of_present(CatalogReader.completed)
    last_crawls = _of_present(CatalogReader.last_crawls)
    history = _of_present(CatalogReader.history)

    def _disk(self) -> AbstractContextManager[None]:
        return disk_errors(self.folder)

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

    def category_of(self, media: str) -> Category:
        """Return the category that a media was first seen with, or else `Category.of_media`."""
        return self._catalog.category_of(media) or Category.of_media(media)

    def bytes_of(self, path: str) -> bytes | None:
        """Return the bytes of a file of the archive; None when the file does not exist.

        :param path: below the archive's folder.
        """
        with self._disk():
            return bytes_if_there(self.folder / path)

    def lexicon(self) -> Lexicon:
        """Return the names of securities that the sources of this archive have marked up."""
        return Lexicon.learnt(self._catalog.named_securities())
