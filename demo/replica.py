"""The server: a plain HTTP proxy on loopback that answers for the real host names itself.

A crawler that is told `http_proxy=http://127.0.0.1:PORT` keeps the real addresses in its
requests, so that pages, links and hosts are what they are outside.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from ssl import SSLContext, SSLError
from types import TracebackType
from typing import Any, Self

from demo.exchange import Answer, Exchange, LoggedRequest, Request, Site
from demo.faults import Fault
from demo.share import share_api_site
from demo.static import folder_site

__all__ = [
    "Answer",
    "LoggedRequest",
    "Replica",
    "Request",
    "Site",
    "folder_site",
    "share_api_site",
]

_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


class Replica:
    """Serves sites by host name for as long as its `with` block lasts.

    `requests` has every request in order of arrival and may be cleared; `faults` may be changed
    at any time, and the first that matches a request strikes it. A host without a site is
    answered with 502, a CONNECT (https) with 501, both logged as unknown: nothing that a crawler
    asks for through the replica ever leaves this machine.

    With `tls` it is asked straight, as an https server, under one of its names.
    """

    def __init__(
        self,
        sites: Mapping[str, Site],
        *,
        faults: Iterable[Fault] = (),
        port: int = 0,
        tls: SSLContext | None = None,
    ) -> None:
        self.sites = dict(sites)
        self.faults = list(faults)
        self.requests: list[LoggedRequest] = []
        self._port = port
        self._tls = tls
        self._striking = threading.Lock()

    def __enter__(self) -> Self:
        """Bind and serve. Raises OSError when the port is taken."""
        self._server = _Server(self, self._port, self._tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def proxy_url(self) -> str:
        """What to set `http_proxy` to, inside the `with` block."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def unknown(self) -> list[LoggedRequest]:
        """The requests for hosts that have no site here: a good crawl makes none."""
        return [entry for entry in self.requests if not entry.answered_by_known_host]

    def serve(self, request: Request, connection: socket, stopping: threading.Event) -> bool:
        """Answer a request on its connection; whether the connection may be used again."""
        site = self.sites.get(request.host)
        known = site is not None and request.method != "CONNECT"
        entry = LoggedRequest(request, answered_by_known_host=known)
        self.requests.append(entry)
        if site is None or not known:
            site = _refuse
        exchange = Exchange(entry, site, connection, stopping)
        fault = self._struck_by(request) if known else None
        if fault is None:
            exchange.send(exchange.answer())
        else:
            fault.failure(exchange)
        return exchange.kept_alive and known

    def _struck_by(self, request: Request) -> Fault | None:
        with self._striking:
            for fault in self.faults:
                if fault.matches(request):
                    fault.struck += 1
                    return fault
        return None


def _refuse(request: Request) -> Answer:
    if request.method == "CONNECT":
        return Answer(HTTPStatus.NOT_IMPLEMENTED, b"The replica speaks http only.\n", _PLAIN)
    return Answer(HTTPStatus.BAD_GATEWAY, f"No site for {request.host}.\n".encode(), _PLAIN)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, replica: Replica, port: int, tls: SSLContext | None) -> None:
        self.replica = replica
        self._tls = tls
        self.stopping = threading.Event()
        self._connections: set[socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        # Idle keep-alive connections would otherwise live on in their threads.
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:  # whose handshake is left to the connection's own thread
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._connections.add(connection)
        return connection, address

    def close_request(self, request: socket | tuple[bytes, socket]) -> None:
        self._connections.discard(request)
        super().close_request(request)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # A client may hang up whenever it likes; that is no news.
        with suppress(ConnectionError, SSLError):
            super().handle()

    def _serve(self) -> None:
        if self.command == "CONNECT":
            host, target = self.path, "/"
        elif self.path.startswith("/"):
            host, target = self.headers.get("Host", ""), self.path
        else:  # the absolute form that clients send to a proxy
            host, slash, rest = self.path.partition("://")[2].partition("/")
            target = f"/{rest}" if slash else "/"
        path, _, query = target.partition("?")
        request = Request(
            method=self.command,
            host=host.partition(":")[0].lower(),
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        replica = self.server.replica
        if not replica.serve(request, self.connection, self.server.stopping):
            self.close_connection = True

    do_GET = do_HEAD = do_CONNECT = _serve

    def log_message(self, *_: object) -> None:
        """Say nothing: the replica keeps its own log."""
