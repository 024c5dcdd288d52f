"""The command ``finews mcp``."""

from importlib.util import find_spec
from pathlib import Path

import click

from archive.api.models import moment
from archive.commands.arguments import archive as _archive
from archive.commands.arguments import as_of as _as_of
from archive.commands.arguments import host as _host
from archive.commands.arguments import port as _port
from archive.errors import FinewsError
from archive.sentences import translated
from archive.serving import serve_application
from archive.storage import open_catalog


@click.command()
@_archive
@_as_of
@click.option("--http", is_flag=True, help="Serve streamable HTTP in place of standard input.")
@_host
@_port(8002)
def mcp(archive: Path, as_of: str, http: bool, host: str, port: int) -> None:
    """Serve the archive to agents by MCP, until interrupted.

    With --as-of, no call can get what the archive learnt later.
    """
    if find_spec("mcp") is None:
        raise FinewsError(
            "finews mcp needs the package mcp; install finews-archive with the extra mcp."
        )
    from archive.mcp.server import mcp_server
    from archive.mcp.stdio import serve_stdio

    open_catalog(archive).close()
    server = mcp_server(archive, moment(as_of) if as_of else None)
    if http:
        application = server.streamable_http_app(host=host, stateless_http=True)
        serve_application(
            application,
            host,
            port,
            lambda address: click.echo(
                translated(f"{archive} is at {address}/mcp (stop with Ctrl-C)")
            ),
        )
    else:
        serve_stdio(server)
