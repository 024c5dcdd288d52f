"""The usual results of an archive's crawls, for comparison with the crawl that just ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.catalog.reader import CatalogReader
from archive.clock import utc_iso

# Weeks before the present one whose same hour is counted.
_WEEKS = 4

# Last crawls whose failures are counted.
_CRAWLS = 50


@dataclass(frozen=True, slots=True)
class History:
    """The usual results of an archive's crawls.

    :param usual_hour: new articles in this hour of the week, the median of some weeks; 0 with less
        than two weeks of crawls.
    :param last_hour: new articles in the last hour.
    :param usual_failures: share of the requested articles that failed in the last crawls, 0 to 1.
    """

    usual_hour: int = 0
    last_hour: int = 0
    usual_failures: float = 0.0


def history_of(catalog: CatalogReader, now: datetime) -> History:
    """Return the usual results of crawls as of a time.

    :param now: aware.
    :raises ArchiveError: when the catalog cannot be read.
    """
    weeks = [now - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    hours = [(utc_iso(end - timedelta(hours=1)), utc_iso(end)) for end in weeks]
    crawled = [hour for hour in hours if catalog.crawled_between(*hour)]
    new_posts = sorted(catalog.first_seen_between(*hour) for hour in crawled)
    return History(
        usual_hour=new_posts[len(new_posts) // 2] if len(new_posts) > 1 else 0,
        last_hour=catalog.first_seen_between(utc_iso(now - timedelta(hours=1)), "~"),
        usual_failures=catalog.usual_failures(_CRAWLS),
    )
