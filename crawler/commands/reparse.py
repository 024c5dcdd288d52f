"""``scrapy reparse``: parses captures with today's page objects, without the network."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from scrapy import Spider
from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import UsageError
from scrapy.statscollectors import DummyStatsCollector
from tqdm import tqdm

from archive.archive import Archive
from archive.article_id import EASTMONEY, InfoCode
from archive.catalog import PostRow
from archive.errors import ArchiveError, FinewsError, InvalidArticle, InvalidInfoCode
from crawler.exit_status import ExitStatus
from crawler.pages.errors import PageError
from crawler.reparse import differences, read_again, response_of
from crawler.sources import Sources


class Command(ScrapyCommand):
    """Prints what would change, field by field."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Return the arguments, for the usage line."""
        return "[options] [infoCode ...]"

    def short_desc(self) -> str:
        """Return one line for the list of commands."""
        return "Read the captures again with today's page objects and show what would change"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--apply`` to Scrapy's own options."""
        super().add_options(parser)
        parser.add_argument(
            "--apply", action="store_true", help="store what would change as revisions"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Parse the captures of all articles, or of those that the arguments name."""
        assert self.settings is not None
        try:
            codes = [InfoCode.from_address(arg) for arg in args]
        except InvalidInfoCode as error:
            raise UsageError(str(error), print_help=False) from error
        try:
            sources = Sources.load(Path(self.settings["FINEWS_SOURCES"]))
            with Archive(Path(self.settings["FINEWS_ARCHIVE"])) as archive:
                crawler = Crawler(Spider, self.settings)
                crawler.stats = DummyStatsCollector(crawler)
                compression = HttpCompressionMiddleware(crawler=crawler)
                reparse = _Reparse(archive, sources, compression, apply=opts.apply)
                self.exitcode = reparse.run(codes)
        except FinewsError as error:
            print(f"finews: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.ERROR


class _Reparse:
    def __init__(
        self,
        archive: Archive,
        sources: Sources,
        compression: HttpCompressionMiddleware,
        *,
        apply: bool,
    ) -> None:
        self._archive = archive
        self._sources = sources
        self._compression = compression
        self._apply = apply
        self._read = self._changed = self._unreadable = self._without = self._others = 0

    def run(self, codes: list[InfoCode]) -> ExitStatus:
        for article in tqdm(
            self._archive.posts(codes), total=len(codes) or len(self._archive), disable=None
        ):
            if article.source != EASTMONEY:
                self._others += 1
                continue
            for row in self._archive.editions(InfoCode(article.info_code)):
                if row.captures == "[]":
                    self._without += 1
                else:
                    self._reparse(row)
        did = "were revised" if self._apply else "would change"
        print(
            f"finews: {self._read} posts read again, {self._changed} {did}, "
            f"{self._unreadable} could not be read, {self._without} have no captures."
        )
        if self._others:
            print(f"finews: {self._others} posts of other sources than Eastmoney were left out.")
        return ExitStatus.LAYOUT_CHANGED if self._unreadable else ExitStatus.DONE

    def _reparse(self, row: PostRow) -> None:
        info_code = InfoCode(row.info_code)
        try:
            archived = self._archive.article_of(row)
            article = read_again(
                archived,
                [
                    response_of(record, self._compression)
                    for record in self._archive.records_of(row)
                ],
                self._sources.share,
                self._archive.category_of,
            )
        except (PageError, ArchiveError, InvalidArticle) as error:
            self._unreadable += 1
            tqdm.write(f"{info_code}: {error}")
            return
        self._read += 1
        article = replace(
            article,
            addresses=archived.addresses,
            captures=archived.captures,
            stock_list=archived.stock_list,
        )
        changes = list(differences(archived, article))
        for field, before, now in changes:
            tqdm.write(f"{info_code}: {field}: {before} → {now}")
        if changes:
            self._changed += 1
            if self._apply:
                self._archive.revise(article)
