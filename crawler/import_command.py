"""The command ``finews import``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.settings import Settings
from scrapy.statscollectors import DummyStatsCollector

from archive.archive import Archive
from archive.article_id import EASTMONEY
from archive.clock import utc_now
from archive.commands.arguments import archive_option
from archive.importing import FileFinding, import_posts
from archive.progress import show
from archive.translation import gettext as _
from crawler.declarations import Declaration, load_all
from crawler.declarations.loading import undeclared
from crawler.declarations.model import SOURCE_NAME
from crawler.importing import (
    FileImport,
    TableMapping,
    is_csv,
    load_mapping,
    publishers_of,
)
from crawler.running.project import pairs, project_settings, setting_option
from crawler.sources import Sources

_CAPTURES = (".warc", ".warc.gz", ".wacz")
_TABLES = tuple(end + packed for end in (".jsonl", ".ndjson", ".csv") for packed in ("", ".gz"))
_MOST_REPORTS = 20
"""Problems of one file that are shown."""


@click.command("import")
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True),
)
@archive_option
@click.option(
    "--source",
    metavar="NAME",
    help="Whose articles those are whose address is of no declared source.",
)
@click.option(
    "--host",
    "hosts",
    metavar="HOST",
    multiple=True,
    help="Of these articles, only those at this host or below it.",
)
@click.option(
    "--mapping",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A TOML file that maps the columns of tables to the fields of articles.",
)
@click.option(
    *("--map", "pairs_of_map"),
    metavar="FIELD=COLUMN",
    multiple=True,
    callback=pairs,
    help="Map one column, as in title=headline; in JSON Lines, a JMESPath.",
)
@click.option("--quiet", is_flag=True, help="Do not report what is broken or not imported.")
@setting_option
def import_(
    paths: tuple[Path, ...],
    archive: Path,
    source: str | None,
    hosts: tuple[str, ...],
    mapping: Path | None,
    pairs_of_map: dict[str, str],
    quiet: bool,
    settings: dict[str, str],
) -> None:
    """Import posts, web archives and tables.

    A folder is another archive, or a checkout of the original site; its posts are stored byte for
    byte. A web archive is a WARC or WACZ file of any program (.warc, .warc.gz, .wacz); its pages
    are read as those of a crawl, were first seen when they were captured, and are kept. A table is
    JSON Lines or CSV (.jsonl, .ndjson, .csv, also .gz); --mapping or --map states what its columns
    hold. Articles of undeclared sources need --source.

    The archive is created when it does not exist. An interrupted import continues when run again;
    importing the same again changes nothing.
    """
    folders, captures, tables = _by_kind(paths)
    reports = _Reports(quiet=quiet)
    prepared = None
    if captures or tables:
        prepared = _Prepared.of(project_settings(settings), source, mapping, pairs_of_map, tables)
    if folders:
        done = import_posts(archive, folders, show, report=reports.of_post)
        click.echo(
            _(
                "%(added)s added, %(revised)s newer than the archive's, %(older)s older, "
                "%(unchanged)s unchanged, %(refused)s not imported; %(broken)s broken.",
                added=done.added,
                revised=done.revised,
                older=done.older,
                unchanged=done.unchanged,
                refused=done.refused,
                broken=done.broken,
            )
        )
    if prepared is not None:
        _import_files(archive, prepared, hosts, captures, tables, reports)


def _by_kind(paths: Sequence[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return folders, web archives and tables.

    :raises click.BadParameter: when a path is none of these.
    """
    folders, captures, tables = list[Path](), list[Path](), list[Path]()
    for path in paths:
        name = path.name.lower()
        if path.is_dir():
            folders.append(path)
        elif name.endswith(_CAPTURES):
            captures.append(path)
        elif name.endswith(_TABLES):
            tables.append(path)
        else:
            known = ", ".join((*_CAPTURES, *_TABLES))
            raise click.BadParameter(f"{path} is no folder, and its name ends in none of {known}.")
    return folders, captures, tables


class _Reports:
    """Shows what is broken or not imported.

    :param quiet: nothing is shown.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._shown = 0

    def of_post(self, finding: FileFinding) -> None:
        """Show a finding about a post file."""
        name = click.format_filename(finding.file)
        self._show(f"{name}: {'' if finding.taken else 'not imported: '}{finding.reason}")

    def begin_file(self) -> None:
        """Begin with another web archive or table."""
        self._shown = 0

    def of_part(self, place: str, reason: str) -> None:
        """Show why a part of a file is not imported; of many, the first ones."""
        self._shown += 1
        if self._shown <= _MOST_REPORTS:
            self._show(f"{place}: not imported: {reason}")
        elif self._shown == _MOST_REPORTS + 1:
            self._show("More was not imported, which is counted but not shown.")

    def _show(self, line: str) -> None:
        if not self._quiet:
            click.echo(line, err=True)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What an import of files needs, checked before anything is written.

    :param mappings: by whether they are of CSV.
    :param other: the source of articles whose address is of no declared source.
    """

    settings: Settings
    sources: Sources
    declarations: Mapping[str, Declaration]
    mappings: Mapping[bool, TableMapping]
    other: Declaration | None

    @classmethod
    def of(
        cls,
        settings: Settings,
        source: str | None,
        mapping: Path | None,
        pairs_of_map: Mapping[str, str],
        tables: Sequence[Path],
    ) -> "_Prepared":
        """Load sources, declarations and mappings.

        :raises click.UsageError: when tables have no mapping.
        :raises FinewsError: when a file is wrong.
        """
        if tables and not (mapping or pairs_of_map):
            raise click.UsageError(
                f"{tables[0]} needs a mapping: --mapping FILE, or --map FIELD=COLUMN for a field."
            )
        kinds = dict.fromkeys(map(is_csv, tables))
        mappings = {kind: load_mapping(mapping, pairs_of_map, of_csv=kind) for kind in kinds}
        declarations = load_all(map(Path, settings.getlist("FINEWS_DECLARATIONS")))
        first = next(iter(mappings.values()), None)
        name = source or (first and first.source)
        other = None
        if name:
            known = declarations.get(name)
            title = (first and first.title) or (known and known.title) or None
            lang = first.lang if first else "zh"
            other = undeclared(_source_name(name), title=title, lang=lang)
        sources = Sources.load(Path(settings["FINEWS_SOURCES"]))
        return cls(settings, sources, declarations, mappings, other)


def _source_name(name: str) -> str:
    if not SOURCE_NAME.fullmatch(name) or name == EASTMONEY:
        raise click.BadParameter(
            f"--source should be a name of small letters and digits, such as caixun, not {name!r}."
        )
    return name


def _import_files(
    folder: Path,
    prepared: _Prepared,
    hosts: Sequence[str],
    captures: Sequence[Path],
    tables: Sequence[Path],
    reports: _Reports,
) -> None:
    """Import web archives and tables, and report what was done.

    :raises FinewsError: when the archive cannot be written.
    """
    settings = prepared.settings
    with Archive(folder) as archive:
        crawler = Crawler(Spider, settings)
        crawler.stats = DummyStatsCollector(crawler)
        path = settings["FINEWS_LEXICON"]
        lexicon = archive.lexicon().completed(Path(path) if path else None)
        files = FileImport(
            archive,
            publishers_of(
                prepared.sources,
                prepared.declarations.values(),
                prepared.other,
                lexicon,
                other_hosts=[host.lower().removeprefix("*.") for host in hosts],
            ),
            HttpCompressionMiddleware(crawler=crawler),
            reports.of_part,
            utc_now(),
            most_bytes=settings.getint("DOWNLOAD_MAXSIZE"),
            keep_captures=settings.getbool("FINEWS_WARC"),
        )
        if captures:
            files.captures(captures, show)
        for table in tables:
            reports.begin_file()
            files.table(table, prepared.mappings[is_csv(table)])
        done = files.counts()
    click.echo(
        _(
            "%(added)s added, %(revised)s revised, %(unchanged)s unchanged, %(refused)s not "
            "imported; %(left)s responses of no article left out.",
            added=done.added,
            revised=done.revised,
            unchanged=done.unchanged,
            refused=done.refused,
            left=done.left,
        )
    )
