"""The sources that can be crawled, and those that are due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crawler.declarations.model import Manners
from crawler.sources import Sources
from crawler.spider_loader import DeclaredSpiderLoader

#: The share of its interval by which a source may be early: a timer is never exact.
_EARLY = 0.1

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """A source that can be crawled.

    :param families: the host families and hosts that it visits.
    :param manners: how it is visited.
    :param fallback: the names of sources with the same news.
    """

    name: str
    families: frozenset[str]
    manners: Manners
    fallback: tuple[str, ...] = ()

    def due_at(self, last: Mapping[str, datetime]) -> datetime:
        """Return when the source is due, which is long ago for one that was not crawled.

        :param last: when the last crawl of each source began.
        """
        interval = timedelta(seconds=self.manners.interval_seconds)
        began = last.get(self.name)
        return began + interval * (1 - _EARLY) if began else _LONG_AGO


def sources_of(loader: DeclaredSpiderLoader, facts: Sources) -> dict[str, Source]:
    """Return the sources by name.

    :param facts: about the hosts that the project's own spiders visit.
    """
    found = {}
    for name in loader.list():
        families = {*facts.families.values()} if name in loader.own else set()
        if declaration := loader.declarations.get(name):
            families |= {declaration.family, *declaration.hosts}
            more = (declaration.manners, declaration.fallback)
        else:
            more = (Manners(), ())
        found[name] = Source(name, frozenset(families), *more)
    return found


def due_sources(
    sources: Iterable[Source], last: Mapping[str, datetime], now: datetime
) -> list[Source]:
    """Return the sources that are due, those that have waited longest first.

    :param last: when the last crawl of each source began.
    """
    due = [source for source in sources if source.due_at(last) <= now]
    return sorted(due, key=lambda source: source.due_at(last))
