"""Import files: WARC, WACZ, JSON Lines, CSV and TSV."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.settings import Settings

from archive.archive import Archive
from archive.article import Article
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.clock import utc_now
from archive.errors import ArchiveError, FinewsError, Refused
from archive.progress import Progress, silent
from archive.warc import Exchange, Record
from archive.writing import Outcome as Stored
from crawler.declarations import Declaration
from crawler.importing.captured import Captured, captured, captured_file, date_of
from crawler.importing.listing import ListedResponse, Place, ResponseListing
from crawler.importing.mapping import InvalidMapping, Mapping
from crawler.importing.publishers import (
    FindResponse,
    ListedArticles,
    Outcome,
    Publisher,
    Publishers,
    Role,
)
from crawler.importing.saved_files import SavedFile, SavedLists, lists_in, page_of
from crawler.importing.storing import Storing
from crawler.importing.tables import articles_in
from crawler.importing.warc_files import TRUNCATED, WarcFile, read_warc, warc_files_in
from crawler.reparse import decompression

_OK = 200
_RESPONSES = frozenset({"response", "revisit"})

#: A function that is called with each file or part of one that is not imported, and the reason.
ReportProblem = Callable[[str, str], None]


@dataclass(slots=True)
class FilesImported:
    """The numbers of articles, responses and rows by what the import did with them.

    :param added: new articles.
    :param revised: articles with a later version, or a better body.
    :param unchanged: articles that the archive has already.
    :param left: responses of which no source is known, or which are no articles by their addresses.
    :param refused: responses and rows that could not be read, and damaged records.
    :param unread: files that could not be read.
    :param zoneless: rows whose time states no zone.
    """

    added: int = 0
    revised: int = 0
    unchanged: int = 0
    left: int = 0
    refused: int = 0
    unread: int = 0
    zoneless: int = 0

    @property
    def taken(self) -> int:
        """Articles that the archive has now, or had before."""
        return self.added + self.revised + self.unchanged


class FileImport:
    """An import of files.

    :param publishers: those that read the responses, and whose articles the rows are.
    :param report: is called with each problem.
    """

    def __init__(
        self, archive: Archive, publishers: Publishers, settings: Settings, report: ReportProblem
    ) -> None:
        self._compression = decompression(settings)
        self._most_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        self._keep_captures = settings.getbool("FINEWS_WARC")
        self._archive = archive
        self._publishers = publishers
        self._report = report
        self._now = utc_now()
        self._storing = Storing(archive, self._now)
        self._done = FilesImported()

    def counts(self) -> FilesImported:
        """Return what was done up to now."""
        counts = self._storing.counts
        return replace(self._done, **{str(outcome): counts[outcome] for outcome in Stored})

    def table(self, path: Path, mapping: Mapping) -> None:
        """Import JSON Lines or CSV."""
        rows: dict[ArticleId, tuple[int, int]] = {}
        try:
            for row in articles_in(path, mapping, self._publishers, self._now):
                place = f"{path}, row {row.number}"
                if row.article is None:
                    self._refuse(place, row.problem)
                    continue
                self._done.zoneless += row.is_zoneless
                text = hash((row.article.title, row.article.body))
                first, known = rows.setdefault(row.article.info_code, (row.number, text))
                if row.first_seen is None and text != known:
                    self._refuse(place, f"row {first} has the same id, and another title or text")
                    continue
                try:
                    self._storing.add(row.article, row.first_seen)
                except Refused as error:
                    self._refuse(place, str(error))
        except OSError as error:
            self._refuse_file(str(path), error.strerror or str(error))
        except (Refused, InvalidMapping) as error:
            self._refuse_file(str(path), str(error))
        self._storing.write()

    def captures(self, paths: Sequence[Path], progress: Progress = silent) -> None:
        """Import WARC and WACZ files: the lists in all of them first, then what is earliest."""
        with ResponseListing() as listing, ListedArticles() as listed:
            files = list(self._list(paths, listing))

            def find(url: str, date: datetime) -> Captured | None:
                found = listing.nearest(url, date)
                return self._captured(found, files, listing) if found else None

            further = set(self._further_pages(files, listing))
            count = range(len(listing))
            for _, one in zip(progress("responses", count), listing.responses(), strict=True):
                url = one.place.url
                if one.role is Role.FURTHER_PAGE:
                    self._done.left += url not in further
                elif url not in further:
                    load = partial(self._captured, one, files, listing)
                    self._import(url, self._reader_of(url), one.role, load, listed, find)
            self._storing.write()

    def saved(self, files: Sequence[SavedFile], declaration: Declaration) -> None:
        """Import saved lists and pages of a source, the lists first.

        :param declaration: of the source; one that `undeclared` returns has no lists.
        """
        reader = self._publishers.of(declaration)
        lists = lists_in(declaration, files)
        pages = list(self._pages(lists))
        by_url = {page.url: page for page in pages}
        further = {reader.page_after(page) for page in pages}
        named = [(Role.LIST, captured_file(answer, self._now)) for _, answer, _ in lists.pages]
        named += [(Role.ARTICLE, page) for page in pages if page.url not in further]
        with ListedArticles() as listed:
            for role, response in reader.in_order(named):
                load = partial(_as_it_is, response)
                self._import(
                    response.url, reader, role, load, listed, lambda url, _: by_url.get(url)
                )
        self._storing.write()

    def _pages(self, lists: SavedLists) -> Iterator[Captured]:
        """Yield the saved pages of articles with their addresses."""
        for file in lists.others:
            try:
                yield captured_file(page_of(file, lists.entries), self._now)
            except FinewsError as error:
                self._refuse(str(file.path), str(error))

    def _list(self, paths: Sequence[Path], listing: ResponseListing) -> Iterator[WarcFile]:
        """List the responses of files that can be read; yield the files in their order."""
        number = 0
        for path in paths:
            try:
                found = warc_files_in(path)
            except OSError as error:
                self._refuse_file(str(path), error.strerror or str(error))
                continue
            except Refused as error:
                self._refuse_file(str(path), str(error))
                continue
            for warc in found:
                yield warc
                try:
                    for record in read_warc(warc, self._damaged(warc)):
                        self._note(number, record, listing)
                except OSError as error:
                    self._refuse_file(warc.name, error.strerror or str(error))
                number += 1

    def _damaged(self, warc: WarcFile) -> Callable[[ArchiveError], None]:
        return lambda error: self._refuse(warc.name, str(error))

    def _note(self, number: int, record: Record, listing: ResponseListing) -> None:
        if record.kind != TRUNCATED and (record.kind not in _RESPONSES or record.status != _OK):
            return
        if record.kind == "response" and record.digest:
            listing.add_payload(number, record)
        try:
            date = date_of(record)
            is_of_web = urlsplit(record.url).scheme.lower() in {"http", "https"}  # not of DNS
            publisher = self._publishers.at(record.url) if is_of_web else None
            roles = publisher.roles(record.url, _media_type(record)) if publisher else ()
        except (Refused, ValueError) as error:
            self._refuse(record.url, str(error))
            return
        self._done.left += not roles
        if roles and record.kind == TRUNCATED:
            self._refuse(record.url, "a part of the answer alone was captured (WARC-Truncated)")
            return
        for role in roles:
            listing.add(role, number, record, date)

    def _further_pages(self, files: Sequence[WarcFile], listing: ResponseListing) -> Iterator[str]:
        """Yield the addresses of pages that others name as the next page of their article."""
        for one in listing.responses():
            reader = self._reader_of(one.place.url)
            if reader.joins_pages and one.role is not Role.LIST:
                try:
                    following = reader.page_after(self._captured(one, files, listing))
                except Refused:  # it is reported when the article is read
                    continue
                if following:
                    yield following

    def _reader_of(self, url: str) -> Publisher:
        reader = self._publishers.at(url)
        assert reader, "its response is listed"
        return reader

    def _captured(
        self, one: ListedResponse, files: Sequence[WarcFile], listing: ResponseListing
    ) -> Captured:
        """Read a response.

        :raises Refused: when it cannot be read.
        """
        record = _record(files, one.place)
        if one.revisited is not None:
            first = listing.payload(one.revisited)
            if first is None:
                raise Refused(f"{record.url} revisits a payload that no imported file has")
            record = replace(record, payload=_record(files, first).payload)
        if len(record.payload) > self._most_bytes:
            raise Refused(f"{record.url} has more than DOWNLOAD_MAXSIZE, {self._most_bytes:,}")
        return captured(record, self._compression)

    def _import(
        self,
        url: str,
        reader: Publisher,
        role: Role,
        load: Callable[[], Captured],
        listed: ListedArticles,
        find: FindResponse,
    ) -> None:
        """Import the articles of a response."""
        try:
            keeping = _Keeping(self._archive, reader.declaration, is_off=not self._keep_captures)
            for outcome in reader.read(role, load(), listed, find):
                self._add(outcome, url, keeping)
        except FinewsError as error:
            if isinstance(error, ArchiveError):
                raise
            self._refuse(url, str(error))

    def _add(self, outcome: Outcome, url: str, keeping: "_Keeping") -> None:
        if isinstance(outcome, Refused):
            self._refuse(url, str(outcome))
            return
        seen = min(self._now, max(response.date for response in outcome.responses))
        try:
            with_captures = partial(keeping.with_captures, outcome.responses)
            self._storing.add(outcome.article, seen, with_captures)
        except Refused as reason:
            self._refuse(url, str(reason))

    def _refuse_file(self, path: str, reason: str) -> None:
        self._done.unread += 1
        self._refuse(path, reason)

    def _refuse(self, place: str, reason: str) -> None:
        self._done.refused += 1
        self._report(place, reason)


class _Keeping:
    """Stores responses, each once, as soon as the archive takes an article of them.

    :param is_off: nothing is stored.
    """

    def __init__(self, archive: Archive, declaration: Declaration | None, *, is_off: bool) -> None:
        self._archive = archive
        self._declaration = declaration
        self._is_off = is_off
        self._captures: dict[tuple[str, datetime], Capture] = {}

    def with_captures(self, responses: Sequence[Captured], article: Article) -> Article:
        """Return an article with the places of the stored responses."""
        exchanges = [response.exchange(self._declaration) for response in responses]
        if self._is_off or None in exchanges:
            return article
        return replace(article, captures=tuple(map(self._capture, filter(None, exchanges))))

    def _capture(self, exchange: Exchange) -> Capture:
        key = exchange.url, exchange.received
        if key not in self._captures:
            self._captures[key] = self._archive.capture(exchange)
        return self._captures[key]


def _as_it_is(response: Captured) -> Captured:
    return response


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
