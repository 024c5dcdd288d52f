"""The ledger of notices: what is to be sent, what was sent, and which failures last."""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from archive.crawl_state import StateFile, Tables, utc_ms
from archive.storage import connect_read_only, sqlite_errors

# Notices are stored for so long after they were sent.
_KEPT = timedelta(days=365)

# Pauses before a channel that failed is tried again: twice as long each time.
_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


class State(StrEnum):
    """The state of a notice.

    `COUNTED`: its message only counted it, because the limit of an hour was reached.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be sent once to each channel of a watch.

    :param key: names what happened, within the watch.
    :param line: of the message.
    """

    key: str
    line: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits for a channel.

    :param interrupted: a process was killed while it sent the notice, which may have arrived.
    """

    id: str
    line: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Failing:
    """A channel that failed.

    :param tries: in a row.
    :param next_try: not before this time.
    """

    tries: int
    next_try: datetime
    reason: str


class Ledger(StateFile):
    """The notices of an archive, in the SQLite file that also has what readers mark."""

    _remedy = "restore it from a backup: it also has what readers have marked"
    _tables: ClassVar[Tables] = {
        "notices": {
            **dict.fromkeys(("id", "watch", "channel", "line", "found", "state", "sent"), str),
            "interrupted": int,
        },
        "positions": {"watch": str, "cursor": int},
        "digests": {"id": str, "last": str},
        "failures": {"key": str, "kinds": str, "since": str},
        "failing_channels": {"channel": str, "tries": int, "next_try": str, "reason": str},
    }

    def position(self, watch: str, newest: int) -> int:
        """Return the cursor of the last event that a watch has seen; a new watch begins now.

        :param newest: cursor of the newest event. A watch that has seen a later one, before an
            older catalog was restored, goes on here.
        """
        with self._access(), self._db.conn:
            self._db.conn.execute("INSERT OR IGNORE INTO positions VALUES (?, ?)", [watch, newest])
            self._db.conn.execute(
                "UPDATE positions SET cursor = min(cursor, ?) WHERE watch = ?", [newest, watch]
            )
        ((cursor,),) = self._rows("SELECT cursor FROM positions WHERE watch = ?", watch)
        return int(cursor)

    def last_digest(self, watch: str, channel: str, now: datetime) -> datetime:
        """Return when a channel last had the turn of a watch; now for its first turn."""
        row = self._row("SELECT last FROM digests WHERE id = ?", f"{watch}\n{channel}")
        if row is None:
            self.sent(watch, channel, (), (), now)
        return datetime.fromisoformat(row[0]) if row else now

    def add(
        self,
        watch: str,
        channels: Iterable[str],
        notices: Iterable[Notice],
        now: datetime,
        cursor: int | None = None,
    ) -> None:
        """Add notices to be sent, unless they are known, and move the watch's cursor, at once.

        :param cursor: of the last event that the watch has seen; None leaves it.
        """
        each = [(notice, channel) for notice in notices for channel in channels]
        rows = (
            (f"{watch}\n{channel}\n{notice.key}", watch, channel, notice.line, utc_ms(now))
            for notice, channel in each
        )
        with self._access(), self._db.conn:
            self._add(rows)
            if cursor is not None:
                self._db.conn.execute(
                    "UPDATE positions SET cursor = ? WHERE watch = ?", [cursor, watch]
                )

    def _add(self, rows: Iterable[tuple[str, ...]]) -> None:
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO notices (id, watch, channel, line, found, state, interrupted)"
            " VALUES (?, ?, ?, ?, ?, 'waiting', 0)",
            rows,
        )

    def kinds(self, key: str) -> set[str]:
        """Return the kinds of a failure that lasts, each of which has a notice; empty for none."""
        row = self._row("SELECT kinds FROM failures WHERE key = ?", key)
        return set(json.loads(row[0])) if row else set()

    def set_failure(
        self,
        key: str,
        kinds: Collection[str],
        watch: str,
        to: Iterable[str],
        line: str,
        now: datetime,
    ) -> None:
        """Record that a failure has begun, has another kind or is over, with its notice, at once.

        :param kinds: that the failure has shown so far; empty for one that is over.
        :param line: of the notice.
        """
        at = utc_ms(now)
        with self._access(), self._db.conn:
            if kinds:
                self._db.conn.execute(
                    "INSERT INTO failures VALUES (?, ?, ?)"
                    " ON CONFLICT (key) DO UPDATE SET kinds = excluded.kinds",
                    [key, json.dumps(sorted(kinds)), at],
                )
            else:
                self._db.conn.execute("DELETE FROM failures WHERE key = ?", [key])
            self._add(
                (f"{watch}\n{channel}\n{key} {at}", watch, channel, line, at) for channel in to
            )

    def note_interrupted(self) -> int:
        """Let notices that a killed process was sending wait again; return their number.

        The caller holds the lock of sending.
        """
        with self._access(), self._db.conn:
            return self._db.conn.execute(
                "UPDATE notices SET state = 'waiting', interrupted = 1 WHERE state = 'sending'"
            ).rowcount

    def waiting(self, watch: str, channel: str) -> list[Waiting]:
        """Return the notices of a watch that wait for a channel, the oldest first."""
        sql = (
            "SELECT id, line, interrupted FROM notices"
            " WHERE state = 'waiting' AND watch = ? AND channel = ? ORDER BY rowid"
        )
        return [Waiting(key, line, bool(was)) for key, line, was in self._rows(sql, watch, channel)]

    def number_sent(self, watch: str, channel: str, since: datetime) -> int:
        """Return how many notices of a watch a channel has sent since a time."""
        sql = (
            "SELECT count(*) FROM notices"
            " WHERE state = 'sent' AND watch = ? AND channel = ? AND sent > ?"
        )
        ((number,),) = self._rows(sql, watch, channel, utc_ms(since))
        return int(number)

    def sending(self, notices: Iterable[Waiting]) -> None:
        """Record that a message with these notices is being sent, on disk before this returns."""
        self._set_state((State.SENDING, None, each.id) for each in notices)

    def sent(
        self,
        watch: str,
        channel: str,
        named: Iterable[Waiting],
        counted: Iterable[Waiting],
        now: datetime,
    ) -> None:
        """Record that a message was sent, or that there was none to send."""
        states = ((State.SENT, named), (State.COUNTED, counted))
        rows = [(state, utc_ms(now), each.id) for state, notices in states for each in notices]
        with self._access(), self._db.conn:
            if rows:
                self._db.conn.execute("DELETE FROM failing_channels WHERE channel = ?", [channel])
            self._db.conn.execute(
                "INSERT OR REPLACE INTO digests VALUES (?, ?)", [f"{watch}\n{channel}", utc_ms(now)]
            )
            self._db.conn.executemany(_STATE, rows)

    def _set_state(self, rows: Iterable[tuple[State, str | None, str]]) -> None:
        with self._access(), self._db.conn:
            self._db.conn.executemany(_STATE, rows)

    def failed(
        self, channel: str, notices: Iterable[Waiting], reason: str, now: datetime
    ) -> Failing:
        """Record that a message could not be sent; its notices wait for the next try."""
        self._set_state((State.WAITING, None, each.id) for each in notices)
        before = self.failing_channels().get(channel)
        tries = before.tries + 1 if before else 1
        pause = min(_PAUSE * 2 ** min(tries - 1, 20), _LONGEST_PAUSE)
        with self._access(), self._db.conn:
            self._db.conn.execute(
                "INSERT OR REPLACE INTO failing_channels VALUES (?, ?, ?, ?)",
                [channel, tries, utc_ms(now + pause), reason],
            )
        return Failing(tries, now + pause, reason)

    def failing_channels(self) -> dict[str, Failing]:
        """Return the channels whose last message could not be sent."""
        return {
            name: Failing(tries, datetime.fromisoformat(next_try), reason)
            for name, tries, next_try, reason in self._rows("SELECT * FROM failing_channels")
        }

    def forget_old(self, now: datetime) -> None:
        """Delete notices that were sent long ago."""
        with self._access(), self._db.conn:
            self._db.conn.execute("DELETE FROM notices WHERE sent < ?", [utc_ms(now - _KEPT)])


def read_history(path: Path, limit: int) -> list[Mapping[str, str]]:
    """Return the newest notices of a ledger, the last one first; write nothing.

    :param path: of the ledger, which may be missing.
    :raises ArchiveError: when it cannot be read.
    """
    if not path.exists():
        return []
    columns = ("found", "state", "sent", "watch", "channel", "line")
    sql = f"SELECT {', '.join(columns)} FROM notices ORDER BY rowid DESC LIMIT {limit}"  # noqa: S608
    with sqlite_errors(f"Could not read {path}"), closing(connect_read_only(path)) as ledger:
        is_there = "SELECT 1 FROM sqlite_schema WHERE name = 'notices'"
        rows = ledger.execute(sql) if ledger.execute(is_there).fetchone() else ()
        return [dict(zip(columns, row, strict=True)) for row in rows]


_STATE = "UPDATE notices SET state = ?, sent = ? WHERE id = ?"
