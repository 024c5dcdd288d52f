"""The outcome of each article that a crawl finds: exactly one, so that counts add up."""

from collections.abc import Iterator
from enum import StrEnum

from scrapy.statscollectors import StatsCollector

from archive.article_id import ArticleId


class Fate(StrEnum):
    """The outcome of an article. Of several, the last one in this order counts.

    `WAITING`: it failed before, and is tried again later or never. `OPEN`: it is requested and has
    no answer yet. `LEFT_OUT`: its page shows that the arguments of the crawl do not select it.
    `SENT`: it was sent to the machine that writes the archive.
    """

    WAITING = "waiting"
    OPEN = "open"
    LEFT_OUT = "left_out"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    GONE = "gone"
    SENT = "sent"
    REVISED = "revised"
    ADDED = "added"


_RANKS = {fate: rank for rank, fate in enumerate(Fate)}
_NOT_FOUND = {Fate.WAITING, Fate.LEFT_OUT}


class Tally:
    """Stores the outcome of each article, and counts outcomes in the stats during the crawl.

    Stats: ``article/<fate>`` and, where there is a reason, ``article/<fate>/<reason>``;
    ``article/found``, the sum of all fates but ``waiting`` and ``left_out``; ``article/archived``,
    those that were in the archive when the crawl found them.
    """

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats
        self._fates: dict[ArticleId, tuple[Fate, str | None]] = {}

    def note(self, info_code: ArticleId, fate: Fate, reason: str | None = None) -> None:
        """Count an article by its fate, instead of by an earlier one.

        :param reason: why, as a word for the statistics.
        """
        before = self._fates.get(info_code)
        if before is None:
            if fate is Fate.UNCHANGED:
                self._stats.inc_value("article/archived")
        elif _RANKS[before[0]] >= _RANKS[fate]:
            return
        else:
            self._count(*before, -1)
        self._fates[info_code] = fate, reason
        self._count(fate, reason, +1)

    def open(self) -> Iterator[ArticleId]:
        """Return the articles that are requested and have no answer yet."""
        return (code for code, (fate, _) in tuple(self._fates.items()) if fate is Fate.OPEN)

    def is_open(self, info_code: ArticleId) -> bool:
        """Return whether an article is requested and has no answer yet."""
        fate, _ = self._fates.get(info_code, (None, None))
        return fate is Fate.OPEN

    def _count(self, fate: Fate, reason: str | None, by: int) -> None:
        if fate not in _NOT_FOUND:
            self._stats.inc_value("article/found", by)
        self._stats.inc_value(f"article/{fate}", by)
        if reason is not None:
            self._stats.inc_value(f"article/{fate}/{reason}", by)
