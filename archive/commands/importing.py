"""The command ``finews import``."""

from pathlib import Path

import click

from archive import importing
from archive.progress import show


@click.command("import")
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

    def report(finding: importing.FileFinding) -> None:
        if not quiet:
            name = click.format_filename(finding.file)
            fate = "" if finding.taken else "not taken in: "
            click.echo(f"{name}: {fate}{finding.reason}", err=True)

    done = importing.import_posts(archive, folders, show, report=report)
    click.echo(
        f"{done.added} added, {done.revised} newer than what was there, {done.older} older, "
        f"{done.unchanged} there already, {done.refused} not taken in; {done.broken} broken."
    )
