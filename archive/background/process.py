"""Write an archive for `archive.background.proxy`: ``python -m archive.background.process PIPE``.

The process handles messages in their order. It ends when the other end of the pipe is closed, for
whatever reason; what was sent until then is written.
"""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any

from archive.archive import Archive
from archive.article import Article
from archive.background.placement import LOST, Places
from archive.errors import ArchiveError, FinewsError
from archive.pipes import send
from archive.signals import ENDING
from archive.warc import Exchange
from archive.writing import Outcome


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a method of `Archive`."""

    method: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


#: Exchanges to store, and the call to make after that; None where no answer is expected.
#: The first message is folder and clock instead, the last is None.
Message = tuple[Sequence[Exchange], Call | None]

#: File and offset of the exchanges that were stored since the last answer, and what the method
#: returned or raised.
Answer = tuple[Sequence[tuple[str, int]], Any]


class ArchiveService:
    """An archive that stores exchanges and answers calls."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._places = Places()
        self._unreported: list[tuple[str, int]] = []
        self._failure: ArchiveError | None = None

    def capture(self, exchanges: Sequence[Exchange]) -> None:
        """Capture exchanges. The next answer reports what goes wrong."""
        for exchange in exchanges:
            try:
                capture = self._archive.capture(exchange)
                place = capture.file, capture.offset
            except ArchiveError as error:
                self._failure = self._failure or error
                place = LOST
            self._places.add(*place)
            self._unreported.append(place)

    def answer(self, call: Call) -> Answer:
        """Make a call, and return its answer."""
        try:
            answer = self._call(call)
        except FinewsError as error:
            answer = error
        places, self._unreported = self._unreported, []
        return places, answer

    def _call(self, call: Call) -> Any:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if call.method == "add_many":
            return self._add_many(*call.arguments, **call.options)
        return getattr(self._archive, call.method)(*call.arguments, **call.options)

    def _add_many(self, articles: Sequence[Article], **options: Any) -> list[Outcome]:
        placed = [
            replace(article, captures=tuple(map(self._places.of, article.captures)))
            for article in articles
        ]
        return self._archive.add_many(placed, **options)


def write(pipe: Connection) -> None:
    """Write the archive that the first message names, until there are no more messages."""
    folder, clock = pipe.recv()
    failure: ArchiveError | None = None
    try:
        with Archive(folder, clock=clock) as archive, suppress(ConnectionError):
            send(pipe, ((), None))
            _handle_messages(pipe, ArchiveService(archive))
    except ArchiveError as error:
        failure = error
    with suppress(ConnectionError):
        send(pipe, ((), failure))


def _handle_messages(pipe: Connection, service: ArchiveService) -> None:
    for exchanges, call in _messages(pipe):
        service.capture(exchanges)
        if call is not None:
            send(pipe, service.answer(call))


def _messages(pipe: Connection) -> Iterator[Message]:
    """Yield the complete messages; a killed crawl may have sent half of one."""
    with suppress(EOFError, OSError):
        while message := pipe.recv():
            yield message


def main() -> None:
    """Write the archive, ignoring the signals that end the crawl."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    with Connection(int(sys.argv[1])) as pipe, suppress(EOFError):
        write(pipe)


if __name__ == "__main__":
    main()
