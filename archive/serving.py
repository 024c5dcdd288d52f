"""Listen on an address, and serve an application there until interrupted."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

from archive.errors import ArchiveError


def serve_application(application: Any, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve an ASGI application until interrupted.

    :param port: port to listen on; 0 for any free one.
    :param ready: receives the address, once connections are accepted.
    :raises ArchiveError: when the address cannot be used.
    """
    with _listen(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}")
        # uvicorn trusts X-Forwarded headers of proxies on this machine.
        server = uvicorn.Server(uvicorn.Config(application, lifespan="on", log_level="warning"))
        with suppress(KeyboardInterrupt):  # uvicorn raises it after an orderly stop
            server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]  # Python appends the address
        raise ArchiveError(f"Could not listen on {host}, port {port}: {reason}.") from error
