"""The command ``finews search``."""

import json
import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import click

from archive.commands.arguments import FOLDER, find_archive
from archive.commands.arguments import as_of as _as_of
from archive.commands.statuses import SearchStatus
from archive.errors import InvalidQuery
from archive.search import (
    PRESENT,
    Explanation,
    Hit,
    QueriedSecurity,
    Query,
    count,
    explain,
    find,
    find_relevant,
    named_then,
    names_meant,
    parse,
    securities_named,
    snippet,
)
from archive.storage import reading_catalog
from archive.translation import gettext as _
from archive.translation import ngettext

# Characters of a text that are searched for hits to show.
_MAX_SEARCHED = 100_000

Record = dict[str, Any]


def _query(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        parsed = parse(value)
    except InvalidQuery as error:
        raise click.BadParameter(str(error)) from error
    if parsed is None:
        raise click.BadParameter(f"{value!r} has nothing to search for.")
    return value.strip()


# A query may begin with a minus.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", callback=_query)
@click.argument("archive", type=FOLDER, required=False)
@click.option("--archive", "folder", type=FOLDER, help="ARCHIVE, as an option.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Most posts to print."
)
@click.option(
    "--sort",
    type=click.Choice(["time", "relevance", "fresh"]),
    default="time",
    show_default=True,
    help="The newest posts first, or the most relevant; with fresh, the newest of those that have"
    " the terms in the same places.",
)
@_as_of
@click.pass_context
def search(
    context: click.Context,
    query: str,
    archive: Path | None,
    folder: Path | None,
    as_json: bool,
    limit: int,
    sort: str,
    as_of: str,
) -> None:
    """Search posts, and print one on each line.

    QUERY is in the language of the search box; docs/reference/search.md describes it. Securities
    that it names are printed to standard error. The exit status is 3 when no post is found.
    """
    folder = find_archive(folder or archive)
    with reading_catalog(folder) as connection:
        asked = Query(q=query, as_of=as_of)
        total = count(connection, asked)
        names = list(chain.from_iterable(names_meant(connection, query).values()))
        found = (
            find(connection, asked, limit=limit)
            if sort == "time"
            else find_relevant(connection, asked, limit=limit, newest_first=sort == "fresh")
        )
        hits = [_record(connection, hit, asked, names) for hit in found]
        named = named_then(connection, securities_named(connection, query), as_of)
        explanation = None if total else explain(connection, asked)
    if as_json:
        securities = [
            {"market": each.market, "code": each.symbol, "name": each.name} for each in named
        ]
        result = {"total": total, "hits": hits, "securities": securities}
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        _print(hits, total, named)
    if explanation:
        _print_explanation(explanation)
        context.exit(SearchStatus.NONE)


def _record(connection: sqlite3.Connection, hit: Hit, query: Query, names: Sequence[str]) -> Record:
    searched = query.tables
    of_then = "" if searched is PRESENT else ", version, known_from, known_until"
    row = connection.execute(
        f"""
        SELECT info_code, title, published, media, substr(text, 1, {_MAX_SEARCHED}), path, link
            {of_then}
        FROM {searched.rows} WHERE id = ?
        """,  # noqa: S608 (a number and our own words)
        [hit.id],
    ).fetchone()
    info_code, title, published, media, text, path, link, *of_version = row
    if of_version and of_version[-1] and query.as_of and of_version[-1] > query.as_of:
        of_version[-1] = None  # it was not known then
    return {
        "id": info_code,
        "title": title,
        "published": published,
        "media": media,
        "snippet": "".join(piece for piece, _ in snippet(text or "", query.q, names=names)),
        "path": path,
        "link": link,
        **dict(zip(("version", "known_from", "known_until"), of_version, strict=False)),
    }


def _print(hits: Sequence[Record], total: int, named: Sequence[QueriedSecurity]) -> None:
    for hit in hits:
        published = hit["published"][:16].replace("T", " ")
        fields = (published, hit["id"], hit["media"] or "-", hit["title"])
        click.echo("  ".join(map(_on_one_line, [*fields, *_version(hit)])))
    for security in named:
        _note(
            _(
                "%(name)s (%(code)s) is named by %(posts)s.",
                name=security.name,
                code=security.code,
                posts=_posts(security.posts),
            )
        )
    printed = format(len(hits), ",")
    _note(_("%(posts)s found, %(printed)s printed.", posts=_posts(total), printed=printed))


def _version(hit: Record) -> list[str]:
    """Return which version was found, and whether it still stands; nothing for present posts."""
    if "version" not in hit:
        return []
    values = {"version": hit["version"], "since": hit["known_from"], "until": hit["known_until"]}
    if values["until"]:
        return [_("(version %(version)s from %(since)s, until %(until)s)", **values)]
    return [_("(version %(version)s from %(since)s, standing)", **values)]


def _print_explanation(explanation: Explanation) -> None:
    for part in explanation.missing:
        _note(_("No post matches %(part)s.", part=part))
    for security in explanation.securities:
        query = f"security:{security.code} ({security.name})"
        _note(_("Try %(query)s: %(posts)s.", query=query, posts=_posts(security.posts)))
    for offer in explanation.offers:
        _note(_("Try %(query)s: %(posts)s.", query=offer.query.q, posts=_posts(offer.posts)))


def _posts(number: int) -> str:
    return ngettext("%(shown)s post", "%(shown)s posts", number, shown=format(number, ","))


def _note(line: str) -> None:
    click.echo(_on_one_line(line), err=True)


def _on_one_line(text: str) -> str:
    """Return a text without line breaks, and without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)
