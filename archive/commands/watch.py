"""The command ``finews watch``."""

import sys
from pathlib import Path

import click

from archive.commands.arguments import FOLDER, find_archive, watches_file
from archive.commands.statuses import Status
from archive.sentences import translated
from archive.storage import READER, require_archive
from archive.translation import gettext as _
from archive.watches import load_watches, report
from archive.watches.channels import ChannelFailed, send
from archive.watches.ledger import read_history

_archive = click.option(
    "--archive",
    type=FOLDER,
    help="Folder of the archive; without it, that of the other commands.",
)


@click.group(invoke_without_command=True)
@_archive
@watches_file
@click.pass_context
def watch(context: click.Context, archive: Path | None, watches: Path) -> None:
    """Send the notices that are due: news, edits, silences and failures.

    Crawls do the same when they end. The file of watches names what to watch and to whom to send
    it; docs/how-to/watch.md describes it. The exit status is 3 when a message could not be sent.
    """
    if context.invoked_subcommand is not None:
        context.default_map = {"history": {"archive": archive}, "test": {"watches": watches}}
        return
    folder = find_archive(archive)
    require_archive(folder)
    sent = report(folder, load_watches(watches))
    if sent.interrupted:
        interrupted = f"{sent.interrupted} notices may have been sent before: a process was killed."
        click.echo(translated(interrupted))
    click.echo(translated(f"{sent.messages} messages sent."))
    for channel, reason in sent.failing.items():
        sentence = f"{channel} failed and is tried again later: {reason}."
        click.echo(translated(sentence), err=True)
    if sent.failing:
        sys.exit(Status.REMARKS)


@watch.command()
@click.argument("channels", metavar="[CHANNEL]...", nargs=-1)
@watches_file
def test(channels: tuple[str, ...], watches: Path) -> None:
    """Send a message to each CHANNEL, or to all, and print which of them failed."""
    known = load_watches(watches).channels
    if unknown := set(channels) - known.keys():
        names = ", ".join(known)
        raise click.BadParameter(f"There is no channel {min(unknown)}; there are {names}.")
    failed = False
    for channel in channels or known:
        try:
            send(known[channel], "finews", "finews 测试 / test")
        except ChannelFailed as error:
            failed = True
            reason = translated(str(error))
            click.echo(
                _("%(channel)s: failed: %(reason)s.", channel=channel, reason=reason), err=True
            )
        else:
            click.echo(_("%(channel)s: sent.", channel=channel))
    if failed:
        sys.exit(Status.REMARKS)


@watch.command()
@_archive
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
def history(archive: Path | None, limit: int) -> None:
    """Print the last notices, the newest first: time, state, watch, channel, text."""
    folder = find_archive(archive)
    require_archive(folder)
    notices = read_history(folder / READER, limit)
    if not notices:
        click.echo(translated(f"{folder} has no notices yet."))
    for notice in notices:
        at = (notice["sent"] or notice["found"])[:19]
        fields = (at, notice["state"], notice["watch"], notice["channel"], notice["line"])
        click.echo("  ".join(fields))
