"""The commands ``finews export …``."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import reduce, wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from archive.article import SHANGHAI
from archive.commands.arguments import archive, as_of
from archive.errors import ArchiveError, InvalidQuery
from archive.export.changes import export_changes
from archive.export.dataset import write_dataset
from archive.export.incremental_folder import ExportResult
from archive.export.output import STANDARD_OUTPUT, output_to, write_lines
from archive.export.parquet import TypedRecords, write_parquet
from archive.export.records import check_names, post_records
from archive.export.site.feeds import Published
from archive.export.site.jekyll import choose_posts, publish_feed, publish_site
from archive.export.site.posts import PublishedPost
from archive.export.versions import version_records
from archive.export.wacz import export_wacz
from archive.progress import show
from archive.search import Query, parse
from archive.sentences import translated
from archive.translation import gettext as _
from archive.translation import ngettext


class _Exports(click.Group):
    """Runs ``export posts`` when no kind of export is named: ``finews export --since 2026-11``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["posts", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Exports)
def export() -> None:
    """Export posts: as records, a web site, a feed or a WACZ file.

    Without one of the commands below, posts are written as JSON Lines.
    """


class _Moment(click.ParamType[str]):
    """A time in Shanghai, or the beginning of one, in the catalog's format."""

    name = "time"
    _forms = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d(\+08:00)?)?)?)?)?)?", re.ASCII)
    _first = "0001-01-01T00:00:00+08:00"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        try:
            if not self._forms.fullmatch(text):
                raise ValueError
            datetime.fromisoformat(text + self._first[len(text) :])
        except ValueError:
            self.fail(
                f"{value!r} is no time such as 2026-11, 2026-11-22 or 2026-11-22T17:30.",
                param,
                ctx,
            )
        return text.replace(" ", "T")


def _check_search(q: str) -> None:
    try:
        parsed = parse(q)
    except InvalidQuery as error:
        raise click.UsageError(f"--search cannot be used: {error}") from error
    if parsed is None:
        raise click.UsageError(f"--search {q!r} has nothing to search for.")


def _choosing_posts(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose posts; the command receives a `Query`."""

    @wraps(command)
    def run(
        *,
        since: str | None,
        until: str | None,
        days: int | None,
        media: str | None,
        security: str | None,
        q: str | None,
        as_of: str = "",
        **others: Any,
    ) -> None:
        if days is not None:
            if since is not None:
                raise click.UsageError("Use --days or --since, not both.")
            now = datetime.fromisoformat(as_of) if as_of else datetime.now(UTC)
            today = now.astimezone(SHANGHAI).date()
            since = (today - timedelta(days=days - 1)).isoformat()
        if since is not None and until is not None and since >= until:
            raise click.UsageError(f"No time is from {since} on and before {until}.")
        if q is not None:
            _check_search(q)
        for name, value in (("media", media), ("security", security)):
            if value == "":
                raise click.UsageError(f"--{name} is empty.")
        query = Query(
            q=q or "",
            media=media or "",
            security=security or "",
            since=since or "",
            until=until or "",
            as_of=as_of,
        )
        check_names(others["archive"], query)
        command(query=query, **others)

    options = (
        click.option(
            "--since",
            type=_Moment(),
            help="Published at this time in Shanghai or later, such as 2026-11.",
        ),
        click.option("--until", type=_Moment(), help="Published before this time in Shanghai."),
        click.option(
            "--days",
            type=click.IntRange(min=1, max=36500),
            metavar="N",
            help="Published in the last N days in Shanghai, today included.",
        ),
        click.option("--media", help="Name of the media."),
        click.option(
            "--security", help="Code of a security that the post names, such as 1.600160."
        ),
        click.option("--search", "q", help="Query, as in the search box."),
    )
    return reduce(lambda chosen, option: option(chosen), reversed(options), run)


_kind = click.option(
    "--format", "kind", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True
)
_output = click.option(
    *("--output", "-o"),
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    help="File to write; standard output by default.",
)


_by_day = click.option(
    "--by-day",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write Parquet into the folder DIR instead: a folder for each day of publication, and a"
    " README.md with the fields, the counts and how to load it.",
)


def _write(
    reading: AbstractContextManager[TypedRecords],
    archive: Path,
    kind: str,
    output: Path,
    by_day: Path | None,
    selection: str,
) -> int:
    """Write records to a file, or as a dataset; return their number."""
    if by_day is not None and output != STANDARD_OUTPUT:
        raise click.UsageError("Use --by-day or --output, not both.")
    if by_day is None and (kind, output) == ("parquet", STANDARD_OUTPUT):
        raise click.UsageError("Parquet cannot go to standard output: use --output FILE.")
    with reading as records:
        if by_day is not None:
            return write_dataset(records, archive, by_day, selection)
        with output_to(output, archive) as out:
            if kind == "parquet":
                return write_parquet(records.found, out, records.fields_of)
            return write_lines(records.found, out)


@export.command()
@archive
@_kind
@_output
@_by_day
@as_of
@_choosing_posts
def posts(archive: Path, kind: str, output: Path, by_day: Path | None, query: Query) -> None:
    """Write posts as JSON Lines or Parquet, by publication time.

    With --as-of, records have the values of then.
    """
    chosen = ", ".join(f"{name} {value}" for name, value in query.parameters.items())
    records = post_records(archive, query, show)
    _echo_count(_write(records, archive, kind, output, by_day, chosen))


@export.command()
@archive
@_kind
@_output
@_by_day
@as_of
def versions(archive: Path, kind: str, output: Path, by_day: Path | None, as_of: str) -> None:
    """Write all versions of posts as JSON Lines or Parquet.

    With --as-of, each post is in it once, with the title, the text and the securities of then.
    """
    chosen = f"as of {as_of}" if as_of else ""
    count = _write(version_records(archive, as_of, show), archive, kind, output, by_day, chosen)
    click.echo(ngettext("%(num)s version exported.", "%(num)s versions exported.", count), err=True)


@export.command()
@archive
@click.option(
    "--after",
    type=click.IntRange(min=0),
    metavar="CURSOR",
    default=0,
    help="Cursor of the last change that was read before; without it, all changes are written.",
)
@_output
def changes(archive: Path, after: int, output: Path) -> None:
    """Write what the archive learnt as JSON Lines, in that order.

    Each line is an arrival, an edit by the publisher, a better copy, a withdrawal or a return. A
    reader that goes on after its last cursor gets each exactly once.
    """
    with output_to(output, archive) as out:
        exported = export_changes(archive, out, after)
    click.echo(
        ngettext(
            "%(num)s change exported; the last cursor is %(last)s.",
            "%(num)s changes exported; the last cursor is %(last)s.",
            exported.count,
            last=exported.last,
        ),
        err=True,
    )


@export.command()
@archive
@click.option(
    *("--output", "-o"),
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write, such as news.wacz.",
)
@click.option("--title", default="财经新闻档案", show_default=True, help="Name of the collection.")
@_choosing_posts
def wacz(archive: Path, output: Path, title: str, query: Query) -> None:
    """Write captures as a WACZ file for ReplayWeb.page.

    The file has a page for every post. Without options that choose posts, it has all captures,
    those of lists too; with them, the captures that these posts were read from.
    """

    def report(damage: ArchiveError) -> None:
        click.echo(_("Left out: %(damage)s", damage=damage), err=True)

    now = datetime.now(UTC)
    with output_to(output, archive) as out:
        count = export_wacz(archive, out, query, show, title=title, now=now, damaged=report)
    _echo_count(count)


def _echo_count(posts: int) -> None:
    click.echo(ngettext("%(num)s post exported.", "%(num)s posts exported.", posts), err=True)


def _publishing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments of a publication; the command receives a `Published`."""

    @click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
    @archive
    @click.option(
        "--address",
        default="https://finews.withounder.com/",
        show_default=True,
        help="Address that the site will be served at.",
    )
    @click.option("--title", default="财经新闻档案", show_default=True, help="Title of the site.")
    @as_of
    @_choosing_posts
    @wraps(command)
    def run(
        folder: Path,
        archive: Path,
        address: str,
        title: str,
        query: Query,
        with_pictures: bool = False,
    ) -> None:
        published = choose_posts(
            archive,
            query,
            title=title,
            address=address,
            version=version("finews-archive"),
            days=click.get_current_context().params["days"],
            with_pictures=with_pictures,
        )
        command(folder, published)

    return run


@export.command()
@click.option(
    "--pictures",
    "with_pictures",
    is_flag=True,
    help="Include the pictures that the archive stores.",
)
@_publishing
def site(folder: Path, published: Published) -> None:
    """Write a Jekyll site with feeds and a sitemap into DIR.

    Running it again updates DIR. Files in DIR that no export has written are left unchanged.
    """

    def report(post: PublishedPost, what: str) -> None:
        click.echo(translated(f"{post.info_code}: {what}."), err=True)

    _report(publish_site(published, folder, show, report=report), published)


@export.command()
@_publishing
def feed(folder: Path, published: Published) -> None:
    """Write an Atom feed into the folder DIR.

    The feed is feed.xml; other files have its history by day. Running it again updates DIR. Files
    in DIR that no export has written are left unchanged.
    """
    _report(publish_feed(published, folder, show), published)


def _report(outcome: ExportResult, published: Published) -> None:
    click.echo(
        _(
            "%(posts)s posts exported: %(written)s files written, %(removed)s removed, "
            "%(unchanged)s unchanged.",
            posts=len(published.posts),
            written=outcome.written,
            removed=outcome.removed,
            unchanged=outcome.untouched,
        ),
        err=True,
    )
