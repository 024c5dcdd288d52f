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
    help="Folder of the archive; created when it does not exist.",
)
@click.option("--quiet", is_flag=True, help="Do not report broken files.")
def import_(folders: tuple[Path, ...], archive: Path, quiet: bool) -> None:
    """Import folders of posts.

    A folder is another archive, or a checkout of the original site. Posts are stored byte for byte.
    An interrupted import continues when run again; importing the same posts again changes nothing.
    """

    def report(finding: importing.FileFinding) -> None:
        if not quiet:
            name = click.format_filename(finding.file)
            result = "" if finding.taken else "not imported: "
            click.echo(f"{name}: {result}{finding.reason}", err=True)

    done = importing.import_posts(archive, folders, show, report=report)
    click.echo(
        f"{done.added} added, {done.revised} newer than the archive's, {done.older} older, "
        f"{done.unchanged} unchanged, {done.refused} not imported; {done.broken} broken."
    )
