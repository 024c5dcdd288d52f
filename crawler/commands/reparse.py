"""``scrapy reparse``: parses captures with today's page objects and declarations, offline."""

import argparse
import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import Settings
from tqdm import tqdm

from archive.archive import Archive
from archive.article import Article, BodySource
from archive.article_id import EASTMONEY, ArticleId
from archive.catalog import PostRow
from archive.errors import ArchiveError, FinewsError, InvalidArticleId, Refused
from archive.sentences import translated
from archive.translation import language_of_environment, set_language
from crawler.declarations import AnswerError, Declaration, load_all
from crawler.declarations.loading import undeclared
from crawler.declared_answers import answer_of
from crawler.exit_status import ExitStatus
from crawler.pages.errors import PageError
from crawler.reparse import (
    decompression,
    differences,
    read_again,
    read_declared_again,
    response_of,
)
from crawler.sources import Sources


class Command(ScrapyCommand):
    """Prints what would change, field by field."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Return the arguments, for the usage line."""
        return "[options] [ID ...]"

    def short_desc(self) -> str:
        """Return one line for the list of commands."""
        return "Read the captures again with today's parsers and show what would change"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--apply`` to Scrapy's own options."""
        super().add_options(parser)
        parser.add_argument(
            "--apply", action="store_true", help="store what would change as revisions"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Parse the captures of all articles, or of those that the arguments name."""
        settings = self.settings
        assert settings is not None
        set_language(language_of_environment(os.environ))
        try:
            ids = [ArticleId.named_by(arg) for arg in args]
        except InvalidArticleId as error:
            raise UsageError(translated(str(error)), print_help=False) from error
        try:
            with Archive(Path(settings["FINEWS_ARCHIVE"])) as archive:
                self.exitcode = _Reparse(archive, settings, apply=opts.apply).run(ids)
        except FinewsError as error:
            print(f"finews: {translated(str(error))}", file=sys.stderr)
            self.exitcode = ExitStatus.ERROR


class _Reparse:
    def __init__(self, archive: Archive, settings: Settings, *, apply: bool) -> None:
        self._compression = decompression(settings)
        self._declarations = load_all(map(Path, settings.getlist("FINEWS_DECLARATIONS")))
        self._share = Sources.load(Path(settings["FINEWS_SOURCES"])).share
        lexicon = settings["FINEWS_LEXICON"]
        self._lexicon = archive.lexicon().completed(Path(lexicon) if lexicon else None)
        self._archive = archive
        self._apply = apply
        self._read = self._changed = self._unreadable = self._without = 0

    def _read_again(self, row: PostRow, archived: Article) -> Article:
        """Read the captures of a version as the crawl did that stored them.

        :raises FinewsError: when they cannot be read.
        """
        responses = [
            (response_of(record, self._compression), datetime.fromisoformat(record.date))
            for record in self._archive.records_of(row)
        ]
        category_of = self._archive.category_of
        if archived.source != EASTMONEY:
            answers = [answer_of(response, fetched) for response, fetched in responses]
            declaration = self._declaration(archived)
            return read_declared_again(archived, answers, declaration, self._lexicon, category_of)
        pages = [response for response, _ in responses]
        article = read_again(archived, pages, self._share, category_of)
        return replace(
            article,
            addresses=archived.addresses,
            captures=archived.captures,
            stock_list=archived.stock_list,
        )

    def _declaration(self, archived: Article) -> Declaration:
        """Return the declaration of an article's source; of an imported one, without any facts.

        :raises ArchiveError: when the declaration that read the article is not there any more.
        """
        if declared := self._declarations.get(archived.source):
            return declared
        if archived.body_source is not BodySource.EXTRACTION:
            raise ArchiveError(f"The source {archived.source} is not declared any more.")
        return undeclared(archived.source, title=archived.media, lang=archived.lang or "zh")

    def run(self, ids: list[ArticleId]) -> ExitStatus:
        for article in tqdm(
            self._archive.posts(ids), total=len(ids) or len(self._archive), disable=None
        ):
            for row in self._archive.editions(ArticleId(article.info_code)):
                if row.captures == "[]":
                    self._without += 1
                else:
                    self._reparse(row)
        did = "were revised" if self._apply else "would change"
        sentence = (
            f"{self._read} posts read again, {self._changed} of them {did}, "
            f"{self._unreadable} could not be read, {self._without} have no captures."
        )
        print(f"finews: {translated(sentence)}")
        return ExitStatus.LAYOUT_CHANGED if self._unreadable else ExitStatus.DONE

    def _reparse(self, row: PostRow) -> None:
        try:
            archived = self._archive.article_of(row)
            article = self._read_again(row, archived)
        except (PageError, AnswerError, ArchiveError, Refused) as error:
            self._unreadable += 1
            tqdm.write(f"{row.info_code}: {translated(str(error))}")
            return
        self._read += 1
        changes = list(differences(archived, article))
        for field, before, now in changes:
            tqdm.write(f"{row.info_code}: {field}: {before} → {now}")
        if changes:
            self._changed += 1
            if self._apply:
                self._archive.revise(article)
