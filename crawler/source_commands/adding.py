"""The command ``finews sources add``."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import click
import tldextract
from scrapy.settings import Settings
from w3lib.url import safe_url_string

from archive.errors import FinewsError
from archive.sentences import translated
from archive.translation import gettext as _
from crawler.checking.golden import remove_test, save_test
from crawler.checking.interfaces import SOURCES
from crawler.declarations.model import SOURCE_NAME
from crawler.discovery import NothingFound
from crawler.exit_status import ExitStatus
from crawler.running.project import project_settings, setting_option
from crawler.source_commands.finding import FoundSource, find, find_in_files
from crawler.source_commands.options import declaration_folders, declared_files, end, web_address
from crawler.source_commands.trying import show
from crawler.visiting import NoAnswer, Visit, make_visits

_WEB = re.compile(r"https?://", re.IGNORECASE)
_NO_SOURCE = (*SOURCES, "auto")
_parts_of = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class NameTaken(FinewsError):
    """A source of that name is there already."""


@click.command()
@click.argument("address", metavar="ADDRESS", callback=web_address)
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--name", metavar="NAME", help="The source's name; by default that of its host.")
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the declaration; by default your own one, such as sources.",
)
@click.option("--force", is_flag=True, help="Write over a declaration that is there.")
@setting_option
def add(
    address: str,
    files: tuple[str, ...],
    name: str | None,
    folder: Path | None,
    force: bool,
    settings: dict[str, str],
) -> None:
    """Write the declaration of the source at ADDRESS.

    ADDRESS is of a page that lists articles, of a feed, a sitemap, or an answer of JSON. It is
    requested, with the feeds and sitemaps to which it leads, and five articles. What is read, and
    what is unsure in it, is shown. The answers are saved beside the declaration, as its test.

    With FILEs, no request is sent: the first is the saved list, which came from ADDRESS, the
    others are saved pages of its articles, or further lists. A page's address is found in it or in
    the list; otherwise write FILE=ADDRESS.

    Where the list names its articles by ids alone, add the address of one of them, or
    FILE=ADDRESS for one file: the addresses of the others follow from it.

    Exit status: 0, the declaration is written; 4, no list of articles was found; 3, there is no
    answer, or it is a refusal, such as a page with a captcha.
    """
    changed = project_settings(settings)
    address = safe_url_string(address)
    name = name or _name_of(address)
    folder = folder or declaration_folders(changed)[-1]
    path = _place(name, folder, changed, force=force)
    examples = [safe_url_string(one) for one in files if _WEB.match(one)]
    if len(examples) < len(files):
        examples = []
    try:
        if files and not examples:
            found = find_in_files(name, address, files, changed.getint("DOWNLOAD_MAXSIZE"))
        else:
            visit = Visit(run=lambda visitor: find(visitor, name, address, examples))
            (found,) = make_visits([visit], changed)
    except NoAnswer as error:
        end(str(error), ExitStatus.SOURCE_UNREACHABLE)
    except NothingFound as error:
        hint = "Name a page that lists articles, a feed, a sitemap, or an answer of JSON."
        end(f"{error} {hint}", ExitStatus.LAYOUT_CHANGED)
    unsure = _unsure(found)
    for key, table in found.proposal.declaration.lists.items():
        click.echo(f"lists.{key}: {table.format}, {table.address}")
    entries = len(found.proposal.page.entries)
    click.echo(_("%(entries)s entries in lists.news", entries=entries) + "\n")
    show([sample for sample, _ in found.samples], unsure)
    saved = _write(found, path, address, unsure)
    click.echo("\n" + _("Wrote %(path)s, and its test to %(saved)s.", path=path, saved=saved))
    shown = name if declared_files(changed).get(name) == path else str(path)
    if files and not examples:
        click.echo(translated(f"To see more of it: `finews sources try {shown} FILE...`"))
        command = f"finews import --source {shown} FILE..."
        click.echo(translated(f"To archive the articles in files: `{command}`"))
    else:
        click.echo(translated(f"To see more of it: `finews sources try {shown}`"))
    if shown == name:
        click.echo(translated(f"To crawl it: `finews crawl {name}`"))


def _name_of(address: str) -> str:
    """Return the name of a source by its host."""
    host = urlsplit(address).hostname or ""
    parts = _parts_of(host)
    domain = parts.domain if parts.suffix else f".{host}".rpartition(".")[0].rpartition(".")[2]
    label = re.sub(r"[^a-z0-9]", "", domain.lower())
    name = label if label[:1].isalpha() else f"site{label}"
    if not label or not SOURCE_NAME.fullmatch(name) or re.fullmatch(r"[\d.]+|.*:.*", host):
        raise click.UsageError(f"No name follows from {address}; write --name NAME.")
    return name


def _place(name: str, folder: Path, settings: Settings, *, force: bool) -> Path:
    """Return the path of a new declaration.

    :raises NameTaken: when there is a source of that name already.
    """
    if not SOURCE_NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is no name of small letters and digits, such as caixun.", param_hint="--name"
        )
    path = folder / f"{name}.toml"
    known = declared_files(settings).get(name, path)
    if name in _NO_SOURCE:
        raise NameTaken(f"{name} is the name of another source; write --name NAME.")
    if not force and known.exists():
        raise NameTaken(f"{known} is there already; write --name NAME, or --force to overwrite it.")
    return path


def _unsure(found: FoundSource) -> list[str]:
    declaration = found.proposal.declaration
    unsure = found.doubts
    if "page" in declaration.articles:
        unsure.append(
            "Extraction left doubts, so pages are read by the selectors of articles.page."
        )
    for layout in declaration.articles.values():
        lines = (pattern.strip("^$").replace("\\", "") for pattern in layout.drop_text)
        unsure += (f"Most texts have the line {line[:40]!r}; it is left out." for line in lines)
    if not found.samples:
        unsure.append("No article was read.")
    entries = found.proposal.entries
    is_whole = declaration.lists["news"].whole
    if entries and not is_whole and not any(entry.address for entry in entries):
        unsure.append("Add the address of one article to the command: the others follow from it.")
    elif not declaration.identity.addresses and not all(entry.id for entry in entries):
        unsure.append(
            "Addresses of articles have no pattern that was found: `identity` has none,"
            " and the whole address is the id."
        )
    return unsure


def _write(found: FoundSource, path: Path, address: str, unsure: list[str]) -> Path:
    """Write a declaration and its test; return the folder of the test."""
    comments = [f"Proposed by `finews sources add {address}`."]
    if unsure:
        comments += ["Unsure:", *(f"- {sentence}" for sentence in unsure)]
    lines = "".join(f"# {' '.join(line.split())}\n" for line in comments)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_test(path.stem, path.parent)
        saved = save_test(found.proposal.declaration, found.answers, path.parent)
        path.write_text(f"{lines}{found.proposal.toml}", encoding="utf-8")
    except OSError as error:
        raise FinewsError(f"Could not write {error.filename}: {error.strerror}.") from error
    return saved
