"""What the crawls of an archive usually bring, to judge one by that has just ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.catalog.reader import CatalogReader
from archive.clock import utc_iso

_WEEKS = 4
_CRAWLS = 50


@dataclass(frozen=True, slots=True)
class History:
    """What crawls of an archive usually bring.

    :param usual_hour: new articles in this hour of the week, the median of some weeks; 0 while
        there are too few to tell.
    :param last_hour: new articles in the hour that has just passed.
    :param usual_failures: share of the articles asked for that failed in the last crawls.
    """

    usual_hour: int = 0
    last_hour: int = 0
    usual_failures: float = 0.0


def history_of(catalog: CatalogReader, now: datetime) -> History:
    """The history as it is now.

    :raises ArchiveError: when the catalog cannot be read.
    """
    weeks = [now - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    hours = [(utc_iso(end - timedelta(hours=1)), utc_iso(end)) for end in weeks]
    crawled = [hour for hour in hours if catalog.crawled_between(*hour)]
    brought = sorted(catalog.first_seen_between(*hour) for hour in crawled)
    return History(
        usual_hour=brought[len(brought) // 2] if len(brought) > 1 else 0,
        last_hour=catalog.first_seen_between(utc_iso(now - timedelta(hours=1)), "~"),
        usual_failures=catalog.usual_failures(_CRAWLS),
    )
