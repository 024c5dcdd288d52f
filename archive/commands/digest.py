"""The command ``finews digest``."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from archive.article import SHANGHAI
from archive.catalog import horizon
from archive.clock import utc_iso, utc_now
from archive.commands.arguments import archive_option, as_of, watches_file
from archive.commands.statuses import SearchStatus, Status
from archive.export.digest import MAX_ARTICLES, Digest, read_digest
from archive.export.output import STANDARD_OUTPUT, output_to
from archive.search import Query
from archive.storage import reading_catalog
from archive.translation import N_, Language, current_language, language
from archive.translation import gettext as _
from archive.watches import load_watches
from archive.watches.channels import ChannelFailed, send

_NAMED_DAYS = {"today": 0, "yesterday": 1}


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if value in _NAMED_DAYS:
        now = datetime.now(SHANGHAI)
        return (now - timedelta(days=_NAMED_DAYS[value])).date().isoformat()
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        sentence = _("%(value)s is no day such as 2026-11-22, today or yesterday.", value=value)
        raise click.BadParameter(sentence) from None


@click.command()
@click.argument("day", required=False, callback=_day)
@archive_option
@click.option("--watch", "name", help="Only articles that this watch finds.")
@watches_file
@click.option(
    *("--format", "kind"),
    type=click.Choice(["html", "epub", "mail"]),
    default="html",
    show_default=True,
)
@click.option(
    *("--output", "-o"),
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="File to write; standard output by default.",
)
@click.option(
    "--to",
    multiple=True,
    metavar="CHANNEL",
    help="Send the mail to this channel of the watches, or address of Apprise; repeatable.",
)
@as_of
@click.pass_context
def digest(
    context: click.Context,
    day: str,
    archive: Path,
    name: str | None,
    watches: Path,
    kind: str,
    output: Path | None,
    to: tuple[str, ...],
    as_of: str,
) -> None:
    """Write the articles of a DAY as a web page, an EPUB book or a mail.

    DAY is such as 2026-11-22, today or yesterday; without it, the last day that has articles. With
    --to, the mail is sent through the channels of finews watch. The exit status is 3 when there are
    no articles, or when a channel failed.
    """
    if to and (kind != "mail" or output):
        raise click.UsageError(_("--to needs --format mail, and no --output."))
    if kind == "epub" and output in (None, STANDARD_OUTPUT):
        raise click.UsageError(_("A book cannot go to standard output: use --output FILE."))
    file = load_watches(watches) if name or not all(map(_is_address, to)) else None
    no_watch = N_("There is no watch %(name)s; there are: %(known)s.")
    no_channel = N_("There is no channel %(name)s; there are: %(known)s.")
    watched = {watch.name: watch.query for watch in file.watch} if file else {}
    q = _named(watched, name, no_watch) if name else ""
    query = Query(q=q, day=day, as_of=as_of)
    channels = file.channels if file else {}
    places = [each if _is_address(each) else _named(channels, each, no_channel) for each in to]
    until = horizon(datetime.fromisoformat(as_of) if as_of else None)
    with reading_catalog(archive) as connection:
        found = read_digest(connection, query, until, name or "")
    if found is None:
        click.echo(_("There are no such articles."), err=True)
        context.exit(SearchStatus.NONE)
    if to:
        with language(Language(file.language) if file else current_language()):
            failed = _send(found, dict(zip(to, places, strict=True)))
        context.exit(Status.REMARKS if failed else Status.WHOLE)
    with output_to(output or STANDARD_OUTPUT, archive) as out:
        out.write(_written(found, kind))
    if found.total > len(found.chapters):
        sentence = _(
            "The newest %(most)s of %(total)s articles are written.",
            most=MAX_ARTICLES,
            total=format(found.total, ","),
        )
        click.echo(sentence, err=True)


def _named(known: Mapping[str, str], name: str, sentence: str) -> str:
    if name not in known:
        names = ", ".join(known) or "-"
        raise click.BadParameter(_(sentence, name=repr(name), known=names))
    return known[name]


def _is_address(channel: str) -> bool:
    return "://" in channel or channel.startswith(("env:", "file:"))


def _written(digest: Digest, kind: str) -> bytes:
    if kind == "epub":
        return digest.epub(utc_iso(utc_now()))
    return digest.mail() if kind == "mail" else digest.html().encode()


def _send(digest: Digest, places: Mapping[str, str]) -> bool:
    """Send a digest to channels, by name; return whether one failed."""
    failed = False
    for number, (channel, place) in enumerate(places.items(), 1):
        shown = _("channel %(number)s", number=number) if _is_address(channel) else channel
        try:
            send(place, digest.title, digest.html(), html=True)
        except ChannelFailed as error:
            failed = True
            sentence = _("%(channel)s failed: %(reason)s.", channel=shown, reason=error)
            click.echo(sentence, err=True)
        else:
            click.echo(_("%(channel)s: sent.", channel=shown), err=True)
    return failed
