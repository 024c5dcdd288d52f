"""The commands ``finews sources …``."""

import json
import sys
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

import click
from scrapy.http import Response
from scrapy.utils.misc import load_object

from archive.errors import FinewsError, InvalidInfoCode
from crawler.arguments import http_address
from crawler.checking.answers import response_of
from crawler.checking.comparison import compare
from crawler.checking.interfaces import SOURCES, plan_of
from crawler.checking.report import report, status_of
from crawler.checking.saved import make_folders, save, saved_answers
from crawler.checking.spider import request_all, request_one
from crawler.declarations.answers import Answer
from crawler.declarations.errors import AnswerError, RefusedAnswer
from crawler.declarations.loading import load
from crawler.exit_status import ExitStatus
from crawler.extraction.page import ExtractionError
from crawler.extraction.saved import read_saved, read_undeclared
from crawler.pages.article_reading import UnknownAnswer
from crawler.pages.errors import PageError
from crawler.pages.layouts import LAYOUTS
from crawler.pages.reading import read_answer
from crawler.refusals import refusal_in
from crawler.running.project import project_settings, setting_option
from crawler.sources import Sources


def _http_address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        return value and http_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_PAGES = ", ".join(sorted(LAYOUTS))

#: The folder of the declarations, and the sources that only a declaration describes.
_DECLARATIONS = Path(str(files("settings"))) / "sources"
_DECLARED = tuple(sorted({path.stem for path in _DECLARATIONS.glob("*.toml")} - {*SOURCES}))

#: Names the extraction of an article from a page of any source.
_AUTO = "auto"


@click.group()
def sources() -> None:
    """Check the sources, and show what is read from their answers."""


@sources.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(SOURCES))
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
    """Request each interface of each source NAME once, and report what is not as expected.

    The sources are eastmoney and finews, the mirror with its share hosts; without a NAME both are
    checked. robots.txt is requested first, and what it forbids is not requested. Nothing is
    archived.

    The report is Markdown. Exit status: 0, all is as expected; 4, something is not; 3, no host
    answers, or each one refuses.
    """
    if folder is not None and saved is not None:
        raise click.UsageError("Name --save or --from, not both.")
    chosen = tuple(dict.fromkeys(names)) or SOURCES
    if folder is not None:
        when, answers = None, saved_answers(folder, chosen)
    else:
        changed = project_settings(settings)
        when = load_object(changed["FINEWS_CLOCK"])()
        known = Sources.load(Path(changed["FINEWS_SOURCES"]))
        if saved is not None:
            make_folders(saved, chosen)
        trace = int(when.timestamp() * 1000)
        answers = request_all([plan_of(name, known, trace) for name in chosen], changed)
    if saved is not None:
        for of_source in answers:
            save(of_source, saved)
    checked = [
        (of_source, [compare(of_source.source, answer) for answer in of_source.answers])
        for of_source in answers
    ]
    click.echo(report(checked, when=when, version=version("finews")), nl=False)
    status, sentence = status_of([finding for _, findings in checked for finding in findings])
    click.echo(f"finews: {sentence}", err=True)
    sys.exit(status)


@sources.command()
@click.argument("source", metavar="SOURCE", type=click.Choice([*SOURCES, *_DECLARED, _AUTO]))
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option(
    "--address",
    metavar="URL",
    required=True,
    callback=_http_address,
    help="Where the answer came from.",
)
@click.option(
    "--as",
    "page",
    type=click.Choice(sorted(LAYOUTS)),
    metavar="PAGE",
    help=f"The page class that reads it; by default the one for its address. One of {_PAGES}.",
)
@click.option(
    "--save",
    "saved",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the answer to this file.",
)
@setting_option
def read(
    source: str,
    file: Path | None,
    address: str,
    page: str | None,
    saved: Path | None,
    settings: dict[str, str],
) -> None:
    """Show, as JSON, what is read from an answer of SOURCE.

    SOURCE is eastmoney or finews, a source that settings/sources/ declares, or auto: that extracts
    the article of a page of any source. The answer is a saved FILE. Without one, the address of
    eastmoney or finews is requested once, with the limits of a crawl.

    Exit status: 0, the answer was read; 4, its layout has changed; 3, there is no answer, or it is
    a refusal, such as a page with a captcha.
    """
    if source not in SOURCES and (file is None or page is not None):
        raise click.UsageError(f"{source} is read from a saved FILE, and without --as.")
    if file is not None:
        response = response_of(address, file.read_bytes(), name=file.name)
    else:
        response = _requested(source, address, settings)
    if saved is not None:
        _write(saved, response.body)
    if refusal := refusal_in(response):
        _end(f"{address} refused with {refusal}.", ExitStatus.SOURCE_UNREACHABLE)
    try:
        if source in SOURCES:
            reading = read_answer(source, response, LAYOUTS[page] if page else None)
        else:
            reading = _read_declared(source, Answer(address, response.body))
    except RefusedAnswer as error:
        _end(str(error), ExitStatus.SOURCE_UNREACHABLE)
    except (PageError, AnswerError, ExtractionError) as error:
        _end(str(error), ExitStatus.LAYOUT_CHANGED)
    except (UnknownAnswer, InvalidInfoCode) as error:
        _end(str(error), ExitStatus.WRONG_ARGUMENTS)
    click.echo(json.dumps(reading, ensure_ascii=False, indent=1))


def _read_declared(source: str, answer: Answer) -> dict[str, Any]:
    if source == _AUTO:
        return read_undeclared(answer)
    return read_saved(load(_DECLARATIONS / f"{source}.toml"), answer)


def _requested(source: str, address: str, changed: dict[str, str]) -> Response:
    answer = request_one(source, address, project_settings(changed))
    if answer.response is None:
        _end(f"{address} gave no answer: {answer.reason}.", ExitStatus.SOURCE_UNREACHABLE)
    elif answer.response.status != HTTPStatus.OK:
        status = answer.response.status
        _end(f"{address} answered with status {status}.", ExitStatus.SOURCE_UNREACHABLE)
    return answer.response


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FinewsError(f"Could not write {path}: {error.strerror}.") from error


def _end(sentence: str, status: ExitStatus) -> NoReturn:
    click.echo(f"finews: {sentence}", err=True)
    sys.exit(status)
