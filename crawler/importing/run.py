"""Import files: WARC, WACZ, JSON Lines and CSV."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware

from archive.archive import Archive
from archive.article import Article
from archive.capture import Capture
from archive.errors import ArchiveError, FinewsError, Refused
from archive.progress import Progress, silent
from archive.warc import Record
from archive.writing import Outcome
from crawler.declarations import Declaration
from crawler.importing.captured import Captured, captured, date_of
from crawler.importing.listing import ListedResponse, Place, ResponseListing
from crawler.importing.mapping import InvalidMapping, Mapping
from crawler.importing.publishers import ListedArticles, Publishers
from crawler.importing.storing import Storing
from crawler.importing.tables import articles_in
from crawler.importing.warc_files import WarcFile, read_warc, warc_files_in

_OK = 200
_RESPONSES = frozenset({"response", "revisit"})

#: A function that is called with each file or part of one that is not imported, and the reason.
ReportProblem = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class FilesImported:
    """The numbers of articles, responses and rows by what the import did with them.

    :param added: new articles.
    :param revised: articles with a later version, or a better body.
    :param unchanged: articles that the archive has already.
    :param left: responses of which no source is known, or which are no articles by their addresses.
    :param refused: responses and rows that could not be read, and damaged records.
    """

    added: int
    revised: int
    unchanged: int
    left: int
    refused: int


class FileImport:
    """An import of files.

    :param publishers: those that read the responses, and whose articles the rows are.
    :param compression: decompresses the bodies of responses.
    :param report: is called with each problem.
    :param now: the time of the import; aware.
    :param most_bytes: of a response as it was sent.
    :param keep_captures: whether responses are stored in the archive.
    """

    def __init__(
        self,
        archive: Archive,
        publishers: Publishers,
        compression: HttpCompressionMiddleware,
        report: ReportProblem,
        now: datetime,
        *,
        most_bytes: int,
        keep_captures: bool = True,
    ) -> None:
        self._most_bytes = most_bytes
        self._keep_captures = keep_captures
        self._archive = archive
        self._publishers = publishers
        self._compression = compression
        self._report = report
        self._now = now
        self._storing = Storing(archive, now)
        self._left = self._refused = 0

    def counts(self) -> FilesImported:
        """Return what was done up to now."""
        counts = self._storing.counts
        return FilesImported(
            added=counts[Outcome.ADDED],
            revised=counts[Outcome.REVISED],
            unchanged=counts[Outcome.UNCHANGED],
            left=self._left,
            refused=self._refused,
        )

    def table(self, path: Path, mapping: Mapping) -> None:
        """Import JSON Lines or CSV."""
        try:
            for row in articles_in(path, mapping, self._publishers, self._now):
                place = f"{path}, row {row.number}"
                if row.article is None:
                    self._refuse(place, row.problem)
                    continue
                try:
                    self._storing.add(row.article, row.first_seen)
                except Refused as error:
                    self._refuse(place, str(error))
        except OSError as error:
            self._refuse(str(path), error.strerror or str(error))
        except (Refused, InvalidMapping) as error:
            self._refuse(str(path), str(error))
        self._storing.write()

    def captures(self, paths: Sequence[Path], progress: Progress = silent) -> None:
        """Import WARC and WACZ files: the lists in all of them first, then what is earliest."""
        with ResponseListing() as listing, ListedArticles() as listed:
            files = list(self._list(paths, listing))
            count = range(len(listing))
            for _, response in zip(progress("responses", count), listing.responses(), strict=True):
                self._import(response, files, listing, listed)
            self._storing.write()

    def _list(self, paths: Sequence[Path], listing: ResponseListing) -> Iterator[WarcFile]:
        """List the responses of files that can be read; yield the files in their order."""
        number = 0
        for path in paths:
            try:
                found = warc_files_in(path)
            except OSError as error:
                self._refuse(str(path), error.strerror or str(error))
                continue
            except Refused as error:
                self._refuse(str(path), str(error))
                continue
            for warc in found:
                yield warc
                try:
                    for record in read_warc(warc, self._damaged(warc)):
                        self._note(number, record, listing)
                except OSError as error:
                    self._refuse(warc.name, error.strerror or str(error))
                number += 1

    def _damaged(self, warc: WarcFile) -> Callable[[ArchiveError], None]:
        return lambda error: self._refuse(warc.name, str(error))

    def _note(self, number: int, record: Record, listing: ResponseListing) -> None:
        if record.kind not in _RESPONSES or record.status != _OK:
            return
        if record.kind == "response" and record.digest:
            listing.add_payload(number, record)
        try:
            date = date_of(record)
            publisher = self._publishers.at(record.url)
            roles = publisher.roles(record.url, _media_type(record)) if publisher else ()
        except (Refused, ValueError) as error:
            self._refuse(record.url, str(error))
            return
        self._left += not roles
        for role in roles:
            listing.add(role, number, record, date)

    def _import(
        self,
        one: ListedResponse,
        files: Sequence[WarcFile],
        listing: ResponseListing,
        listed: ListedArticles,
    ) -> None:
        """Import the articles of a response."""
        publisher = self._publishers.at(one.place.url)
        assert publisher, "it was listed"
        try:
            record = _record(files, one.place)
            if one.revisited is not None:
                first = listing.payload(one.revisited)
                if first is None:
                    raise Refused(f"{record.url} revisits a payload that no imported file has")
                record = replace(record, payload=_record(files, first).payload)
            if len(record.payload) > self._most_bytes:
                raise Refused(f"{record.url} has more than DOWNLOAD_MAXSIZE, {self._most_bytes:,}")
            response = captured(record, self._compression)
            keep = _Keeping(self._archive, response, publisher.declaration)
            with_capture = keep.with_capture if self._keep_captures else _as_it_is
            for article in publisher.read(one.role, response, listed):
                self._add(article, response, with_capture)
        except FinewsError as error:
            if isinstance(error, ArchiveError):
                raise
            self._refuse(one.place.url, str(error))

    def _add(
        self,
        article: Article | Refused,
        response: Captured,
        with_capture: Callable[[Article], Article],
    ) -> None:
        try:
            if isinstance(article, Refused):
                raise article
            self._storing.add(article, response.date, with_capture)
        except Refused as reason:
            self._refuse(response.record.url, str(reason))

    def _refuse(self, place: str, reason: str) -> None:
        self._refused += 1
        self._report(place, reason)


class _Keeping:
    """Stores a response once, as soon as the archive takes an article of it."""

    def __init__(
        self, archive: Archive, response: Captured, declaration: Declaration | None
    ) -> None:
        self._archive = archive
        self._response = response
        self._declaration = declaration
        self._capture: Capture | None = None

    def with_capture(self, article: Article) -> Article:
        """Return an article with the place of the stored response."""
        if self._capture is None:
            self._capture = self._archive.capture(self._response.exchange(self._declaration))
        return replace(article, captures=(self._capture,))


def _as_it_is(article: Article) -> Article:
    return article


def _record(files: Sequence[WarcFile], place: Place) -> Record:
    """Read a record again.

    :raises Refused: when it is not there any more.
    """
    warc = files[place.file]
    for record in read_warc(warc, lambda _: None, start=place.start):
        if record.offset != place.start:
            break
        if record.url == place.url and record.kind in _RESPONSES:
            return record
    raise Refused(f"{warc.name} was changed while it was imported")


def _media_type(record: Record) -> str:
    for name, value in record.headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""
