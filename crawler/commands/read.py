"""``scrapy read``: what a page object reads from an answer, saved or live."""

import argparse
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.http import Response
from scrapy.responsetypes import responsetypes
from twisted.python.failure import Failure

from archive.article import InfoCode
from archive.errors import FinewsError, InvalidInfoCode
from crawler.arguments import http_address
from crawler.failures import reason_of
from crawler.pages.errors import PageError
from crawler.pages.layouts import LAYOUTS, layout_of, read
from crawler.verdict import ExitStatus


class NoAnswer(FinewsError):
    """There is nothing to read."""


class _OneAnswer(Spider):
    """Asks for one address, and no other host, with the manners of every other spider."""

    name = "read"
    answer: Response | None = None
    sentence = "It was not asked for."

    def __init__(self, name: str | None = None, *, address: str) -> None:
        super().__init__(name)
        self.address = address
        self.allowed_domains = [urlsplit(address).hostname or ""]

    async def start(self) -> AsyncIterator[Any]:
        yield Request(self.address, self.keep, errback=self.fail)

    def keep(self, response: Response) -> None:
        self.answer = response

    def fail(self, failure: Failure) -> None:
        self.sentence = reason_of(failure)[1]


class Command(ScrapyCommand):
    """For who maintains a page object: shows all that it reads, as the golden files have it."""

    requires_project = True
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 (Scrapy declares it as it is)

    def syntax(self) -> str:
        """Of the command line."""
        return "[options] <file or address>"

    def short_desc(self) -> str:
        """For the list of commands."""
        return "Show what a page object reads from an answer, saved or live"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Adds to Scrapy's own."""
        super().add_options(parser)
        names = ", ".join(layout.__name__ for layout in LAYOUTS)
        parser.add_argument("--as", dest="page", metavar="PAGE", help=f"the page object: {names}")
        parser.add_argument("--address", metavar="URL", help="where a saved answer came from")
        parser.add_argument("--save", metavar="FILE", type=Path, help="keep the answer here")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read one answer."""
        if len(args) != 1:
            raise UsageError("say one file, or one address", print_help=False)
        layouts = {layout.__name__: layout for layout in LAYOUTS}
        if opts.page is not None and opts.page not in layouts:
            raise UsageError(f"there is no page object {opts.page!r}", print_help=False)
        try:
            response = self._response(args[0], opts.address)
            if opts.save is not None:
                opts.save.write_bytes(response.body)
            layout = layouts[opts.page] if opts.page else layout_of(response)
            print(f"{layout.__name__} reads {response.url}:", file=sys.stderr)
            shown = read(layout, response)
            print(json.dumps(shown, default=_plain, ensure_ascii=False, indent=1))
        except PageError as error:
            self._end(error, ExitStatus.LAYOUT_CHANGED)
        except NoAnswer as error:
            self._end(error, ExitStatus.SOURCE_UNREACHABLE)
        except InvalidInfoCode as error:
            self._end(error, ExitStatus.WRONG_ARGUMENTS)
        except OSError as error:
            raise UsageError(f"{error.filename}: {error.strerror}", print_help=False) from error

    def _end(self, error: FinewsError, status: ExitStatus) -> None:
        print(f"finews: {error}", file=sys.stderr)
        self.exitcode = status

    def _response(self, source: str, address: str | None) -> Response:
        if source.startswith(("http://", "https://")):
            return self._asked(_checked(source))
        file = Path(source)
        body = file.read_bytes()
        try:
            url = _checked(address) if address else _share_address(file)
        except InvalidInfoCode:
            raise UsageError(
                f"say with --address where {file} came from; its name tells no article",
                print_help=False,
            ) from None
        kind = responsetypes.from_args(url=url, filename=file.name, body=body)
        return kind(url, body=body)

    def _asked(self, address: str) -> Response:
        assert self.crawler_process is not None
        with TemporaryDirectory() as folder:
            process = self.crawler_process
            process.settings.setdict(
                {"FINEWS_ARCHIVE": folder, "ITEM_PIPELINES": {}}, priority="cmdline"
            )
            crawler = process.create_crawler(_OneAnswer)
            process.crawl(crawler, address=address)
            process.start()
            assert isinstance(crawler.spider, _OneAnswer)
            if crawler.spider.answer is None:
                raise NoAnswer(crawler.spider.sentence)
            return crawler.spider.answer


def _checked(address: str) -> str:
    try:
        return http_address(address)
    except ValueError as error:
        raise UsageError(f"an address {error}", print_help=False) from error


def _share_address(file: Path) -> str:
    """Of the share API, for a file that is named after its article, as the golden answers are."""
    code = InfoCode(file.stem.rpartition("-")[2])
    return f"http://finews.zning.xyz/NewsData/GetNewsText.do?id={code}"


def _plain(value: object) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
