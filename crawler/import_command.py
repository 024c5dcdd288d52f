"""The command ``finews import``."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from scrapy.settings import Settings

from archive.archive import Archive
from archive.article_id import EASTMONEY
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
    Publishers,
    SavedFile,
    is_csv,
    load_mapping,
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
    given = _Given(paths, source)
    reports = _Reports(quiet=quiet)
    prepared = None
    if given.captures or given.tables or given.saved:
        changed = project_settings(settings)
        prepared = _Prepared(changed, source, mapping, pairs_of_map, given, hosts)
    if given.folders:
        done = import_posts(archive, given.folders, show, report=reports.of_post)
        click.echo(
            _(
                "%(added)s added, %(revised)s newer than the archive's, %(older)s older, "
                "%(unchanged)s unchanged, %(refused)s not imported; %(broken)s broken.",
                **asdict(done),
            )
        )
    if prepared is not None:
        done_all = prepared.run(archive, reports)
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


class _Given:
    """What is to be imported, by kind: `saved` are saved files, and folders of saved answers.

    :param source: whose answers may be in a folder.
    :raises click.BadParameter: when a path does not exist.
    """

    def __init__(self, arguments: Sequence[str], source: str | None) -> None:
        self.folders: list[Path] = []
        self.captures: list[Path] = []
        self.tables: list[Path] = []
        self.saved: list[str] = []
        for argument in arguments:
            path, name = Path(argument), argument.lower()
            if not path.exists() and not Path(argument.partition("=")[0]).exists():
                raise click.BadParameter(f"Path {argument!r} does not exist.")
            if name.endswith(".zst"):
                raise click.BadParameter(f"{path} is packed with zstd; unpack it, and import that.")
            if path.is_dir() and not (source and has_answers(path, Path(source).stem)):
                self.folders.append(path)
            elif name.endswith(_CAPTURES):
                self.captures.append(path)
            elif name.endswith(_TABLES):
                self.tables.append(path)
            else:
                self.saved.append(argument)


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


class _Prepared:
    """An import of files: sources, declarations, mappings and saved files are loaded before it.

    :raises click.UsageError: when tables have no mapping, or saved files no source.
    :raises FinewsError: when a file is wrong.
    """

    def __init__(
        self,
        settings: Settings,
        source: str | None,
        mapping: Path | None,
        pairs_of_map: Mapping[str, str],
        given: _Given,
        hosts: Sequence[str],
    ) -> None:
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
        self._mappings = mappings
        declarations = load_all(map(Path, settings.getlist("FINEWS_DECLARATIONS")))
        if source and source.endswith(".toml"):
            own = load(Path(source))
            declarations[own.name] = own
            source = own.name
        first = next(iter(mappings.values()), None)
        name = source or (first and first.source)
        self._other = None
        if name and not (name == EASTMONEY and given.saved):
            known = declarations.get(name)
            title = (first and first.title) or (known and known.title) or None
            lang = first.lang if first else "zh"
            self._other = undeclared(_source_name(name), title=title, lang=lang)
        self._saved_of = declarations.get(source or "", self._other)
        if given.saved and source not in declarations:
            sentence = (
                f"{source} is not declared, so lists cannot be read, and pages are read by"
                " extraction."
            )
            click.echo(f"finews: {translated(sentence)}", err=True)
        most_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        saved_of = self._saved_of
        self._saved = [*_saved_files(given.saved, saved_of, most_bytes)] if saved_of else []
        self._sources = Sources.load(Path(settings["FINEWS_SOURCES"]))
        self._declarations, self._settings = declarations, settings
        self._given, self._hosts = given, hosts

    def run(self, folder: Path, reports: _Reports) -> FilesImported:
        """Import web archives, tables and saved files, and report what was done.

        :raises FinewsError: when the archive cannot be written.
        """
        settings = self._settings
        with Archive(folder) as archive:
            path = settings["FINEWS_LEXICON"]
            publishers = Publishers(
                self._sources,
                self._declarations.values(),
                self._other,
                archive.lexicon().completed(Path(path) if path else None),
                other_hosts=[host.lower().removeprefix("*.") for host in self._hosts],
            )
            files = FileImport(archive, publishers, settings, reports.of_part)
            if self._given.captures:
                files.captures(self._given.captures, show)
            for table in self._given.tables:
                reports.begin_file()
                files.table(table, self._mappings[is_csv(table)])
            if self._saved and self._saved_of:
                reports.begin_file()
                files.saved(self._saved, self._saved_of)
            done = files.counts()
        click.echo(
            _(
                "%(added)s added, %(revised)s revised, %(unchanged)s unchanged, %(refused)s not "
                "imported; %(left)s responses of no article left out.",
                **asdict(done),
            )
        )
        if done.zoneless:
            zones = ", ".join(dict.fromkeys(one.zone for one in self._mappings.values()))
            click.echo(
                _(
                    "%(count)s rows state no time zone; their times are of %(zone)s, as `zone` in "
                    "a mapping says.",
                    count=done.zoneless,
                    zone=zones,
                ),
                err=True,
            )
        return done


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
