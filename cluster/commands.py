"""The commands ``finews cluster …``, one for each role."""

from importlib.util import find_spec
from pathlib import Path

import click

from archive.commands.arguments import archive as _archive

_jobs = click.option(
    "--jobs",
    "jobs_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    envvar="FINEWS_JOBS",
    required=True,
    help="The jobs file; by default the environment variable FINEWS_JOBS.",
)


@click.group()
def cluster() -> None:
    """Crawl with several machines into one archive.

    The environment variable FINEWS_BROKER is the broker's address, such as
    amqp://user:password@host:5672// or redis://host:6379/0.
    """
    if find_spec("celery") is None:
        raise click.ClickException(
            "finews cluster needs the package celery; "
            "install finews-archive with the extra cluster."
        )


@cluster.command()
@click.option(
    "--crawls", type=click.IntRange(1), default=4, show_default=True, help="Crawls at once."
)
@click.option("--name", default="worker", show_default=True, help="Name, unique on the machine.")
def worker(crawls: int, name: str) -> None:
    """Run the crawls of jobs, until stopped."""
    from cluster.entry_points import work

    work(crawls, name)


@cluster.command()
@_archive
def writer(archive: Path) -> None:
    """Write what the workers send into ARCHIVE, until stopped. Run only one writer."""
    from cluster.entry_points import write

    write(archive)


@cluster.command()
@_jobs
@click.option(
    "--schedule",
    type=click.Path(path_type=Path, dir_okay=False),
    default="beat-schedule",
    show_default=True,
    help="File that stores when each job was last sent.",
)
def beat(jobs_file: Path, schedule: Path) -> None:
    """Send each job when it is due, until stopped. Run only one of these."""
    from cluster.entry_points import send_when_due

    send_when_due(jobs_file, schedule)


@cluster.command()
@_jobs
@click.argument("names", nargs=-1)
def send(jobs_file: Path, names: tuple[str, ...]) -> None:
    """Send the named jobs now; without names, all jobs."""
    from cluster.entry_points import send_now

    click.echo(f"{send_now(jobs_file, names)} jobs sent.")


@cluster.command()
@click.option("--patience", default=10.0, show_default=True, help="Seconds to wait for the writer.")
def status(patience: float) -> None:
    """Show the status of the jobs and the delay of the writer."""
    from cluster.app import broker_url, opened_app
    from cluster.status import described, status_of

    with opened_app(broker_url()) as app:
        for line in described(status_of(app, patience), patience):
            click.echo(line)


@cluster.command()
def retry() -> None:
    """Send the batches that were set aside to the writer again."""
    from cluster.entry_points import send_again

    click.echo(f"{send_again()} batches sent again.")
