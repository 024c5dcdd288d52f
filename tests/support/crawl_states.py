"""The crawl state of hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.archive import Archive
from archive.crawl_state import CrawlState


@contextmanager
def state_of(archive: Path) -> Iterator[CrawlState]:
    with Archive(archive) as opened:
        yield opened.crawl_state
