"""What crawls remember of the sites between runs.

It is beside the catalog, in a file of its own, because no file of the archive could give it back:
whoever deletes it loses good manners for a while, and nothing else.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from archive.article import InfoCode
from archive.databases import connect_read_only, plain
from archive.errors import ArchiveError

LONGEST_BLOCK = timedelta(days=7)
_TRIAL = timedelta(days=1)
"""A host is on trial for so long after it was blocked, unless it answers before."""

_LATELY = timedelta(days=7)
GIVEN_UP = 1_000_000
"""Tries, more than any setting wants."""

_BETWEEN_NOTES = timedelta(hours=1)

Memory = dict[str, list[dict[str, Any]]]
"""What one crawl state tells another: rows, by table."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of a page's version (RFC 9110, section 8.8).

    :param payload: digest of the version as it was captured; None where it was not.
    :param read: when that version was read, ISO 8601, UTC.
    """

    etag: str | None
    last_modified: str | None
    payload: str | None = None
    read: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Tries that were in vain.

    :param times: in how many crawls.
    :param first: time of the first of them, aware.
    :param last: time of the last of them.
    """

    times: int
    first: datetime
    last: datetime
    reason: str

    def is_due(self, now: datetime, share: float) -> bool:
        """Whether it is time to try again.

        The next try is soon, and each later one when a share of the time since the first has gone
        by since the last, so that an outage of hours does not use up all tries.
        """
        noted_by_a_wrong_clock = self.last > now
        return noted_by_a_wrong_clock or now - self.last >= share * (now - self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Attempts):
    """An article that could not be archived.

    :param url: of its post page; None when it was asked for by its share link.
    :param listed: what a list names of it, as the crawler wrote it; None when none does.
    """

    info_code: InfoCode
    url: str | None
    listed: str | None


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One crawl's attempt at an article that it could not archive.

    :param url: of the article's post page, if it has one.
    :param answered: the source gave an answer about it; only then the attempt counts.
    :param listed: what a list names of it, as the crawler writes it.
    """

    info_code: InfoCode
    reason: str
    url: str | None = None
    answered: bool = True
    listed: str | None = None


class CrawlState:
    """Validators of lists, hosts not to be asked, articles and pictures to be tried again.

    Threads take turns.

    :param read_only: work on a copy in memory, and leave the file alone.
    :raises ArchiveError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        # Asked for before every request; while the archive is locked nobody else changes them.
        self._blocks: dict[str, tuple[Any, ...]] | None = None
        self._answers: dict[str, datetime] = {}
        self._noted: dict[str, datetime] | None = None
        self._failing: set[str] | None = None
        self._turn = threading.RLock()  # a connection has one transaction at a time
        with self._telling(), ExitStack() as failing:
            if read_only:
                self._db = Database(_copy_of(path))
            else:
                self._db = Database(
                    sqlite3.connect(plain(path), timeout=30, check_same_thread=False)
                )
            failing.callback(self._db.close)
            if not read_only:
                self._db.enable_wal()
            for table, columns in _TABLES.items():
                key = next(iter(columns))
                made = self._db.table(table).create(columns, pk=key, if_not_exists=True)
                for column in columns.keys() - made.columns_dict.keys():
                    made.add_column(column, columns[column])
            failing.pop_all()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            with self._turn:
                yield
        except sqlite3.OperationalError as error:
            raise ArchiveError(f"Could not use {self._path}: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise ArchiveError(
                f"Could not use {self._path}: {error}; it may be deleted, and is then made anew."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def validators_of(self, url: str) -> Validators | None:
        """Of a page that was read to the end of everything it names."""
        row = self._row(
            "SELECT etag, last_modified, payload, read FROM validators WHERE url = ?", url
        )
        return Validators(*row) if row else None

    def forget_validators(self, ended: str) -> None:
        """Forget what was read after the last good crawl that the catalog knows.

        The catalog is then another one than that crawl's, such as one from a backup, and may lack
        the articles of the lists.

        :param ended: when that crawl ended, ISO 8601, UTC; empty when there is none.
        """
        with self._telling():
            self._db.table("validators").delete_where("coalesce(read, '~') > ?", [ended])

    def keep_validators(self, found: Mapping[str, Validators]) -> None:
        """Remember them, by address."""
        rows = [{"url": url} | asdict(validators) for url, validators in found.items()]
        with self._telling():
            self._db.table("validators").upsert_all(rows, pk="url")

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
        """Ask a host no more: for `first`, and twice as long each further time.

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
        with self._telling():
            self._db.table("blocks").upsert(
                {
                    "host": host,
                    "until": _iso(until),
                    "times": times,
                    "reason": reason,
                    "refused": int(refused),
                },
                pk="host",
            )
        return block

    def block_of(self, host: str, now: datetime) -> Block | None:
        """Why and how long a host is not to be asked; None when it may be."""
        return next(_in_force(self._blocks_of(host), now), None)

    def blocks(self, now: datetime) -> list[Block]:
        """All hosts that are not to be asked, but for what a clock noted that was far ahead."""
        return list(_in_force(self._rows(f"{_BLOCKS} ORDER BY host"), now))

    def on_trial_since(self, host: str, now: datetime) -> datetime | None:
        """When the block of a host ended that has not answered since; None for all others.

        :param host: or ``*.`` and the end of the names of several, of which none has answered.
        """
        row = self._all_blocks().get(host)
        until = datetime.fromisoformat(row[1]) if row else None
        if until is None or not until <= now < until + _TRIAL:
            return None
        return None if self.answered_since(host, until) else until

    def answered(self, host: str, now: datetime) -> None:
        """A host has answered. It is written down once an hour, and when it was on trial."""
        noted = self._all_noted().get(host)
        self._answers[host] = now
        if noted is not None and noted <= now < noted + _BETWEEN_NOTES:
            untils = (datetime.fromisoformat(row[1]) for row in self._blocks_of(host))
            if all(until <= noted for until in untils):
                return
        self._all_noted()[host] = now
        with self._telling():
            self._db.table("answers").upsert({"host": host, "last": _iso(now)}, pk="host")

    def answered_lately(self, host: str, now: datetime) -> bool:
        """Whether a host has answered this machine within the last week."""
        return self.answered_since(host, now - _LATELY)

    def answered_since(self, host: str, since: datetime, *, but: str | None = None) -> bool:
        """Whether a host has answered after a moment.

        :param host: or ``*.`` and the end of the names of several, of which one is enough.
        :param but: this one does not count.
        """
        answers = self._all_noted() | self._answers
        named = (name for name in answers if host in _names_of(name) and name != but)
        return any(answers[name] > since for name in named)

    def failed(self, attempt: FailedAttempt, now: datetime) -> None:
        """Store an attempt of this crawl at an article."""
        before = self.failure_of(attempt.info_code)
        if before is not None and not attempt.answered:
            return
        row = {
            "info_code": str(attempt.info_code),
            "url": attempt.url or (before.url if before else None),
            "times": (before.times if before else 0) + attempt.answered,
            "first": _iso(before.first if before else now),
            "last": _iso(now),
            "reason": attempt.reason,
            "told": attempt.listed or (before.listed if before else None),
        }
        with self._telling():
            self._db.table("failures").upsert(row, pk="info_code")
        self._all_failing().add(attempt.info_code)

    def archived(self, info_code: InfoCode) -> None:
        """An article could be archived after all."""
        if self.failure_of(info_code) is None:
            return  # as most: no write that changes nothing
        with self._telling():
            self._db.table("failures").delete_where("info_code = ?", [info_code])
        self._all_failing().discard(info_code)

    def give_up(self, info_code: InfoCode) -> bool:
        """Have no crawl try an article again; whether it is one that failed."""
        if self.failure_of(info_code) is None:
            return False
        with self._telling():
            self._db.table("failures").update(info_code, {"times": GIVEN_UP})
        return True

    def failure_of(self, info_code: InfoCode) -> Failed | None:
        """Of an article; None when it did not fail, or is archived by now."""
        if info_code not in self._all_failing():
            return None
        row = self._row(f"{_FAILURES} WHERE info_code = ?", info_code)
        return _failed(row) if row else None

    def failures(self) -> list[Failed]:
        """All articles that could not be archived yet."""
        return [_failed(row) for row in self._rows(f"{_FAILURES} ORDER BY info_code")]

    def picture_failed(self, address: str, reason: str, now: datetime, *, answered: bool) -> None:
        """A picture could not be kept by this crawl.

        :param answered: the host said something of it; only then it counts as an attempt.
        """
        before = self._row(f"{_PICTURES} WHERE address = ?", address)
        row = {
            "address": address,
            "times": (before[1] if before else 0) + answered,
            "first": before[2] if before else _iso(now),
            "last": _iso(now),
            "reason": reason,
        }
        with self._telling():
            self._db.table("pictures").upsert(row, pk="address")

    def picture_kept(self, address: str) -> None:
        """A picture could be kept after all."""
        with self._telling():
            self._db.table("pictures").delete_where("address = ?", [address])

    def picture_failures(self) -> dict[str, Attempts]:
        """Of all pictures that could not be kept yet, by address."""
        return {
            address: Attempts(times=times, reason=reason, **_period(first, last))
            for address, times, first, last, reason in self._rows(_PICTURES)
        }

    def waiting_pictures(self, now: datetime, *, share: float, attempts: int) -> set[str]:
        """Return the addresses of pictures that failed and are not, or no more, due.

        :param share: and `attempts` as for `is_waiting`.
        """
        return {
            address
            for address, failed in self.picture_failures().items()
            if failed.times >= attempts or not failed.is_due(now, share)
        }

    def is_waiting(
        self, info_code: InfoCode, now: datetime, *, share: float, attempts: int
    ) -> bool:
        """Whether an article failed and it is not, or no more, time to try it again.

        :param share: of the time since it first failed, which has to go by between two tries.
        :param attempts: after so many it is given up.
        """
        failed = self.failure_of(info_code)
        if failed is None:
            return False
        return failed.times >= attempts or not failed.is_due(now, share)

    def all(self) -> Memory:
        """All that is remembered, as plain data."""
        with self._telling():
            return {table: list(self._db.table(table).rows) for table in _TABLES}

    def about(self, hosts: Collection[str]) -> Memory:
        """All that is remembered of some hosts, as plain data.

        Articles that failed and have no page of their own are anybody's.
        """
        names = {None, *(name for host in hosts for name in _names_of(host))}
        return {
            table: [row for row in rows if _host_of(row[_HOST_IN[table]]) in names]
            for table, rows in self.all().items()
        }

    def learn(self, memory: Memory) -> None:
        """Take over what another crawl state remembers. No block becomes shorter by it.

        What a newer release remembers besides is left out.
        """
        self._blocks = self._failing = self._noted = None
        with self._telling():
            for table, columns in _TABLES.items():
                key = next(iter(columns))
                rows = [
                    {name: value for name, value in row.items() if name in columns}
                    for row in memory.get(table, ())
                ]
                if table == "answers":
                    rows = [row for row in rows if row["last"] > self._answered_last(row["host"])]
                if table == "blocks":
                    rows = [row for row in rows if row["until"] > self._blocked_until(row["host"])]
                self._db.table(table).upsert_all(rows, pk=key)

    def _blocked_until(self, host: str) -> str:
        row = self._row("SELECT until FROM blocks WHERE host = ?", host)
        return str(row[0]) if row else ""

    def _answered_last(self, host: str) -> str:
        row = self._row("SELECT last FROM answers WHERE host = ?", host)
        return str(row[0]) if row else ""

    def _all_blocks(self) -> dict[str, tuple[Any, ...]]:
        if self._blocks is None:
            self._blocks = {row[0]: row for row in self._rows(_BLOCKS)}
        return self._blocks

    def _blocks_of(self, host: str) -> Iterator[tuple[Any, ...]]:
        """The host's own and those of several whose names end as its."""
        blocks = self._all_blocks()
        return (blocks[name] for name in _names_of(host) if name in blocks)

    def _all_noted(self) -> dict[str, datetime]:
        if self._noted is None:
            rows = self._rows("SELECT host, last FROM answers")
            self._noted = {host: datetime.fromisoformat(last) for host, last in rows}
        return self._noted

    def _all_failing(self) -> set[str]:
        with self._turn:
            if self._failing is None:
                self._failing = {code for (code,) in self._rows("SELECT info_code FROM failures")}
            return self._failing

    def _row(self, sql: str, *parameters: str) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, *parameters)), None)

    def _rows(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self._telling():
            return self._db.conn.execute(sql, parameters).fetchall()


_TABLES: dict[str, dict[str, type]] = {
    "validators": {
        "url": str,
        "etag": str,
        "last_modified": str,
        "payload": str,
        "read": str,
    },
    "blocks": {"host": str, "until": str, "times": int, "reason": str, "refused": int},
    "answers": {"host": str, "last": str},
    "failures": {
        "info_code": str,
        "url": str,
        "times": int,
        "first": str,
        "last": str,
        "reason": str,
        "told": str,
    },
    "pictures": {"address": str, "times": int, "first": str, "last": str, "reason": str},
}
_BLOCKS = "SELECT host, until, times, reason, refused FROM blocks"
_PICTURES = "SELECT address, times, first, last, reason FROM pictures"
_HOST_IN = {
    "validators": "url",
    "blocks": "host",
    "answers": "host",
    "failures": "url",
    "pictures": "address",
}
"""The column of each table that says which host a row is about."""

_FAILURES = "SELECT info_code, url, times, first, last, reason, told FROM failures"


def _copy_of(path: Path) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(connect_read_only(path)) as source:
        for statement in source.iterdump():
            copy.execute(statement)
    return copy


def _in_force(rows: Iterable[tuple[Any, ...]], now: datetime) -> Iterator[Block]:
    for host, until, times, reason, refused in rows:
        block = Block(host, datetime.fromisoformat(until), times, reason, refused != 0)
        if now < block.until <= now + LONGEST_BLOCK:
            yield block


def _failed(row: tuple[Any, ...]) -> Failed:
    info_code, url, times, first, last, reason, listed = row
    return Failed(
        info_code=InfoCode(info_code),
        url=url,
        times=times,
        reason=reason,
        listed=listed,
        **_period(first, last),
    )


def _period(first: str, last: str) -> dict[str, datetime]:
    return {"first": datetime.fromisoformat(first), "last": datetime.fromisoformat(last)}


def _host_of(address: str | None) -> str | None:
    if address is None or "://" not in address:
        return address
    return urlsplit(address).hostname


def _names_of(host: str) -> Iterator[str]:
    """What a host is meant by: its name, and the ends of it."""
    yield host
    labels = host.split(".")
    yield from (f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels)))


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
