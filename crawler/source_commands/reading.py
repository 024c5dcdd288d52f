"""The command ``finews sources read``."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click
from scrapy.http import Response
from scrapy.settings import Settings

from archive.errors import FinewsError, InvalidInfoCode
from crawler.checking.answers import response_of
from crawler.checking.interfaces import SOURCES, request_one
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
from crawler.source_commands.options import declaration_file, end, web_address

_PAGES = ", ".join(sorted(LAYOUTS))

#: Names the extraction of an article from a page of any source.
_AUTO = "auto"


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option(
    "--address",
    metavar="URL",
    required=True,
    callback=web_address,
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

    SOURCE is a source of `finews sources list`, the path of a declaration, or auto: that extracts
    the article of a page of any source. The answer is a saved FILE. Without one, the address of
    eastmoney or finews is requested once, with the limits of a crawl. Times without a year or a day
    are near the time of the file.

    Exit status: 0, the answer was read; 4, its layout has changed; 3, there is no answer, or it is
    a refusal, such as a page with a captcha.
    """
    changed = project_settings(settings)
    declared = None
    if source not in {*SOURCES, _AUTO}:
        declared = declaration_file(source, changed, others=(*SOURCES, _AUTO))
    if source not in SOURCES and (file is None or page is not None):
        raise click.UsageError(f"{source} is read from a saved FILE, and without --as.")
    if file is not None:
        response = response_of(address, file.read_bytes(), name=file.name)
    else:
        response = _requested(source, address, changed)
    if saved is not None:
        _write(saved, response.body)
    if refusal := refusal_in(response):
        end(f"{address} refused with {refusal}.", ExitStatus.SOURCE_UNREACHABLE)
    try:
        if source in SOURCES:
            reading = read_answer(source, response, LAYOUTS[page] if page else None)
        else:
            assert file is not None
            fetched = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            reading = _read_declared(declared, Answer(address, response.body, fetched=fetched))
    except RefusedAnswer as error:
        end(str(error), ExitStatus.SOURCE_UNREACHABLE)
    except (PageError, AnswerError, ExtractionError) as error:
        end(str(error), ExitStatus.LAYOUT_CHANGED)
    except (UnknownAnswer, InvalidInfoCode) as error:
        end(str(error), ExitStatus.WRONG_ARGUMENTS)
    click.echo(json.dumps(reading, ensure_ascii=False, indent=1))


def _read_declared(declared: Path | None, answer: Answer) -> dict[str, Any]:
    return read_undeclared(answer) if declared is None else read_saved(load(declared), answer)


def _requested(source: str, address: str, settings: Settings) -> Response:
    reply = request_one(source, address, settings)
    if reply.response is None:
        end(f"{address} gave no answer: {reply.reason}.", ExitStatus.SOURCE_UNREACHABLE)
    elif reply.response.status != HTTPStatus.OK:
        status = reply.response.status
        end(f"{address} answered with status {status}.", ExitStatus.SOURCE_UNREACHABLE)
    return reply.response


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FinewsError(f"Could not write {path}: {error.strerror}.") from error
