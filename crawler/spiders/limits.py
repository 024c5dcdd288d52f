"""When to leave a list that leads on and on: one rule for all of them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from scrapy.settings import BaseSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLimits:
    """How far any list is read.

    :param pages: so many answers.
    :param time: from its first answer on.
    :param in_vain: so many answers in a row that name nothing new.
    """

    pages: int
    time: timedelta
    in_vain: int

    @classmethod
    def of(cls, settings: BaseSettings, pages: int | None) -> Self:
        """Those of the settings.

        :param pages: that the user asked for, which may be more.
        """
        return cls(
            pages=max(settings.getint("FINEWS_LIST_PAGES"), pages or 0),
            time=timedelta(seconds=settings.getfloat("FINEWS_LIST_SECONDS")),
            in_vain=settings.getint("FINEWS_LIST_PAGES_IN_VAIN"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProgress:
    """How far the reading of a list has come.

    :param began: when its first answer came; None before that.
    :param pages: how many answers came.
    :param in_vain: how many of them, the last ones, named nothing new.
    """

    began: datetime | None = None
    pages: int = 0
    in_vain: int = 0

    def with_page(self, now: datetime, *, new: bool) -> Self:
        """One answer more.

        :param new: it names something that none before it named.
        """
        return replace(
            self,
            began=self.began or now,
            pages=self.pages + 1,
            in_vain=0 if new else self.in_vain + 1,
        )

    def exceeds(self, limits: ListLimits, now: datetime) -> str | None:
        """Why the list is to be left, if so."""
        if self.in_vain >= limits.in_vain:
            return f"{self.in_vain} of its pages in a row name nothing new."
        if self.pages >= limits.pages:
            return f"it leads on after {self.pages} pages; FINEWS_LIST_PAGES allows no more."
        if self.began is not None and now - self.began >= limits.time:
            seconds = (now - self.began).total_seconds()
            return f"it leads on after {seconds:.0f} seconds; FINEWS_LIST_SECONDS allows no more."
        return None
