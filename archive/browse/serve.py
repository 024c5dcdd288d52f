"""Serves an archive on an address of its own."""

import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from archive.browse.plugin import open_site
from archive.errors import ArchiveError


def serve(
    folder: Path,
    *,
    host: str,
    port: int,
    sql: bool,
    base_url: str,
    open_browser: bool,
    say: Callable[[str], None],
) -> None:
    """Serve until interrupted.

    :param port: 0 for any that is free.
    :param say: is told the address, once it can be visited.
    :raises ArchiveError: when there is no archive, or the address cannot be had.
    """
    site = open_site(folder, sql=sql, base_url=base_url)
    try:
        with _listen(host, port) as listener:
            shown = f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{listener.getsockname()[1]}{site.setting('base_url')}"
            say(f"{folder} is at {address} (stop with Ctrl-C)")
            if open_browser:
                webbrowser.open(address)
            # Proxies on this machine are believed what they say of scheme and visitor.
            server = uvicorn.Server(uvicorn.Config(site.app(), lifespan="on", log_level="warning"))
            with suppress(KeyboardInterrupt):  # uvicorn has stopped in good order by then
                server.run(sockets=[listener])
    finally:
        site.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address
        raise ArchiveError(f"Could not listen on {host}, port {port}: {reason}.") from error
