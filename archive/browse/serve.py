"""Serve an archive to web browsers."""

import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from archive.browse.plugin import open_site
from archive.browse.readers import Readers
from archive.errors import ArchiveError


def serve(
    folder: Path,
    *,
    host: str,
    port: int,
    sql: bool,
    base_url: str,
    readers: Readers | None,
    open_browser: bool,
    report: Callable[[str], None],
) -> None:
    """Serve an archive until interrupted.

    :param port: port to listen on; 0 for any free one.
    :param sql: whether visitors may run SQL queries.
    :param base_url: path prefix below which a proxy serves the site.
    :param readers: who mark articles; None where nothing can be marked.
    :param report: receives a sentence with the address, once the site accepts connections.
    :raises ArchiveError: when there is no archive, or the address cannot be used.
    """
    site = open_site(folder, sql=sql, base_url=base_url, readers=readers)
    try:
        with _listen(host, port) as listener:
            shown = f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{listener.getsockname()[1]}{site.setting('base_url')}"
            report(f"{folder} is at {address} (stop with Ctrl-C)")
            if open_browser:
                webbrowser.open(address)
            # uvicorn trusts X-Forwarded headers of proxies on this machine.
            server = uvicorn.Server(uvicorn.Config(site.app(), lifespan="on", log_level="warning"))
            with suppress(KeyboardInterrupt):  # uvicorn raises it after an orderly stop
                server.run(sockets=[listener])
    finally:
        site.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]  # Python appends the address
        raise ArchiveError(f"Could not listen on {host}, port {port}: {reason}.") from error
