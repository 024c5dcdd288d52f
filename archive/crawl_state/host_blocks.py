"""Hosts that are not asked for a while, and hosts that have answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive.crawl_state.state_file import StateFile, Tables, utc_ms

LONGEST_BLOCK = timedelta(days=7)
_TRIAL = timedelta(days=1)
"""A host is on trial for so long after it was blocked, unless it answers before."""

_LATELY = timedelta(days=7)
_BETWEEN_NOTES = timedelta(hours=1)

TABLES: Tables = {
    "blocks": {"host": str, "until": str, "times": int, "reason": str, "refused": int},
    "answers": {"host": str, "last": str},
}
_BLOCKS = "SELECT host, until, times, reason, refused FROM blocks"


@dataclass(frozen=True, slots=True)
class Block:
    """A host that is not asked for a while.

    :param host: its name, or ``*.`` and the end of the names of all hosts that are meant.
    :param until: aware.
    :param times: how often it was blocked, each time soon after the last.
    :param refused: it refused this machine; else it gave no answer.
    """

    host: str
    until: datetime
    times: int
    reason: str
    refused: bool

    def __str__(self) -> str:
        until = f"{self.until:%Y-%m-%d %H:%M} UTC"
        if self.refused:
            return f"banned until {until} by {self.host}: {self.reason}"
        return f"{self.host} is not asked until {until}: {self.reason}"


class HostBlocks(StateFile):
    """Store which hosts are blocked and when hosts answered last; a part of `CrawlState`."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(path, read_only=read_only)
        # Asked for before every request; while the archive is locked nobody else changes them.
        self._blocks: dict[str, tuple[Any, ...]] | None = None
        self._answers: dict[str, datetime] = {}
        self._noted: dict[str, datetime] | None = None

    def block(
        self,
        host: str,
        reason: str,
        now: datetime,
        first: timedelta,
        longest: timedelta,
        *,
        refused: bool = True,
    ) -> Block:
        """Block a host: for `first`, and twice as long each further time.

        A host that was not blocked for a day begins anew. No block is longer than `LONGEST_BLOCK`.
        """
        row = self._row("SELECT until, times FROM blocks WHERE host = ?", host)
        last = min(datetime.fromisoformat(row[0]), now + LONGEST_BLOCK) if row else None
        in_force = last is not None and last > now
        soon_after = last is not None and now - last < _TRIAL
        times = row[1] + (not in_force) if row and soon_after else 1
        # Answers that were under way when the block began do not make it longer.
        doubled = first if in_force else first * 2 ** min(times - 1, 20)
        until = max(now + min(doubled, longest, LONGEST_BLOCK), last or now)
        block = Block(host, until, times, reason, refused)
        self._blocks = None
        with self._access():
            self._db.table("blocks").upsert(
                {
                    "host": host,
                    "until": utc_ms(until),
                    "times": times,
                    "reason": reason,
                    "refused": int(refused),
                },
                pk="host",
            )
        return block

    def block_of(self, host: str, now: datetime) -> Block | None:
        """Return the block of a host; None when it may be asked."""
        return next(_in_force(self._blocks_of(host), now), None)

    def blocks(self, now: datetime) -> list[Block]:
        """Return all blocks in force, but for those that a clock wrote that was far ahead."""
        return list(_in_force(self._rows(f"{_BLOCKS} ORDER BY host"), now))

    def on_trial_since(self, host: str, now: datetime) -> datetime | None:
        """Return when the block of a host ended that has not answered since; None for all others.

        :param host: or ``*.`` and the end of the names of several, of which none has answered.
        """
        row = self._all_blocks().get(host)
        until = datetime.fromisoformat(row[1]) if row else None
        if until is None or not until <= now < until + _TRIAL:
            return None
        return None if self.answered_since(host, until) else until

    def answered(self, host: str, now: datetime) -> None:
        """Note that a host has answered, once an hour, and when the host was on trial."""
        noted = self._all_noted().get(host)
        self._answers[host] = now
        if noted is not None and noted <= now < noted + _BETWEEN_NOTES:
            untils = (datetime.fromisoformat(row[1]) for row in self._blocks_of(host))
            if all(until <= noted for until in untils):
                return
        self._all_noted()[host] = now
        with self._access():
            self._db.table("answers").upsert({"host": host, "last": utc_ms(now)}, pk="host")

    def answered_lately(self, host: str, now: datetime) -> bool:
        """Return whether a host has answered this machine within the last week."""
        return self.answered_since(host, now - _LATELY)

    def answered_since(self, host: str, since: datetime, *, but: str | None = None) -> bool:
        """Return whether a host has answered after a moment.

        :param host: or ``*.`` and the end of the names of several, of which one is enough.
        :param but: this one does not count.
        """
        answers = self._all_noted() | self._answers
        named = (name for name in answers if host in names_of(name) and name != but)
        return any(answers[name] > since for name in named)

    def _all_blocks(self) -> dict[str, tuple[Any, ...]]:
        if self._blocks is None:
            self._blocks = {row[0]: row for row in self._rows(_BLOCKS)}
        return self._blocks

    def _blocks_of(self, host: str) -> Iterator[tuple[Any, ...]]:
        """Return the blocks of a host: its own, and those of all names with its end."""
        blocks = self._all_blocks()
        return (blocks[name] for name in names_of(host) if name in blocks)

    def _all_noted(self) -> dict[str, datetime]:
        if self._noted is None:
            rows = self._rows("SELECT host, last FROM answers")
            self._noted = {host: datetime.fromisoformat(last) for host, last in rows}
        return self._noted


def _in_force(rows: Iterable[tuple[Any, ...]], now: datetime) -> Iterator[Block]:
    for host, until, times, reason, refused in rows:
        block = Block(host, datetime.fromisoformat(until), times, reason, refused != 0)
        if now < block.until <= now + LONGEST_BLOCK:
            yield block


def names_of(host: str) -> Iterator[str]:
    """Yield the names that a block of a host may have: its name, and ``*.`` with each end of it."""
    yield host
    labels = host.split(".")
    yield from (f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))
