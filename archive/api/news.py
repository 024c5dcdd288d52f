"""The Python face of an archive: open, search, read, follow changes, as of any time."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ValidationError

from archive.api import articles, changes, quotes, searching, securities, sources
from archive.api.articles import article_named
from archive.api.models import (
    ArticleParameters,
    ArticleSummary,
    ChangeEvent,
    ChangesParameters,
    CountedArticles,
    DayParameters,
    DaySummary,
    FullArticle,
    LocatedQuote,
    MediaParameters,
    NamedSecurityParameters,
    Parameters,
    QuoteParameters,
    SearchParameters,
    SecurityParameters,
    SecuritySummary,
    SecurityTimeline,
    SourceSummary,
    VersionsParameters,
    VersionSummary,
)
from archive.api.opened import OpenedArchive
from archive.errors import FinewsError, InvalidQuery
from archive.export.parquet import load_pyarrow
from archive.storage import Closing, open_catalog
from archive.validation import in_one_sentence

P = TypeVar("P", bound=Parameters)
R = TypeVar("R", bound=BaseModel)

# Items that are read at once.
_PAGE = 100

Time = datetime | str | None


class Results(Generic[R]):
    """The records of an answer, which are read from the archive while they are iterated."""

    def __init__(self, read: Callable[[], Iterator[R]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[R]:
        return self._read()

    def to_arrow(self) -> Any:
        """Return all records as a table of pyarrow.

        :raises FinewsError: when pyarrow is not installed.
        """
        return load_pyarrow().Table.from_pylist([record.model_dump() for record in self])

    def to_pandas(self) -> Any:
        """Return all records as a data frame of pandas.

        :raises FinewsError: when pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise FinewsError(
                "A data frame needs the package pandas; "
                "install finews-archive with the extra pandas."
            ) from error
        return pandas.DataFrame([record.model_dump() for record in self])


class News(Closing):
    """An archive that is open for reading, in one thread. A crawl may write to it meanwhile.

    Times are `datetime` with a zone, or texts: ISO 8601, without a zone in Shanghai, or the
    beginning of one, such as ``2026-11``. Answers are the models that the API returns as JSON.

    :param opened: the folder and its catalog.
    :param as_of: answer from what the archive had stored by this time; None for the present state.
    """

    def __init__(self, opened: OpenedArchive, as_of: Time = None) -> None:
        self._opened = opened
        self._as_of = as_of
        self._parameters(Parameters)  # checks the time

    def close(self) -> None:
        """Close the catalog."""
        self._opened.connection.close()

    def as_of(self, time: datetime | str) -> Self:
        """Return the same archive as it was at a time: nothing that it learnt later is in answers.

        :raises InvalidQuery: when the text is no time.
        """
        return type(self)(self._opened, time)

    def search(
        self,
        q: str = "",
        *,
        media: str = "",
        security: str = "",
        since: str = "",
        until: str = "",
        sort: Literal["time", "relevance", "fresh"] = "time",
    ) -> Results[ArticleSummary]:
        """Return the articles that a query finds, the newest first.

        :param q: query in the language of the search box; empty for all articles.
        :param security: code of a security that the articles name, such as ``1.600160``.
        :param since: published at this time in Shanghai or later, such as ``2026-11``.
        :param until: published before this time in Shanghai.
        :param sort: ``relevance`` for the 50 most relevant articles, the best first; ``fresh`` for
            the newest first among those that have the terms in the same places.
        :raises InvalidQuery: when the query cannot be understood.
        """
        first = self._parameters(
            SearchParameters,
            q=q,
            media=media,
            security=security,
            since=since,
            until=until,
            sort=sort,
            limit=_PAGE,
        )
        return self._records(searching.search, first)

    def get(
        self,
        article: str,
        *,
        edition: str = "",
        version: int | None = None,
        body: Literal["text", "html", "none"] = "text",
    ) -> FullArticle:
        """Return an article with its whole body.

        :param article: its id, or an address that leads to it.
        :param edition: ``media`` or ``rolling``, of an article that was published as two posts.
        :param version: number of a version; the last one by default.
        :param body: format of the body; HTML is safe to show.
        :raises NotArchived: when the archive does not have it.
        """
        parameters = self._parameters(
            ArticleParameters,
            id=article_named(self._opened, article),
            edition=edition,
            version=version,
            body=body,
        )
        whole = parameters.model_copy(update={"characters": sys.maxsize})
        return articles.article(self._opened, whole)

    def versions(self, article: str, *, edition: str = "") -> Results[VersionSummary]:
        """Return the versions of an article, the oldest first.

        :param article: its id, or an address that leads to it.
        """
        code = article_named(self._opened, article)
        first = self._parameters(VersionsParameters, id=code, edition=edition, limit=_PAGE)
        return self._records(articles.versions, first)

    def changes(
        self, after: int = 0, *, security: str = "", events: str = ""
    ) -> Results[ChangeEvent]:
        """Return what the archive learnt after a cursor, in that order.

        :param after: `cursor` of the last change that was read before; 0 for all.
        :param security: only changes of articles that name this security.
        :param events: only these, separated by commas, such as ``edited,gone``.
        """
        first = self._parameters(
            ChangesParameters, after=after, security=security, events=events, limit=_PAGE
        )
        return self._records(changes.changes, first)

    def securities(self, q: str) -> list[SecuritySummary]:
        """Return the securities that a code, a name or initials name, the best first."""
        return securities.securities(
            self._opened, self._parameters(NamedSecurityParameters, q=q)
        ).items

    def security(
        self,
        code: str,
        *,
        by: Literal["day", "month"] = "month",
        since: str = "",
        until: str = "",
    ) -> SecurityTimeline:
        """Return the number of articles that name a security, over time.

        :raises NotArchived: when no article names it.
        """
        parameters = self._parameters(
            SecurityParameters, code=code, by=by, since=since, until=until
        )
        return securities.security(self._opened, parameters)

    def media(self) -> Results[CountedArticles]:
        """Return the media with their numbers of articles, by name."""
        return self._records(searching.media, self._parameters(MediaParameters))

    def day(self, day: str) -> DaySummary:
        """Return the numbers of articles of a day, and its newest articles.

        :raises NotArchived: when no article of that day was archived.
        """
        return searching.day(self._opened, self._parameters(DayParameters, day=day))

    def sources(self) -> list[SourceSummary]:
        """Return each source with its number of articles and its last crawl."""
        return sources.sources(self._opened, self._parameters(Parameters)).items

    def quotes(self, text: str) -> list[LocatedQuote]:
        """Return the versions that have a sentence, with hashes and captures as evidence."""
        return quotes.quotes(self._opened, self._parameters(QuoteParameters, text=text)).items

    def _parameters(self, model: type[P], **values: object) -> P:
        try:
            return model.model_validate({**values, "as_of": self._as_of})
        except ValidationError as error:
            raise InvalidQuery(in_one_sentence(error)) from error

    def _records(self, read: Callable[[OpenedArchive, P], Any], first: P) -> Results[Any]:
        """Return the items of all pages, beginning with the page of the parameters `first`."""

        def items() -> Iterator[Any]:
            parameters = first
            while True:
                page = read(self._opened, parameters)
                yield from page.items
                if not page.next or not page.items:
                    return
                parameters = parameters.model_copy(update={"after": page.next})

        return Results(items)


def open(folder: Path | str = "news", *, as_of: Time = None) -> News:  # noqa: A001
    """Open an archive for reading.

    :param folder: of the archive.
    :param as_of: answer from what the archive had stored by this time; None for the present state.
    :raises ArchiveError: when the folder is no archive, or cannot be read.
    :raises InvalidQuery: when `as_of` is no time.
    """
    path = Path(folder)
    return News(OpenedArchive(path, open_catalog(path)), as_of)
