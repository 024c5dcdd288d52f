"""An archive on this machine that a process of its own writes.

`archive.background.process` compresses, hashes, indexes and waits for the disk, on another core.
The crawl reads the catalog itself. It sends what it fetched over a pipe, and the process writes it
in the order of sending.
"""

import itertools
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from archive.article import Article, InfoCode
from archive.background.placement import Places, ahead
from archive.background.process import Call
from archive.capture import Capture
from archive.catalog import BUSY_SECONDS, CatalogReader
from archive.clock import Clock, utc_iso, utc_now
from archive.crawl_state import CrawlState
from archive.errors import ArchiveError, FinewsError
from archive.reader import ArchiveReader
from archive.warc import Exchange
from archive.writing import Outcome

_MOST_BYTES = 1024 * 1024
"""Of bodies that wait for the next article to be sent."""


class SubprocessArchive(ArchiveReader):
    """An archive folder, open for writing by a process that lives no longer than this one.

    Exchanges are sent with the next article: until then, and on their way, a kill loses them, and
    nothing that the archive has said to be on disk.

    :param folder: is created when it is not there.
    :param clock: gives the aware time that rows are stamped with; a function of a module.
    :raises ArchiveLocked: when another process has it open.
    :raises ArchiveError: here and from every method, when the disk or the catalog refuses, or the
        process is gone.
    """

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        self.folder = folder
        self._clock = clock
        self._waiting = _Waiting()
        self._places = Places()
        self._sending = threading.Lock()
        self._asking = threading.Lock()
        with ExitStack() as undo:
            self._pipe = undo.enter_context(_writing_process())
            self._tell((folder, clock))
            self._answer()
            self._catalog = undo.enter_context(_CatalogToRead(folder / "catalog.db"))
            self.crawl_state = undo.enter_context(closing(CrawlState(folder / "crawl-state.db")))
            self._closing = undo.pop_all()

    def close(self) -> None:
        """Wait until all is written and the lock is let go of."""
        with self._closing:
            self._send_waiting()
            self._tell(None)
            self._answer()

    def capture(self, exchange: Exchange) -> Capture:
        """Keep an exchange. The capture's place is one that only `placed` knows."""
        number = self._waiting.add(exchange)
        if self._waiting.bytes >= _MOST_BYTES:
            self._send_waiting()
        return ahead(
            number, url=exchange.target, fetched=utc_iso(exchange.received, "microseconds")
        )

    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]:
        """Captures with the places where the archive keeps them.

        :raises ArchiveError: when one of them could not be kept.
        """
        try:
            return tuple(map(self._places.of, captures))
        except IndexError:
            self._ask("placed", ())  # its answer brings the places of all captures before it
        return tuple(map(self._places.of, captures))

    def add_many(self, articles: Sequence[Article]) -> list[Outcome]:
        """See `Archive.add_many`."""
        outcomes: list[Outcome] = self._ask("add_many", articles)
        return outcomes

    def mark_gone(self, info_code: InfoCode) -> None:
        """See `Archive.mark_gone`."""
        self._ask("mark_gone", info_code)

    def mark_checked(self, info_code: InfoCode, *, settled: bool = True) -> None:
        """See `Archive.mark_checked`."""
        self._ask("mark_checked", info_code, settled=settled)

    def mark_listed(self, info_code: InfoCode, stock_list: Sequence[str]) -> bool:
        """See `Archive.mark_listed`."""
        return bool(self._ask("mark_listed", info_code, stock_list))

    def store_picture(self, address: str, data: bytes) -> None:
        """See `Archive.store_picture`."""
        self._ask("store_picture", address, data)

    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> int:
        """See `Archive.begin_crawl`."""
        return int(self._ask("begin_crawl", spider, arguments))

    def end_crawl(
        self, crawl: int, status: int, verdict: str, counts: Mapping[str, int | str]
    ) -> None:
        """See `Archive.end_crawl`."""
        self._ask("end_crawl", crawl, status, verdict, counts)

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Have a method of `Archive` called when all that was captured before is kept."""
        with self._asking:
            self._send_waiting(Call(method, arguments, options))
            return self._answer()

    def _send_waiting(self, call: Call | None = None) -> None:
        with self._sending:
            self._tell((self._waiting.take(), call))

    def _tell(self, message: object) -> None:
        with _telling():
            self._pipe.send(message)

    def _answer(self) -> Any:
        with _telling():
            places, answer = self._pipe.recv()
        for place in places:
            self._places.add(*place)
        if isinstance(answer, FinewsError):
            raise answer
        return answer


class _Waiting:
    """Exchanges that are not sent yet; two threads may add and take."""

    def __init__(self) -> None:
        self.bytes = 0
        self._number = itertools.count()
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> int:
        """One more; returns its number."""
        with self._lock:
            self._exchanges.append(exchange)
            self.bytes += len(exchange.body)
            return next(self._number)

    def take(self) -> list[Exchange]:
        """All of them."""
        with self._lock:
            taken, self._exchanges, self.bytes = self._exchanges, [], 0
        return taken


class _CatalogToRead(CatalogReader):
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._access("open"):
            self._reader = sqlite3.connect(
                path.absolute(), timeout=BUSY_SECONDS, check_same_thread=False
            )


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise ArchiveError(
            "The process that writes the archive was killed, perhaps because there was too little"
            " memory, or has failed with what is told above; what it had not written yet, the next"
            " crawl asks for again."
        ) from error


@contextmanager
def _writing_process() -> Iterator[Connection]:
    """The other end of its pipe. It has ended when the block is left."""
    ours, theirs = Pipe()
    with theirs:
        # In a session of its own, so that Ctrl-C does not reach it. It imports what this process
        # would, whatever folder this is.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "archive.background.process", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    with process, ours:
        yield ours
