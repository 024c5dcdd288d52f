"""The command ``finews browse``."""

from pathlib import Path

import click

from archive.browse.serve import serve
from archive.commands.arguments import archive as _archive


@click.command()
@_archive
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0: any free."
)
@click.option("--open", "open_browser", is_flag=True, help="Open it in the web browser.")
@click.option("--sql", is_flag=True, help="Let visitors ask the catalog anything in SQL.")
@click.option(
    "--base-url", default="/", show_default=True, help="Path prefix that a proxy serves it under."
)
def browse(
    archive: Path, host: str, port: int, open_browser: bool, sql: bool, base_url: str
) -> None:
    """Read the archive in a web browser."""
    serve(
        archive,
        host=host,
        port=port,
        sql=sql,
        base_url=f"/{base_url.strip('/')}/".replace("//", "/"),
        open_browser=open_browser,
        say=click.echo,
    )
