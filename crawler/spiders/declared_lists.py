"""How much of a declared list is read, and an article that its list or its user has named."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from archive.article import Article
from archive.article_id import ArticleId
from archive.capture import Capture
from crawler.declarations import Entry
from crawler.declarations.articles import ArticleFacts, joined
from crawler.declarations.model import ListTable
from crawler.listed_facts import ListedEntry
from crawler.spiders.limits import ListProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredListPlace:
    """A page of a declared list that is to be read.

    :param name: of the list in the declaration.
    :param page: its number, as the source counts pages.
    :param seen: the articles on the pages before.
    :param of_index: an index of sitemaps leads to it.
    """

    name: str
    page: int
    of_index: bool = False
    progress: ListProgress = field(default_factory=ListProgress)
    seen: frozenset[ArticleId] = frozenset()

    @classmethod
    def at_top_of(cls, name: str, table: ListTable) -> Self:
        """Return the first page of a list."""
        first = table.paging.first if table.paging else None
        return cls(name=name, page=1 if first is None else first)

    @property
    def is_at_top(self) -> bool:
        """Whether it is the first page."""
        return self.progress.pages == 0

    def after(self, articles: Sequence[tuple[ArticleId, Entry]], now: datetime) -> Self:
        """Return the place of the page that follows.

        :param articles: of this page.
        """
        ids = {known_as for known_as, _ in articles}
        times = (entry.published.time for _, entry in articles if entry.published)
        is_new = not self.seen.issuperset(ids)
        return replace(
            self,
            page=self.page + 1,
            progress=self.progress.with_page(now, new=is_new, times=times),
            seen=self.seen | ids,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingArticle:
    """An article whose page is not read yet, or not all of its pages.

    :param entry: what a list, the archive or the user states of it.
    :param space: the numbering of its id.
    :param listed: the entry of its list, which is stored if the article fails; None for an
        article that no list of this crawl names.
    :param revisit: it is archived.
    :param archived: the archived article, where it is due for a revisit.
    :param facts: of the pages that are read.
    :param pages: their addresses.
    :param captures: of the responses from these.
    """

    id: ArticleId
    entry: Entry
    space: str = ""
    listed: ListedEntry | None = None
    revisit: bool = False
    archived: Article | None = None
    facts: ArticleFacts | None = None
    pages: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()

    def with_page(self, facts: ArticleFacts, url: str, captures: tuple[Capture, ...]) -> Self:
        """Return the article with one page more.

        :param url: of the page.
        """
        return replace(
            self,
            facts=joined(self.facts, facts),
            pages=(*self.pages, url),
            captures=(*self.captures, *captures),
        )

    @property
    def all_addresses(self) -> tuple[str, ...]:
        """The addresses that it was read from, those of its pages first."""
        listed = (self.listed.address,) if self.listed else ()
        return (*self.pages, *(listed or (self.archived.addresses[1:] if self.archived else ())))

    @property
    def all_captures(self) -> tuple[Capture, ...]:
        """The responses from these addresses."""
        if self.listed is not None:
            return (*self.captures, *self.listed.captures)
        return (*self.captures, *(self.archived.captures[1:] if self.archived else ()))
