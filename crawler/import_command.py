"""The command ``finews import``."""

import sys
from collections.abc import Iterator, Mapping, Sequence
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
from archive.sentences import translated
from archive.translation import gettext as _
from crawler.checking.saved import has_answers, saved_answers
from crawler.declarations import Declaration, load, load_all
from crawler.declarations.loading import undeclared
from crawler.declarations.model import SOURCE_NAME
from crawler.declared_answers import answer_of
from crawler.exit_status import ExitStatus
from crawler.importing import (
    FileImport,
    FilesImported,
    SavedFile,
    TableMapping,
    is_csv,
    load_mapping,
    publishers_of,
    read_file,
)
from crawler.running.project import pairs, project_settings, setting_option
from crawler.sources import Sources

_CAPTURES = (".warc", ".warc.gz", ".wacz")
_TABLES = tuple(
    end + packed for end in (".jsonl", ".ndjson", ".csv", ".tsv") for packed in ("", ".gz")
)
#: The most problems of one file that are shown.
_MOST_REPORTS = 20


@click.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@archive_option
@click.option(
    "--source",
    metavar="NAME",
    help="Of saved files; and whose articles those are whose address is of no declared source.",
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
    paths: tuple[str, ...],
    archive: Path,
    source: str | None,
    hosts: tuple[str, ...],
    mapping: Path | None,
    pairs_of_map: dict[str, str],
    quiet: bool,
    settings: dict[str, str],
) -> None:
    """Import posts, web archives, tables, and saved lists and pages.

    A folder is another archive, or a checkout of the original site; its posts are stored byte for
    byte. A web archive is a WARC or WACZ file of any program (.warc, .warc.gz, .wacz); its pages
    are read as those of a crawl, were first seen when they were captured, and are kept. A table is
    JSON Lines or CSV (.jsonl, .ndjson, .csv, .tsv, also .gz); --mapping or --map states what its
    columns hold. Articles of undeclared sources need --source.

    Any other file is a saved list or page of the source that --source names; so is a folder of
    answers that `sources check --save` or `sources add` wrote. The address of a page is found in
    the page, by a list among the files, or by the name of the file; otherwise write FILE=ADDRESS.

    The archive is created when it does not exist. An interrupted import continues when run again;
    importing the same again changes nothing.

    Exit status: 0; 4, a file could not be read, some saved files are no articles, or no article
    was found at all.
    """
    given = _Given.of(paths, source)
    reports = _Reports(quiet=quiet)
    prepared = None
    if given.captures or given.tables or given.saved:
        prepared = _Prepared.of(project_settings(settings), source, mapping, pairs_of_map, given)
    if given.folders:
        done = import_posts(archive, given.folders, show, report=reports.of_post)
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
        done_all = _import_files(archive, prepared, hosts, given, reports)
        sentence = _failure(done_all)
        if sentence:
            click.echo(f"finews: {sentence}", err=True)
        if sentence or (given.saved and done_all.refused):
            sys.exit(ExitStatus.LAYOUT_CHANGED)


def _failure(done: FilesImported) -> str | None:
    """Return why an import of files failed; None where it did not."""
    if done.unread:
        return _("%(count)s files could not be read; their reasons are above.", count=done.unread)
    if done.taken:
        return None
    if done.refused:
        return _("No article was imported: nothing in the files could be read as an article.")
    if done.left:
        return _(
            "No article was imported: no response is of an article of a declared source. "
            "--source NAME reads other pages by extraction."
        )
    return _("No article was imported: the files hold no rows and no responses.")


@dataclass(frozen=True, slots=True)
class _Given:
    """What is to be imported, by kind.

    :param folders: of posts.
    :param saved: saved files, and folders of saved answers, as they were named.
    """

    folders: list[Path]
    captures: list[Path]
    tables: list[Path]
    saved: list[str]

    @classmethod
    def of(cls, arguments: Sequence[str], source: str | None) -> "_Given":
        """Sort paths.

        :param source: whose answers may be in a folder.
        :raises click.BadParameter: when one does not exist.
        """
        given = cls([], [], [], [])
        for argument in arguments:
            path, name = Path(argument), argument.lower()
            if not path.exists() and not Path(argument.partition("=")[0]).exists():
                raise click.BadParameter(f"Path {argument!r} does not exist.")
            if name.endswith(".zst"):
                raise click.BadParameter(f"{path} is packed with zstd; unpack it, and import that.")
            if path.is_dir() and not (source and has_answers(path, Path(source).stem)):
                given.folders.append(path)
            elif name.endswith(_CAPTURES):
                given.captures.append(path)
            elif name.endswith(_TABLES):
                given.tables.append(path)
            else:
                given.saved.append(argument)
        return given


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
        not_imported = "" if finding.taken else "not imported: "
        self._show(f"{name}: {not_imported}{finding.reason}")

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
            click.echo(translated(line), err=True)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What an import of files needs, checked before anything is written.

    :param mappings: by whether they are of CSV.
    :param other: the source of articles whose address is of no declared source.
    :param saved: the saved files.
    :param saved_of: the source of these.
    """

    settings: Settings
    sources: Sources
    declarations: Mapping[str, Declaration]
    mappings: Mapping[bool, TableMapping]
    other: Declaration | None
    saved: Sequence[SavedFile]
    saved_of: Declaration | None

    @classmethod
    def of(
        cls,
        settings: Settings,
        source: str | None,
        mapping: Path | None,
        pairs_of_map: Mapping[str, str],
        given: _Given,
    ) -> "_Prepared":
        """Load sources, declarations, mappings and saved files.

        :raises click.UsageError: when tables have no mapping, or saved files no source.
        :raises FinewsError: when a file is wrong.
        """
        tables = given.tables
        if given.saved and not source:
            raise click.UsageError(
                f"{given.saved[0]} is no folder of posts, web archive or table; --source NAME says"
                " of which source a saved list or page is."
            )
        if tables and not (mapping or pairs_of_map):
            raise click.UsageError(
                f"{tables[0]} needs a mapping: --mapping FILE, or --map FIELD=COLUMN for a field."
            )
        kinds = dict.fromkeys(map(is_csv, tables))
        mappings = {kind: load_mapping(mapping, pairs_of_map, of_csv=kind) for kind in kinds}
        declarations = load_all(map(Path, settings.getlist("FINEWS_DECLARATIONS")))
        if source and source.endswith(".toml"):
            own = load(Path(source))
            declarations[own.name] = own
            source = own.name
        first = next(iter(mappings.values()), None)
        name = source or (first and first.source)
        other = None
        if name and not (name == EASTMONEY and given.saved):
            known = declarations.get(name)
            title = (first and first.title) or (known and known.title) or None
            lang = first.lang if first else "zh"
            other = undeclared(_source_name(name), title=title, lang=lang)
        saved_of = declarations.get(source or "", other)
        if given.saved and source not in declarations:
            sentence = (
                f"{source} is not declared, so lists cannot be read, and pages are read by"
                " extraction."
            )
            click.echo(f"finews: {translated(sentence)}", err=True)
        most_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        saved = _saved_files(given.saved, saved_of, most_bytes) if saved_of else ()
        sources = Sources.load(Path(settings["FINEWS_SOURCES"]))
        return cls(settings, sources, declarations, mappings, other, tuple(saved), saved_of)


def _source_name(name: str) -> str:
    if not SOURCE_NAME.fullmatch(name) or name == EASTMONEY:
        raise click.BadParameter(
            f"--source should be a name of small letters and digits, such as caixun, not {name!r}."
        )
    return name


def _saved_files(
    arguments: Sequence[str], declaration: Declaration, most_bytes: int
) -> Iterator[SavedFile]:
    """Read saved files, and the answers of folders.

    :raises FinewsError: when one cannot be read.
    """
    first = next(iter(declaration.lists.values()))
    for argument in arguments:
        if Path(argument).is_dir():
            for answers in saved_answers(Path(argument), [declaration.name]):
                for one in answers.answers:
                    if one.response is not None:
                        answer = answer_of(one.response, one.received)
                        yield SavedFile(Path(argument), answer, is_sure=True)
        else:
            yield read_file(argument, first.address, most_bytes)


def _import_files(
    folder: Path,
    prepared: _Prepared,
    hosts: Sequence[str],
    given: _Given,
    reports: _Reports,
) -> FilesImported:
    """Import web archives, tables and saved files, and report what was done.

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
        if given.captures:
            files.captures(given.captures, show)
        for table in given.tables:
            reports.begin_file()
            files.table(table, prepared.mappings[is_csv(table)])
        if prepared.saved and prepared.saved_of:
            reports.begin_file()
            files.saved(prepared.saved, prepared.saved_of)
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
    if done.zoneless:
        zones = ", ".join(dict.fromkeys(one.zone for one in prepared.mappings.values()))
        click.echo(
            _(
                "%(count)s rows state no time zone; their times are of %(zone)s, as `zone` in a "
                "mapping says.",
                count=done.zoneless,
                zone=zones,
            ),
            err=True,
        )
    return done
