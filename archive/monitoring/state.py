"""Read the state of an archive and of its crawls."""

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from archive.catalog import SourceHealth, health_of_sources
from archive.crawl_state import Block, CrawlState, Failed
from archive.storage import CATALOG

# Time without a crawl after which a source is no longer in use.
_UNUSED = timedelta(days=7)

_CRAWLS = """
    SELECT spider, status, count(*) FROM crawls WHERE ended IS NOT NULL GROUP BY spider, status
"""
_ARTICLES = "SELECT source, count(*) FROM posts GROUP BY source"
# An id begins with the name of its source, except for Eastmoney's.
_EVENTS = """
    SELECT iif(info_code GLOB 'NW[0-9]*', 'eastmoney', substr(
        info_code, 1, instr(info_code, '-') - 1
    )) AS source, event, count(*) FROM events GROUP BY source, event
"""
_STAND_INS = "SELECT count(*) FROM posts WHERE body_provisional"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveState:
    """The state of an archive.

    :param sources: health of each source that was crawled.
    :param crawls: number of crawls that ended, by source and exit status.
    :param articles: number of articles, by source.
    :param events: number of versions by source and cause, and of withdrawals and returns.
    :param blocks: the blocked hosts.
    :param failures: articles that could not be archived yet.
    :param stand_ins: number of articles whose body stands in for one that no host has given yet.
    :param sizes: bytes of the catalog and of the captures, and those that are free on the disk.
    """

    now: datetime
    sources: Mapping[str, SourceHealth]
    crawls: Mapping[tuple[str, int], int]
    articles: Mapping[str, int]
    events: Mapping[tuple[str, str], int]
    blocks: Sequence[Block]
    failures: Sequence[Failed]
    stand_ins: int
    sizes: Mapping[str, int]

    def in_use(self) -> dict[str, SourceHealth]:
        """Return the health of the sources that have had a crawl lately."""
        return {
            name: health
            for name, health in self.sources.items()
            if health.last_crawl and self.now - health.last_crawl <= _UNUSED
        }


def read_state(connection: sqlite3.Connection, folder: Path, now: datetime) -> ArchiveState:
    """Return the state of an archive.

    :param now: aware.
    :raises ArchiveError: when the crawl state cannot be read.
    """
    with closing(CrawlState(folder / "crawl-state.db", read_only=True)) as crawl_state:
        blocks, failures = crawl_state.blocks(now), crawl_state.failures()
    ((stand_ins,),) = connection.execute(_STAND_INS).fetchall()
    return ArchiveState(
        now=now,
        sources=health_of_sources(folder, now),
        crawls={(spider, status): n for spider, status, n in connection.execute(_CRAWLS)},
        articles=dict(connection.execute(_ARTICLES).fetchall()),
        events={(source, event): n for source, event, n in connection.execute(_EVENTS)},
        blocks=blocks,
        failures=failures,
        stand_ins=stand_ins,
        sizes={
            "catalog": (folder / CATALOG).stat().st_size,
            "captures": sum(file.stat().st_size for file in (folder / "warc").glob("*.warc.gz*")),
            "free": shutil.disk_usage(folder).free,
        },
    )
