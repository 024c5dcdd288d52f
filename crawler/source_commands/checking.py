"""The command ``finews sources check``."""

import sys
from importlib.metadata import version
from pathlib import Path

import click
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from archive.sentences import translated
from crawler.checking.answers import Answers, CheckedAnswer
from crawler.checking.comparison import Finding, compare
from crawler.checking.declared import compare_declared, visit_of_declared
from crawler.checking.interfaces import SOURCES, visit_of
from crawler.checking.report import report, status_of
from crawler.checking.saved import make_folders, save, saved_answers
from crawler.declarations import Declaration
from crawler.running.project import project_settings, setting_option
from crawler.source_commands.options import declaration_of, declared_files
from crawler.sources import Sources
from crawler.visiting import Visit, make_visits


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--save",
    "saved",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Save the answers in the folder DIR.",
)
@click.option(
    "--from",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Check the answers saved in the folder DIR, and send no request.",
)
@setting_option
def check(
    names: tuple[str, ...], saved: Path | None, folder: Path | None, settings: dict[str, str]
) -> None:
    """Request each list and one article of each source NAME, and report what is not as expected.

    NAME is a source of `finews sources list`, or the path of a declaration; without one, all
    sources are checked. robots.txt is requested first, and what it forbids is not requested.
    Nothing is archived.

    The report is Markdown. Exit status: 0, all is as expected; 4, something is not; 3, no host
    answers, or each one refuses.
    """
    if folder is not None and saved is not None:
        raise click.UsageError("Name --save or --from, not both.")
    changed = project_settings(settings)
    chosen = _chosen(names, changed)
    if folder is not None:
        when, answers = None, saved_answers(folder, chosen)
    else:
        when = load_object(changed["FINEWS_CLOCK"])()
        if saved is not None:
            make_folders(saved, chosen)
        trace = int(when.timestamp() * 1000)
        visits = [_visit(name, known, changed, trace) for name, known in chosen.items()]
        answers = make_visits(visits, changed)
    if saved is not None:
        for of_source in answers:
            save(of_source, saved)
    checked = [
        (one, [_compared(one.source, chosen[one.source], answer) for answer in one.answers])
        for one in answers
    ]
    click.echo(report(checked, when=when, version=version("finews-archive")), nl=False)
    status, sentence = status_of([finding for _, findings in checked for finding in findings])
    click.echo(f"finews: {translated(sentence)}", err=True)
    sys.exit(status)


def _chosen(names: tuple[str, ...], settings: Settings) -> dict[str, Declaration | None]:
    """Return the sources to check by name, with the declarations of those that only have that."""
    chosen: dict[str, Declaration | None] = {}
    for name in names or (*SOURCES, *(declared_files(settings).keys() - {*SOURCES})):
        if name in SOURCES:
            chosen[name] = None
        else:
            declaration = declaration_of(name, settings, others=SOURCES)
            chosen[declaration.name] = declaration
    return dict(sorted(chosen.items()))


def _visit(
    name: str, declaration: Declaration | None, settings: Settings, trace: int
) -> Visit[Answers]:
    if declaration is not None:
        return visit_of_declared(declaration)
    known = Sources.load(Path(settings["FINEWS_SOURCES"]))
    return visit_of(name, known, trace, settings)


def _compared(source: str, declaration: Declaration | None, answer: CheckedAnswer) -> Finding:
    if declaration is None:
        return compare(source, answer)
    return compare_declared(declaration, answer)
