"""The commands ``finews cluster …``."""

import json
import sys
import time
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.commands.arguments import archive as _archive
from archive.errors import FinewsError

if TYPE_CHECKING:
    from celery import Celery


def _make_app() -> "Celery":
    """Create the application of FINEWS_BROKER; ``finews --help`` does not wait for its import."""
    from cluster.app import broker_url, make_app

    return make_app(broker_url())


@click.group()
def cluster() -> None:
    """Crawl with several machines into one archive.

    The environment variable FINEWS_BROKER is the address of a RabbitMQ, such as
    amqp://user:password@host:5672//, or amqps:// for TLS; FINEWS_BROKER_CA is the file with the
    certificate of a private authority.
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
    from cluster.worker import work

    work(crawls, name)


@cluster.command()
@_archive
@click.option(
    "--jobs",
    "jobs_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    envvar="FINEWS_JOBS",
    help="The jobs file; by default the environment variable FINEWS_JOBS.",
)
@click.option(
    "--take-over", is_flag=True, help="ARCHIVE replaces the one that the cluster has so far."
)
def writer(archive: Path, jobs_file: Path | None, take_over: bool) -> None:
    """Send the jobs, and write what they find into ARCHIVE.

    It runs until it is stopped. A cluster has one writer; a second one refuses to start.
    """
    from cluster.writer import write

    write(archive, jobs_file, take_over=take_over)


@cluster.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--metrics", "as_metrics", is_flag=True, help="Print Prometheus' text format.")
def status(as_json: bool, as_metrics: bool) -> None:
    """Show broker, writer, workers and jobs, within three seconds.

    The exit status is 1 when there is a problem.
    """
    from cluster.status import described, metrics, status_of

    with _make_app() as app:
        found = status_of(app)
        if as_json:
            click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
        else:
            for line in metrics(found) if as_metrics else described(found):
                click.echo(line)
    sys.exit(1 if found.problems else 0)


_named = click.argument("names", metavar="[JOB|SOURCE]...", nargs=-1)


def _changing(action: str, done: str, doc: str) -> None:
    """Add a command that changes jobs.

    :param done: what has happened to the jobs.
    """

    def change(names: tuple[str, ...]) -> None:
        from cluster.app import command

        with _make_app() as app:
            changed = command(app, "finews_change", action=action, names=list(names))
        click.echo(f"Jobs that {done}: {', '.join(changed) or 'none'}.")

    change.__doc__ = doc
    cluster.command(name=action)(_named(change))


_changing("send", "wait for their turn", "Let jobs run next; without names, all.")
_changing("pause", "are paused", "Send jobs no more until they are resumed; without names, all.")
_changing("resume", "are sent again", "Undo a pause.")
_changing("cancel", "are cancelled", "End the runs of jobs, and do not wait; without names, all.")


@cluster.command()
@_named
@click.option("--seconds", default=1800, show_default=True, help="The longest time to wait.")
def drain(names: tuple[str, ...], seconds: int) -> None:
    """Pause jobs and wait for their crawls; without names, all."""
    from cluster.app import command
    from cluster.status import status_of

    with _make_app() as app:
        paused = command(app, "finews_change", action="pause", names=list(names))
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = status_of(app)
            runs = [job["name"] for job in found.jobs if job["run"]]
            # The writer has answered after all messages that it had, among them those of ends.
            if found.lag is not None and not (set(runs).intersection(paused) if names else runs):
                of, resume = f" of {', '.join(names)}" if names else "", ("resume", *names)
                click.echo(f"No crawl{of} runs, and all is written.")
                click.echo(f"To go on: finews cluster {' '.join(resume)}")
                return
            time.sleep(1)
    raise click.ClickException(
        f"After {seconds} s, crawls still run or wait for the writer; see: finews cluster status"
    )


@cluster.group(invoke_without_command=True)
@click.pass_context
def dead(context: click.Context) -> None:
    """List the messages that could not be processed."""
    if context.invoked_subcommand is None:
        from cluster.dead_letters import dead_letters

        with _make_app() as app:
            for each in dead_letters(app):
                size = f"{each.size} bytes"
                facts = (each.number, each.time, each.queue, each.task, size, each.reason)
                click.echo("  ".join(map(str, facts)))


@dead.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """Show the beginning of a message."""
    from cluster.dead_letters import dead_letters

    with _make_app() as app:
        found = [each for each in dead_letters(app) if each.number == number]
    if not found:
        raise FinewsError(f"There is no dead letter {number}.")
    click.echo(json.dumps(asdict(found[0]), ensure_ascii=False, indent=2))


@dead.command()
@click.argument("numbers", type=int, nargs=-1)
def retry(numbers: tuple[int, ...]) -> None:
    """Send messages to where they were; without numbers, all."""
    from cluster.dead_letters import take

    with _make_app() as app:
        click.echo(f"{take(app, numbers, sends=True)} dead letters sent again.")


@dead.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def drop(numbers: tuple[int, ...]) -> None:
    """Delete messages for good."""
    from cluster.dead_letters import take

    with _make_app() as app:
        click.echo(f"{take(app, numbers, sends=False)} dead letters deleted.")
