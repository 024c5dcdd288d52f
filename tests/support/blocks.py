"""Blocks of hosts, and their end."""

from pathlib import Path

from tests.support.crawl_state import change_crawl_state


def let_blocks_end(archive: Path) -> None:
    """End all blocks, as after some hours."""
    change_crawl_state(
        archive,
        "UPDATE blocks SET until = strftime('%Y-%m-%dT%H:%M:%f+00:00', until, '-7 hours')",
        "UPDATE answers SET last = strftime('%Y-%m-%dT%H:%M:%f+00:00', last, '-8 hours')",
    )
