"""Write an archive for `archive.background.proxy`: ``python -m archive.background.process PIPE``.

It takes messages in their order, and ends when the other end of the pipe is closed, however that
comes about: what was sent until then is written.
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
from archive.signals import ENDING
from archive.warc import Exchange
from archive.writing import Outcome


@dataclass(frozen=True, slots=True)
class Call:
    """A method of `Archive` that is to be called."""

    method: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


Message = tuple[Sequence[Exchange], Call | None]
"""Exchanges to be kept, and what is to be done then; None where no answer is waited for.

The first message is folder and clock, the last is None.
"""

Answer = tuple[Sequence[tuple[str, int]], Any]
"""File and offset of the exchanges that were kept since the last answer, and what the method
returned or raised.
"""


class ArchiveService:
    """An archive, and where it keeps what came over the pipe."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._places = Places()
        self._news: list[tuple[str, int]] = []
        self._failure: ArchiveError | None = None

    def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Capture them. What goes wrong the next answer tells."""
        for exchange in exchanges:
            try:
                capture = self._archive.capture(exchange)
                place = capture.file, capture.offset
            except ArchiveError as error:
                self._failure = self._failure or error
                place = LOST
            self._places.add(*place)
            self._news.append(place)

    def answer(self, call: Call) -> Answer:
        """Do what is asked."""
        try:
            answer = self._do(call)
        except FinewsError as error:
            answer = error
        news, self._news = self._news, []
        return news, answer

    def _do(self, call: Call) -> Any:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if call.method == "add_many":
            return self._add_many(*call.arguments)
        return getattr(self._archive, call.method)(*call.arguments, **call.options)

    def _add_many(self, articles: Sequence[Article]) -> list[Outcome]:
        return self._archive.add_many([self._with_places(article) for article in articles])

    def _with_places(self, article: Article) -> Article:
        return replace(article, captures=tuple(map(self._places.of, article.captures)))


def write(pipe: Connection) -> None:
    """Write the archive that the first message names, until there are no more."""
    folder, clock = pipe.recv()
    failure: ArchiveError | None = None
    try:
        with Archive(folder, clock=clock) as archive, suppress(ConnectionError):
            pipe.send(((), None))
            _take_messages(pipe, ArchiveService(archive))
    except ArchiveError as error:
        failure = error
    with suppress(ConnectionError):
        pipe.send(((), failure))


def _take_messages(pipe: Connection, writer: ArchiveService) -> None:
    for exchanges, call in _messages(pipe):
        writer.keep(exchanges)
        if call is not None:
            pipe.send(writer.answer(call))


def _messages(pipe: Connection) -> Iterator[Message]:
    """The whole ones; a crawl that is killed may have sent half of one."""
    with suppress(EOFError, OSError):
        while message := pipe.recv():
            yield message


def main() -> None:
    """Do so, whoever else is told to stop."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    with Connection(int(sys.argv[1])) as pipe, suppress(EOFError):
        write(pipe)


if __name__ == "__main__":
    main()
