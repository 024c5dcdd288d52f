"""The limits of lists that do not end: the same for all lists."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from scrapy.settings import BaseSettings


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
    """

    began: datetime | None = None
    pages: int = 0
    in_vain: int = 0

    def with_page(self, now: datetime, *, new: bool) -> Self:
        """Return the progress with one answer more.

        :param new: the answer names something that no earlier one named.
        """
        return replace(
            self,
            began=self.began or now,
            pages=self.pages + 1,
            in_vain=0 if new else self.in_vain + 1,
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
