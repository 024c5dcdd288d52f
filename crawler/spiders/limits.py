"""How far lists are read: back to what is archived, and no further than the limits allow."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from scrapy.settings import BaseSettings

from archive.article import SHANGHAI
from archive.article_id import ArticleId
from crawler.archive_port import ArchivePort
from crawler.spiders.base import BaseSpider

#: How many articles at the end of a page show how far back it goes: one alone may be back-dated.
END_OF_PAGE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLimits:
    """The most that is read of a list.

    :param pages: the number of answers.
    :param time: the time since its first answer.
    :param in_vain: the number of answers in a row that name nothing new.
    """

    pages: int
    time: timedelta
    in_vain: int

    @classmethod
    def of(cls, settings: BaseSettings, pages: int | None) -> Self:
        """Return the limits in the settings.

        :param pages: the number of pages that the user requested; it may exceed the setting.
        """
        return cls(
            pages=max(settings.getint("FINEWS_LIST_PAGES"), pages or 0),
            time=timedelta(seconds=settings.getfloat("FINEWS_LIST_SECONDS")),
            in_vain=settings.getint("FINEWS_LIST_PAGES_IN_VAIN"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProgress:
    """How much of a list is read.

    :param began: when its first answer was received; None before that.
    :param pages: the number of answers.
    :param in_vain: how many of the latest answers, in a row, named nothing new.
    :param oldest: when its oldest article was published; None where the source gives no time.
    """

    began: datetime | None = None
    pages: int = 0
    in_vain: int = 0
    oldest: datetime | None = None

    def with_page(self, now: datetime, *, new: bool, times: Iterable[datetime | None] = ()) -> Self:
        """Return the progress with one answer more.

        :param new: the answer names something that no earlier one named.
        :param times: when its articles were published.
        """
        return replace(
            self,
            began=self.began or now,
            pages=self.pages + 1,
            in_vain=0 if new else self.in_vain + 1,
            oldest=min(filter(None, (*times, self.oldest)), default=None),
        )

    def exceeds(self, limits: ListLimits, now: datetime) -> str | None:
        """Return the limit that is reached, as the end of a sentence; else None."""
        if self.in_vain >= limits.in_vain:
            return f"{self.in_vain} of its pages in a row name nothing new."
        if self.pages >= limits.pages:
            return f"it does not end after {self.pages} pages; FINEWS_LIST_PAGES allows no more."
        if self.began is not None and now - self.began >= limits.time:
            seconds = (now - self.began).total_seconds()
            return f"it does not end in {seconds:.0f} seconds; FINEWS_LIST_SECONDS allows no more."
        return None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the lists of a crawl are read.

    :param known: when the last complete crawl with the same arguments ended; None before that.
    :param old: what was published before is left out, unless the user named the day `since`.
    """

    archive: ArchivePort
    since: date | None
    known: datetime | None
    old: datetime

    @classmethod
    def of(cls, spider: BaseSpider, since: date | None) -> Self:
        """Return how far back a spider reads, by ``FINEWS_FIRST_DAYS``."""
        archive = spider.session.archive
        known = archive.completed(spider.name, spider.given_arguments)
        first = timedelta(days=spider.settings.getfloat("FINEWS_FIRST_DAYS"))
        return cls(archive, since, known, (known or spider.session.now()) - first)

    def excludes(self, published: datetime | None) -> bool:
        """Return whether an article is too old for the crawl."""
        if published is None:
            return False
        if self.since is None:
            return published < self.old
        return published.astimezone(SHANGHAI).date() < self.since

    def is_processed(self, info_code: ArticleId, published: datetime | None) -> bool:
        """Return whether an earlier crawl has processed an article, and so all older ones."""
        if self.excludes(published):
            return True
        if self.since is not None or self.known is None:
            return False
        return self.archive.was_known(info_code, self.known)

    def includes_since(self, oldest: datetime | None) -> bool:
        """Return whether a list with this oldest article goes back to the day `since`."""
        if self.since is None:
            return True
        return oldest is not None and oldest.astimezone(SHANGHAI).date() <= self.since


def gap_in(name: str, oldest: datetime | None, goal: str) -> str:
    """Return a sentence, without its full stop, on a list that ends before it was read far enough.

    :param goal: what it should go back to.
    """
    shown = f"{oldest.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if oldest else "its top"
    return (
        f"The list {name} ends at {shown} and does not go back to {goal}; articles of the time "
        "between are missed"
    )
