"""The messages between a client and a made-up site."""

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as the client sent it."""

    method: str
    #: In lower case, without a port.
    host: str
    #: Percent-encoded as received, without the query.
    path: str
    query: str = ""
    #: With names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "http"

    @property
    def target(self) -> str:
        """The path, and the query if there is one."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.host}{self.target}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A site's answer to a request. The server adds Content-Length and Date."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


#: All answers of one host: a pure function, safe to call from several threads.
Site = Callable[[Request], Answer]


@dataclass(slots=True)
class LoggedRequest:
    """A request that the replica received, and its result.

    It is logged as it arrives; `status` stays 0 until an answer begins, and for good when none
    ever does.
    """

    request: Request
    answered_by_known_host: bool
    status: int = 0


class Exchange:
    """One request on its open connection, and the means to answer it well or badly.

    A fault gets the whole exchange: it may ask the site for its answer, wait, send part of an
    answer or cut the connection.
    """

    def __init__(
        self, log: LoggedRequest, site: Site, connection: socket.socket, stopping: threading.Event
    ) -> None:
        self.request = log.request
        #: Whether the connection may carry another request after this one.
        self.kept_alive = True
        self._log = log
        self._site = site
        self._connection = connection
        self._stopping = stopping

    def answer(self) -> Answer:
        """Return the site's answer without a fault."""
        return self._site(self.request)

    def send(self, answer: Answer) -> None:
        """Send a complete answer."""
        self.begin(answer, length=len(answer.body))
        if self.request.method != "HEAD":
            self.write(answer.body)

    def begin(self, answer: Answer, *, length: int | None) -> None:
        """Send the status and the headers only, promising `length` bytes of body.

        None promises no length: the body then ends where the connection does.
        """
        bodiless = answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        headers = {"Date": formatdate(usegmt=True), **answer.headers}
        if length is None:
            headers["Connection"] = "close"
            self.kept_alive = False
        elif not bodiless:
            headers["Content-Length"] = str(length)
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._log.status = answer.status
        self.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._connection.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Sleep until the time is over or the replica shuts down; return whether it shuts down."""
        return self._stopping.wait(seconds)

    def close(self) -> None:
        """Let the connection end (FIN) after this exchange."""
        self.kept_alive = False

    def reset(self) -> None:
        """Cut the connection at once (RST), so that the client sees "connection reset"."""
        self.kept_alive = False
        no_linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        # The server's own reader keeps the descriptor open; only detaching it closes it now.
        socket.socket(fileno=self._connection.detach()).close()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Made Up"
