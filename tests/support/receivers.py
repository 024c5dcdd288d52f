"""Servers that receive what notices send: HTTP for webhooks and ntfy, and SMTP."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class WebReceiver:
    """A server that records requests.

    :param status: of its answers.
    :param on_message: is called with each request before it is answered.
    """

    port: int = 0
    status: int = 200
    paths: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    on_message: Callable[[dict[str, Any]], None] = lambda _: None

    @property
    def bodies(self) -> list[str]:
        """The texts of the messages, of a webhook or of ntfy."""
        return [str(each["message"]) for each in self.messages]


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """Serve a receiver on a free port of this machine."""
    receiver = WebReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            receiver.paths.append(self.path)
            self._answer()

        def do_POST(self) -> None:
            receiver.paths.append(self.path)
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.messages.append(message)
            receiver.on_message(message)
            self._answer()

        def _answer(self) -> None:
            self.send_response(receiver.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Inbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_receiver() -> Iterator[tuple[int, list[Any]]]:
    """Serve SMTP on a free port; yield the port and the mails."""
    inbox = _Inbox()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=port,
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=True),
    )
    controller.start()
    try:
        yield port, inbox.mails
    finally:
        controller.stop()
