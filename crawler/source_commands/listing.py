"""The command ``finews sources list``."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from scrapy.utils.misc import load_object

from archive.article import SHANGHAI
from archive.catalog import Health, SourceHealth, health_of_sources
from archive.commands.arguments import FOLDER
from archive.sentences import translated
from archive.terminal import aligned
from archive.translation import N_
from archive.translation import gettext as _
from crawler.checking.interfaces import SOURCES
from crawler.declarations import Declaration, InvalidDeclaration
from crawler.declarations.loading import load
from crawler.running.project import project_settings, setting_option
from crawler.source_commands.options import SHIPPED, declared_files

#: The sources that have a spider of their own, and no declaration.
_BY_HAND = {"finews": "the mirror finews.withounder.com"}
_HEADING = (
    *(N_("source"), N_("health"), N_("last success"), N_("lag"), N_("a day")),
    *(N_("first hand"), N_("last seen"), N_("what")),
)
_HEALTHS = {
    Health.GOOD: N_("good"),
    Health.STALE: N_("stale"),
    Health.FAILING: N_("failing"),
    Health.RUNNING: N_("running"),
    Health.INTERRUPTED: N_("interrupted"),
    Health.UNKNOWN: N_("unknown"),
}


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
    :param health: of its crawls; None for a source that was never crawled.
    """

    name: str
    title: str
    declared_in: str | None
    lists: tuple[str, ...] = ()
    first_hand: float | None = None
    last_seen: date | None = None
    wrong: str | None = None
    health: SourceHealth | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON has it; times are in UTC, and the lag is in seconds."""
        health = self.health
        return {
            "name": self.name,
            "title": self.title,
            "declared_in": self.declared_in,
            "lists": self.lists,
            "first_hand": self.first_hand,
            "last_seen": self.last_seen and self.last_seen.isoformat(),
            "wrong": self.wrong,
            "health": health and str(health.health),
            "last_crawl": health and _iso(health.last_crawl),
            "last_success": health and _iso(health.last_success),
            "status": health and health.status,
            "verdict": health and health.verdict,
            "lag": health and health.lag and health.lag.total_seconds(),
            "articles_a_day": health and round(health.articles_a_day, 1),
        }

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        health = self.health
        success = health and health.last_success
        return (
            self.name,
            self._state(),
            f"{success.astimezone(SHANGHAI):%m-%d %H:%M}" if success else "",
            _minutes(health.lag) if health and health.lag else "",
            f"{health.articles_a_day:.0f}" if health else "",
            _known(self.first_hand),
            str(self.last_seen or ""),
            self._what(),
        )

    def _state(self) -> str:
        if self.wrong:
            return _("broken")
        return _(_HEALTHS[self.health.health]) if self.health else _("never crawled")

    def _what(self) -> str:
        if self.wrong:
            return translated(self.wrong)
        own = f" ({self.declared_in})" if self.declared_in not in {"finews", None} else ""
        return f"{translated(self.title)}: {', '.join(self.lists)}{own}".removesuffix(": ")


@click.command("list")
@click.option("--archive", type=FOLDER, help="Folder of the archive.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting_option
def list_(archive: Path | None, as_json: bool, settings: dict[str, str]) -> None:
    """List every source: its health, what it is, and whether its facts are first hand.

    Health, the last success, the lag (from publication to archive) and the articles a day are those
    of the archive. First hand is what a recorded answer shows; the rest is what others report.
    """
    if archive is not None:
        settings["FINEWS_ARCHIVE"] = str(archive)
    changed = project_settings(settings)
    now = load_object(changed["FINEWS_CLOCK"])()
    health = health_of_sources(Path(changed["FINEWS_ARCHIVE"]), now)
    rows = list(_rows(declared_files(changed), health))
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1))
        return
    heading = [_(title) for title in _HEADING]
    for line in aligned([heading, *(row.cells() for row in rows)]):
        click.echo("  ".join(line))


def _rows(files: Mapping[str, Path], health: Mapping[str, SourceHealth]) -> Iterator[SourceRow]:
    for name in sorted({*files, *SOURCES}):
        known = health.get(name)
        if name not in files:
            yield SourceRow(name=name, title=_BY_HAND[name], declared_in=None, health=known)
            continue
        path = files[name]
        where = "finews" if path.parent == SHIPPED else str(path)
        try:
            declaration = load(path)
        except InvalidDeclaration as error:
            yield SourceRow(name=name, title="", declared_in=where, wrong=str(error), health=known)
        else:
            yield _row(declaration, where, known)


def _row(declaration: Declaration, where: str, health: SourceHealth | None) -> SourceRow:
    tables = (*declaration.lists.values(), *declaration.articles.values())
    return SourceRow(
        name=declaration.name,
        title=declaration.title,
        declared_in=where,
        lists=tuple(declaration.lists),
        first_hand=sum(table.seen.first_hand for table in tables) / len(tables),
        last_seen=max(table.seen.on for table in tables),
        health=health,
    )


def _known(first_hand: float | None) -> str:
    if first_hand is None:
        return ""
    return {0.0: _("no"), 1.0: _("yes")}.get(first_hand, _("partly"))


def _iso(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else None


def _minutes(lag: timedelta) -> str:
    minutes = f"{lag.total_seconds() / 60:,.0f}"
    return _("%(minutes)s min", minutes=minutes)
