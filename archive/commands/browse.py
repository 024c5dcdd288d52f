"""The command ``finews browse``."""

import webbrowser
from contextlib import closing
from pathlib import Path

import click

from archive.browse.plugin import open_site
from archive.browse.readers import Readers
from archive.browse.site import API_RATE
from archive.commands.arguments import archive as _archive
from archive.commands.arguments import host as _host
from archive.commands.arguments import port as _port
from archive.sentences import translated
from archive.serving import serve_application


@click.command()
@_archive
@_host
@_port(8001)
@click.option("--open", "open_browser", is_flag=True, help="Open the address in the web browser.")
@click.option("--sql", is_flag=True, help="Let visitors run SQL queries on the catalog.")
@click.option(
    "--base-url",
    default="/",
    show_default=True,
    help="Path prefix below which a proxy serves the site.",
)
@click.option(
    "--marks",
    is_flag=True,
    help="Let readers star, tag and annotate articles; a cookie identifies a reader.",
)
@click.option(
    "--login",
    metavar="HEADER",
    help="Header in which the proxy names the reader, such as Remote-User; implies --marks.",
)
@click.option(
    "--api-rate",
    type=click.IntRange(0),
    default=API_RATE,
    show_default=True,
    help="Requests to the API in a minute that an address may send; 0 for any number.",
)
@click.option("--metrics", is_flag=True, help="Serve /healthz, /metrics and /status, too.")
def browse(
    archive: Path,
    host: str,
    port: int,
    open_browser: bool,
    sql: bool,
    base_url: str,
    marks: bool,
    login: str | None,
    api_rate: int,
    metrics: bool,
) -> None:
    """Serve the archive to web browsers, until interrupted."""
    site = open_site(
        archive,
        sql=sql,
        base_url=f"/{base_url.strip('/')}/".replace("//", "/"),
        readers=Readers(archive, login) if marks or login else None,
        api_rate=api_rate,
        metrics=metrics,
    )

    def ready(address: str) -> None:
        address += site.setting("base_url")
        click.echo(translated(f"{archive} is at {address} (stop with Ctrl-C)"))
        if open_browser:
            webbrowser.open(address)

    with closing(site):
        serve_application(site.app(), host, port, ready)
