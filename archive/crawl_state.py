"""What crawls remember of the sites between runs.

It is beside the catalog, in a file of its own, because no file of the archive could give it back:
whoever deletes it loses good manners for a while, and nothing else.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from archive.article import InfoCode
from archive.databases import connect_read_only, plain
from archive.errors import ArchiveError

LONGEST_BLOCK = timedelta(days=7)

Memory = dict[str, list[dict[str, Any]]]
"""What one crawl state tells another: rows, by table."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of a page's version (RFC 9110, section 8.8)."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A host that is left alone.

    :param until: aware.
    :param times: how often it had to be, each soon after the last.
    """

    host: str
    until: datetime
    times: int
    reason: str


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
    :param told: what a list said of it, as the crawler wrote it; None when none did.
    """

    info_code: InfoCode
    url: str | None
    told: str | None


class CrawlState:
    """Validators of lists, hosts to be left alone, articles and pictures to be tried again.

    Threads take turns.

    :param read_only: work on a copy in memory, and leave the file alone.
    :raises ArchiveError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        # Asked for before every request; while the archive is locked nobody else changes them.
        self._blocks: dict[str, tuple[Any, ...]] | None = None
        self._failing: set[str] | None = None
        self._turn = threading.RLock()  # a connection has one transaction at a time
        with self._telling():
            if read_only:
                self._db = Database(_copy_of(path))
            else:
                self._db = Database(
                    sqlite3.connect(plain(path), timeout=30, check_same_thread=False)
                )
                self._db.enable_wal()
            for table, columns in _TABLES.items():
                key = next(iter(columns))
                made = self._db.table(table).create(columns, pk=key, if_not_exists=True)
                for column in columns.keys() - made.columns_dict.keys():
                    made.add_column(column, columns[column])

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
        row = self._row("SELECT etag, last_modified FROM validators WHERE url = ?", url)
        return Validators(*row) if row else None

    def keep_validators(self, found: Mapping[str, Validators]) -> None:
        """Remember them, by address."""
        rows = [
            {"url": url, "etag": validators.etag, "last_modified": validators.last_modified}
            for url, validators in found.items()
        ]
        with self._telling():
            self._db.table("validators").upsert_all(rows, pk="url")

    def block(
        self, host: str, reason: str, now: datetime, first: timedelta, longest: timedelta
    ) -> Block:
        """Leave a host alone: for `first`, and twice as long each further time.

        A host that was let in again for a day begins anew. Nothing is left alone for longer than
        `LONGEST_BLOCK`.
        """
        row = self._row("SELECT until, times FROM blocks WHERE host = ?", host)
        last = min(datetime.fromisoformat(row[0]), now + LONGEST_BLOCK) if row else None
        in_force = last is not None and last > now
        soon_after = last is not None and now - last < timedelta(days=1)
        times = row[1] + (not in_force) if row and soon_after else 1
        # Answers that were under way when the block began do not make it longer.
        doubled = first if in_force else first * 2 ** min(times - 1, 20)
        until = max(now + min(doubled, longest, LONGEST_BLOCK), last or now)
        block = Block(host, until, times, reason)
        self._blocks = None
        with self._telling():
            self._db.table("blocks").upsert(
                {"host": host, "until": _iso(until), "times": times, "reason": reason}, pk="host"
            )
        return block

    def block_of(self, host: str, now: datetime) -> Block | None:
        """Why and how long a host is to be left alone; None when it may be asked."""
        if self._blocks is None:
            self._blocks = {row[0]: row for row in self._rows(_BLOCKS)}
        row = self._blocks.get(host)
        return next(_in_force([row], now), None) if row else None

    def blocks(self, now: datetime) -> list[Block]:
        """All hosts that are to be left alone, but for what a clock noted that was far ahead."""
        return list(_in_force(self._rows(f"{_BLOCKS} ORDER BY host"), now))

    def failed(
        self,
        info_code: InfoCode,
        url: str | None,
        reason: str,
        now: datetime,
        *,
        answered: bool = True,
        told: str | None = None,
    ) -> None:
        """An article could not be archived by this crawl.

        :param answered: the source said something of it; only then it counts as an attempt.
        :param told: what a list said of it.
        """
        before = self.failure_of(info_code)
        if before is not None and not answered:
            return
        row = {
            "info_code": str(info_code),
            "url": url or (before.url if before else None),
            "times": (before.times if before else 0) + answered,
            "first": _iso(before.first if before else now),
            "last": _iso(now),
            "reason": reason,
            "told": told or (before.told if before else None),
        }
        with self._telling():
            self._db.table("failures").upsert(row, pk="info_code")
        self._all_failing().add(info_code)

    def archived(self, info_code: InfoCode) -> None:
        """An article could be archived after all."""
        if self.failure_of(info_code) is None:
            return  # as most: no write that changes nothing
        with self._telling():
            self._db.table("failures").delete_where("info_code = ?", [info_code])
        self._all_failing().discard(info_code)

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
        return {
            table: [row for row in rows if _host_of(row[_HOST_IN[table]]) in {*hosts, None}]
            for table, rows in self.all().items()
        }

    def learn(self, memory: Memory) -> None:
        """Take over what another crawl state remembers. No block becomes shorter by it.

        What a newer release remembers besides is left out.
        """
        self._blocks = self._failing = None
        with self._telling():
            for table, columns in _TABLES.items():
                key = next(iter(columns))
                rows = [
                    {name: value for name, value in row.items() if name in columns}
                    for row in memory.get(table, ())
                ]
                if table == "blocks":
                    rows = [row for row in rows if row["until"] > self._blocked_until(row["host"])]
                self._db.table(table).upsert_all(rows, pk=key)

    def _blocked_until(self, host: str) -> str:
        row = self._row("SELECT until FROM blocks WHERE host = ?", host)
        return str(row[0]) if row else ""

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
    "validators": {"url": str, "etag": str, "last_modified": str},
    "blocks": {"host": str, "until": str, "times": int, "reason": str},
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
_BLOCKS = "SELECT host, until, times, reason FROM blocks"
_PICTURES = "SELECT address, times, first, last, reason FROM pictures"
_HOST_IN = {"validators": "url", "blocks": "host", "failures": "url", "pictures": "address"}
"""The column of each table that says which host a row is about."""

_FAILURES = "SELECT info_code, url, times, first, last, reason, told FROM failures"


def _copy_of(path: Path) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(connect_read_only(path)) as source:
        for statement in source.iterdump():
            copy.execute(statement)
    return copy


def _in_force(rows: Iterable[tuple[Any, ...]], now: datetime) -> Iterator[Block]:
    for host, until, times, reason in rows:
        block = Block(host, datetime.fromisoformat(until), times, reason)
        if now < block.until <= now + LONGEST_BLOCK:
            yield block


def _failed(row: tuple[Any, ...]) -> Failed:
    info_code, url, times, first, last, reason, told = row
    return Failed(
        info_code=InfoCode(info_code),
        url=url,
        times=times,
        reason=reason,
        told=told,
        **_period(first, last),
    )


def _period(first: str, last: str) -> dict[str, datetime]:
    return {"first": datetime.fromisoformat(first), "last": datetime.fromisoformat(last)}


def _host_of(address: str | None) -> str | None:
    if address is None or "://" not in address:
        return address
    return urlsplit(address).hostname


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
