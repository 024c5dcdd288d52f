"""The command ``finews sources list``."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import click

from crawler.checking.interfaces import SOURCES
from crawler.declarations import Declaration, InvalidDeclaration
from crawler.declarations.loading import load
from crawler.source_commands.options import SHIPPED, declared_files, project_settings, setting

_BY_HAND = {"finews": "the mirror finews.withounder.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source, as the list shows it.

    :param title: its name for readers.
    :param declared_in: the path of its declaration; "finews" for those that finews has; None for
        a source that has a spider of its own only.
    :param lists: the names of its lists.
    :param first_hand: the share of its lists and layouts that recorded answers show.
    :param last_seen: the newest day on which one of them was seen.
    :param wrong: what is wrong with its declaration.
    """

    name: str
    title: str
    declared_in: str | None
    lists: tuple[str, ...] = ()
    first_hand: float | None = None
    last_seen: date | None = None
    wrong: str | None = None


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting
def list_(as_json: bool, settings: dict[str, str]) -> None:
    """List every source: what it is, and whether its facts are first hand.

    First hand is what a recorded answer shows; the rest is what others report.
    """
    rows = list(_rows(declared_files(project_settings(settings))))
    if as_json:
        shown = [asdict(row) for row in rows]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1, default=str))
        return
    table = [("source", "first hand", "last seen", "what")]
    table += [(row.name, _known(row), str(row.last_seen or ""), _what(row)) for row in rows]
    for line in _aligned(table):
        click.echo(line)


def _rows(files: dict[str, Path]) -> Iterator[SourceRow]:
    for name in sorted({*files, *SOURCES}):
        if name not in files:
            yield SourceRow(name=name, title=_BY_HAND[name], declared_in=None)
            continue
        path = files[name]
        where = "finews" if path.parent == SHIPPED else str(path)
        try:
            declaration = load(path)
        except InvalidDeclaration as error:
            yield SourceRow(name=name, title="", declared_in=where, wrong=str(error))
        else:
            yield _row(declaration, where)


def _row(declaration: Declaration, where: str) -> SourceRow:
    tables = (*declaration.lists.values(), *declaration.articles.values())
    return SourceRow(
        name=declaration.name,
        title=declaration.title,
        declared_in=where,
        lists=tuple(declaration.lists),
        first_hand=sum(table.seen.first_hand for table in tables) / len(tables),
        last_seen=max(table.seen.on for table in tables),
    )


def _known(row: SourceRow) -> str:
    if row.first_hand is None:
        return ""
    return {0.0: "no", 1.0: "yes"}.get(row.first_hand, "partly")


def _what(row: SourceRow) -> str:
    own = f" ({row.declared_in})" if row.declared_in not in {"finews", None} else ""
    return row.wrong or f"{row.title}: {', '.join(row.lists)}{own}".removesuffix(": ")


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, whose last column may be of any width."""
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for *cells, last in table:
        fitted = (cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
        yield "  ".join((*fitted, last))
