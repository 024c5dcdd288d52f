"""Serve an archive to web browsers."""

import webbrowser
from collections.abc import Callable
from pathlib import Path

from archive.browse.plugin import open_site
from archive.browse.readers import Readers
from archive.sentences import translated
from archive.serving import serve_application


def serve(
    folder: Path,
    *,
    host: str,
    port: int,
    sql: bool,
    base_url: str,
    readers: Readers | None,
    api_rate: int,
    metrics: bool,
    open_browser: bool,
    report: Callable[[str], None],
) -> None:
    """Serve an archive until interrupted.

    :param port: port to listen on; 0 for any free one.
    :param sql: whether visitors may run SQL queries.
    :param base_url: path prefix below which a proxy serves the site.
    :param readers: who mark articles; None where nothing can be marked.
    :param api_rate: requests to the API in a minute that a caller may send; 0 for any number.
    :param metrics: whether to serve ``/healthz``, ``/metrics`` and ``/status``.
    :param report: receives a sentence with the address, once the site accepts connections.
    :raises ArchiveError: when there is no archive, or the address cannot be used.
    """
    site = open_site(
        folder,
        sql=sql,
        base_url=base_url,
        readers=readers,
        api_rate=api_rate,
        metrics=metrics,
    )

    def ready(address: str) -> None:
        address += site.setting("base_url")
        report(translated(f"{folder} is at {address} (stop with Ctrl-C)"))
        if open_browser:
            webbrowser.open(address)

    try:
        serve_application(site.app(), host, port, ready)
    finally:
        site.close()
