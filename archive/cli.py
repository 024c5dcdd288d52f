"""The command ``finews``."""

import shutil
import sys
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path

import click

from archive import importing
from archive import rebuild as archive_rebuild
from archive import repair as archive_repair
from archive import verify as archive_verify
from archive.browse.figures import describe
from archive.browse.serve import serve
from archive.cli_arguments import archive as _archive
from archive.cli_export import export
from archive.errors import FinewsError
from archive.progress import show


class _Commands(click.Group):
    """Shows what goes wrong in an archive as one sentence, with exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except FinewsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="finews")
def main() -> None:
    """Look after an archive of news posts.

    ARCHIVE is its folder; without it, the environment variable FINEWS_ARCHIVE, else news.
    """


@main.command()
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


@main.command()
@_archive
def stats(archive: Path) -> None:
    """Show the main figures of the archive."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in describe(archive, width, datetime.now(UTC)):
        click.echo(line)


@main.command()
@_archive
@click.option("--repair", "mend", is_flag=True, help="Mend what can be mended; lose nothing.")
def verify(archive: Path, mend: bool) -> None:
    """Check every post, revision and capture against its hash and the catalog.

    Prints what is wrong, a line each; the exit status is then 1.
    """
    verified = archive_verify.verify(archive, show)
    if mend and verified.problems:
        for done in archive_repair.repair(archive, verified.problems, show):
            click.echo(done)
        verified = archive_verify.verify(archive, show)
    for problem in verified.problems:
        click.echo(problem)
    wrong = len(verified.problems)
    click.echo(f"{verified.files} files and {verified.captures} captures checked, {wrong} wrong.")
    sys.exit(1 if wrong else 0)


@main.command()
@_archive
@click.option(
    "--force", is_flag=True, help="Replace a sound catalog by one that lacks what files have lost."
)
def rebuild(archive: Path, force: bool) -> None:
    """Make the catalog again, from files alone.

    It takes the place of the old one at once, while readers go on.
    """
    rebuilt = archive_rebuild.rebuild(archive, show, force=force)
    for told in (*rebuilt.damage, *rebuilt.lost, *rebuilt.strange):
        click.echo(told)
    for path in rebuilt.unread:
        click.echo(f"{path} names no article or no day, and is not in the catalog.")
    click.echo(f"The catalog of {archive} has {rebuilt.posts} posts.")
    sys.exit(1 if rebuilt.damage or rebuilt.lost or rebuilt.strange else 0)


@main.command("import")
@click.argument(
    "folders",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option(
    "--archive",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FINEWS_ARCHIVE",
    default="news",
    show_default=True,
    help="Folder of the archive; it is made when it is not there.",
)
@click.option("--quiet", is_flag=True, help="Do not name files that are broken.")
def import_(folders: tuple[Path, ...], archive: Path, quiet: bool) -> None:
    """Take in folders of posts: another archive, or a checkout of the original site.

    Exact bytes are kept. Can be stopped and continued; importing again changes nothing.
    """

    def tell(finding: importing.Finding) -> None:
        if not quiet:
            name = click.format_filename(finding.file)
            fate = "" if finding.taken else "not taken in: "
            click.echo(f"{name}: {fate}{finding.reason}", err=True)

    done = importing.import_posts(archive, folders, show, tell=tell)
    click.echo(
        f"{done.added} added, {done.revised} newer than what was there, {done.older} older, "
        f"{done.unchanged} there already, {done.refused} not taken in; {done.broken} broken."
    )


main.add_command(export)
for command in entry_points(group="finews.commands"):
    main.add_command(command.load(), command.name)


if __name__ == "__main__":
    main()
