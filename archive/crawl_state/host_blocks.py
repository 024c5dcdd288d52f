"""Store blocked hosts, which get no requests for a while, and the last answers of hosts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive.crawl_state.state_file import StateFile, Tables, utc_ms

LONGEST_BLOCK = timedelta(days=7)

# Time after a block in which a host is on trial, unless it answers earlier.
_TRIAL = timedelta(days=1)

# Time in which an answer of a host counts as recent.
_RECENT = timedelta(days=7)

# Time between two stored answers of a host.
_STORE_INTERVAL = timedelta(hours=1)

TABLES: Tables = {
    "blocks": {"host": str, "until": str, "times": int, "reason": str, "refused": int},
    "answers": {"host": str, "last": str},
}
_BLOCKS = "SELECT host, until, times, reason, refused FROM blocks"


@dataclass(frozen=True, slots=True)
class Block:
    """A host that gets no requests until a time.

    :param host: name of the host, or ``*.`` and the common end of the names of several hosts.
    :param until: end of the block, aware.
    :param times: number of blocks in a row, each soon after the one before.
    :param refused: the host refused this machine; otherwise it gave no answer.
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
        return f"{self.host} gets no requests until {until}: {self.reason}"


class HostBlocks(StateFile):
    """Store which hosts are blocked and when hosts answered last; a part of `CrawlState`."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(path, read_only=read_only)
        # Read before every request; while the archive is locked, no other process changes them.
        self._blocks: dict[str, tuple[Any, ...]] | None = None
        self._answers: dict[str, datetime] = {}
        self._stored_answers: dict[str, datetime] | None = None

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
        """Block a host: for the time `first`, and twice as long with each further block.

        A host that was not blocked for a day starts with `first` again.

        :param longest: no block is longer than this, nor than `LONGEST_BLOCK`.
        :param refused: the host refused this machine; otherwise it gave no answer.
        """
        row = self._row("SELECT until, times FROM blocks WHERE host = ?", host)
        last = min(datetime.fromisoformat(row[0]), now + LONGEST_BLOCK) if row else None
        in_force = last is not None and last > now
        soon_after = last is not None and now - last < _TRIAL
        times = row[1] + (not in_force) if row and soon_after else 1
        # Answers to requests that were sent before the block do not make it longer.
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
        """Return the block of a host; None when requests may be sent to it."""
        return next(_in_force(self._blocks_of(host), now), None)

    def blocks(self, now: datetime) -> list[Block]:
        """Return all blocks in force, without those whose end is too late to be true.

        A clock that was ahead wrote them.
        """
        return list(_in_force(self._rows(f"{_BLOCKS} ORDER BY host"), now))

    def on_trial_since(self, host: str, now: datetime) -> datetime | None:
        """Return when the last block of a host ended, if the host is on trial.

        A host is on trial until it answers, and for one day at most.

        :param host: name of a host, or ``*.`` and the common end of several names.
        :returns: None for a host that is not on trial.
        """
        row = self._all_blocks().get(host)
        until = datetime.fromisoformat(row[1]) if row else None
        if until is None or not until <= now < until + _TRIAL:
            return None
        return None if self.answered_since(host, until) else until

    def answered(self, host: str, now: datetime) -> None:
        """Store that a host has answered: once an hour, and when the host was on trial."""
        stored = self._answers_in_file().get(host)
        self._answers[host] = now
        if stored is not None and stored <= now < stored + _STORE_INTERVAL:
            untils = (datetime.fromisoformat(row[1]) for row in self._blocks_of(host))
            if all(until <= stored for until in untils):
                return
        self._answers_in_file()[host] = now
        with self._access():
            self._db.table("answers").upsert({"host": host, "last": utc_ms(now)}, pk="host")

    def answered_lately(self, host: str, now: datetime) -> bool:
        """Return whether a host has answered this machine within the last week."""
        return self.answered_since(host, now - _RECENT)

    def answered_since(self, host: str, since: datetime, *, but: str | None = None) -> bool:
        """Return whether a host has answered after a time.

        :param host: name of a host, or ``*.`` and the common end of several names, of which one
            answer is enough.
        :param since: aware.
        :param but: name of a host whose answers do not count.
        """
        answers = self._answers_in_file() | self._answers
        named = (name for name in answers if host in names_of(name) and name != but)
        return any(answers[name] > since for name in named)

    def _all_blocks(self) -> dict[str, tuple[Any, ...]]:
        if self._blocks is None:
            self._blocks = {row[0]: row for row in self._rows(_BLOCKS)}
        return self._blocks

    def _blocks_of(self, host: str) -> Iterator[tuple[Any, ...]]:
        """Return the rows of blocks for a host's name and for the ends of its name."""
        blocks = self._all_blocks()
        return (blocks[name] for name in names_of(host) if name in blocks)

    def _answers_in_file(self) -> dict[str, datetime]:
        if self._stored_answers is None:
            rows = self._rows("SELECT host, last FROM answers")
            self._stored_answers = {host: datetime.fromisoformat(last) for host, last in rows}
        return self._stored_answers


def _in_force(rows: Iterable[tuple[Any, ...]], now: datetime) -> Iterator[Block]:
    for host, until, times, reason, refused in rows:
        block = Block(host, datetime.fromisoformat(until), times, reason, refused != 0)
        if now < block.until <= now + LONGEST_BLOCK:
            yield block


def names_of(host: str) -> Iterator[str]:
    """Yield the names under which a host may be blocked: its name, and ``*.`` with each parent."""
    yield host
    labels = host.split(".")
    yield from (f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))
