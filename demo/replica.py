"""The server: an HTTP proxy on loopback that answers requests for the real host names itself.

A crawler with `http_proxy=http://127.0.0.1:PORT` uses the real addresses in its
requests, so that pages, links and hosts are the real ones. A tunnel (CONNECT, for https)
ends in the replica too, which has a certificate for every host.
"""

import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from types import TracebackType
from typing import Any, Self

from demo.certificates import Authority, Flaw
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
    """Serves sites by host name until the end of its `with` block.

    `requests` has every request in order of arrival and may be cleared; `faults` may be changed
    at any time, and the first that matches a request strikes it; `flaws` are those of hosts'
    certificates, and may also be changed. A host without a site is answered with 502, which is
    logged as unknown: nothing that a crawler asks for through the replica ever leaves this machine.
    """

    def __init__(
        self,
        sites: Mapping[str, Site],
        *,
        faults: Iterable[Fault] = (),
        flaws: Mapping[str, Flaw] | None = None,
        port: int = 0,
    ) -> None:
        self.sites = dict(sites)
        self.faults = list(faults)
        self.flaws = dict(flaws or {})
        self.requests: list[LoggedRequest] = []
        self._port = port
        self._striking = threading.Lock()

    def __enter__(self) -> Self:
        """Bind and serve. Raises OSError when the port is taken."""
        self._server = _Server(self, self._port)
        self._authority = Authority()
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
        self._authority.close()

    @property
    def proxy_url(self) -> str:
        """The value for `http_proxy`, inside the `with` block."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables with which a program uses the sites here, and trusts them."""
        return {
            "http_proxy": self.proxy_url,
            "https_proxy": self.proxy_url,
            "no_proxy": "",
            "SSL_CERT_FILE": str(self._authority.certificate),
        }

    @property
    def unknown(self) -> list[LoggedRequest]:
        """The requests for hosts without a site here; a correct crawl sends none."""
        return [entry for entry in self.requests if not entry.answered_by_known_host]

    def tls(self, host: str) -> ssl.SSLContext | None:
        """Return the TLS context for a host inside a tunnel; None when it has no site."""
        if host not in self.sites:
            return None
        return self._authority.context(host, self.flaws.get(host))

    def serve(self, request: Request, connection: socket, stopping: threading.Event) -> bool:
        """Answer a request on its connection; return whether the connection may be used again."""
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
    return Answer(HTTPStatus.BAD_GATEWAY, f"No site for {request.host}.\n".encode(), _PLAIN)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Connections that wait to be accepted. With the usual five a busy machine cuts some off, which
    # a crawl takes for a refusal.
    request_queue_size = 128

    def __init__(self, replica: Replica, port: int) -> None:
        self.replica = replica
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
                # Not SSLSocket's own, which takes the TLS away that a thread may be reading.
                socket.shutdown(connection, SHUT_RDWR)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def close_request(self, request: socket | tuple[bytes, socket]) -> None:
        self._connections.discard(request)
        super().close_request(request)

    def serve_tunnel(self, tunnel: ssl.SSLSocket, address: Any) -> None:
        """Open a tunnel to its client, and answer the requests in it."""
        with tunnel:
            self._connections.add(tunnel)
            if not self.stopping.is_set() and _opens(tunnel):
                _TunnelHandler(tunnel, address, self)
                _say_goodbye(tunnel)
            self._connections.discard(tunnel)


def _opens(tunnel: ssl.SSLSocket) -> bool:
    try:
        socket.sendall(tunnel, b"HTTP/1.1 200 Connection Established\r\n\r\n")  # in the clear
        tunnel.do_handshake()
    except OSError:
        return False  # the client has hung up, or does not like the certificate
    return True


def _say_goodbye(tunnel: ssl.SSLSocket) -> None:
    """Announce the end, without which a body that has no length would seem truncated."""
    with suppress(OSError):
        tunnel.setblocking(False)  # the client's own goodbye is not waited for
        tunnel.unwrap()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    scheme = "http"

    def handle(self) -> None:
        # A client may close the connection at any time.
        with suppress(ConnectionError, ssl.SSLError):
            super().handle()

    def do_CONNECT(self) -> None:
        host, _, port = self.path.lower().partition(":")
        context = self.server.replica.tls(host) if port == "443" else None
        if context is None:
            self._serve()
            return
        self.close_connection = True
        tunnel = context.wrap_socket(
            self.connection, server_side=True, do_handshake_on_connect=False
        )
        self.server.serve_tunnel(tunnel, self.client_address)

    def _serve(self) -> None:
        scheme = self.scheme
        if self.command == "CONNECT":
            scheme, host, target = "https", self.path, "/"
        elif self.path.startswith("/"):
            host, target = self.headers.get("Host", ""), self.path
        else:  # the absolute form that clients send to a proxy
            scheme, _, address = self.path.partition("://")
            host, slash, rest = address.partition("/")
            target = f"/{rest}" if slash else "/"
        path, _, query = target.partition("?")
        request = Request(
            method=self.command,
            host=host.partition(":")[0].lower(),
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            scheme=scheme.lower(),
        )
        replica = self.server.replica
        if not replica.serve(request, self.connection, self.server.stopping):
            self.close_connection = True

    do_GET = do_HEAD = _serve

    def log_message(self, *_: object) -> None:
        """Log nothing: the replica has its own log."""


class _TunnelHandler(_Handler):
    scheme = "https"
    do_CONNECT = _Handler._serve
