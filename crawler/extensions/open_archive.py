"""Opens the archive for one crawl, notes the crawl in it, and closes it after the pipelines."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from archive.article import InfoCode
from archive.crawl_state import Validators
from archive.errors import ArchiveError
from crawler.keeper import Keeper, OnThisMachine, keeper_class
from crawler.tally import Fate, Tally
from crawler.told import Told
from crawler.traffic import PREFIX
from crawler.verdict import STORAGE_FAILED, Counts, ExitStatus, Verdict, judge

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of an article that is asked for.

    :param post_url: of its post page, if it has one.
    :param told: what a list said of it.
    """

    post_url: str | None = None
    told: Told | None = None


class OpenArchive:
    """The archive that ``FINEWS_KEEPER`` opens."""

    def __init__(self, crawler: Crawler) -> None:
        self.archive: Keeper = keeper_class(crawler.settings).from_crawler(crawler)
        self._crawler = crawler
        self._crawl_id: int | None = None
        self.verdict: Verdict | None = None
        assert crawler.stats is not None
        self.tally = Tally(crawler.stats)
        self._asked: dict[InfoCode, Asked] = {}
        self._lists_read: dict[str, Validators] = {}
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy before the spider starts.

        :raises ArchiveError: when the archive cannot be opened.
        """
        extension = cls(crawler)
        crawler.signals.connect(extension.begin, signals.spider_opened)
        crawler.signals.connect(extension.end, signals.spider_closed)
        return extension

    def begin(self, spider: Spider) -> None:
        """On `spider_opened`: a crawl that is killed leaves a row without an end."""
        arguments: dict[str, str] = getattr(spider, "given_arguments", {})
        try:
            self._crawl_id = self.archive.begin_crawl(spider.name, arguments)
        except ArchiveError as error:
            self.storage_failed(error)

    def ask(self, info_code: InfoCode, asked: Asked) -> None:
        """An article is asked for; it has to be settled before the crawl ends."""
        self.tally.note(info_code, Fate.OPEN)
        if self.tally.is_open(info_code):
            self._asked.setdefault(info_code, asked)

    def settle(self, info_code: InfoCode, fate: Fate, reason: str | None = None) -> Asked:
        """Note what became of an article, and return what is known of it.

        :param reason: a word for the statistics.
        """
        self.tally.note(info_code, fate, reason)
        return self._asked.pop(info_code, Asked())

    def note_failure(
        self,
        info_code: InfoCode,
        asked: Asked,
        url: str | None,
        reason: str,
        *,
        answered: bool = True,
    ) -> None:
        """See `Archive.mark_failed`."""
        told = asked.told.as_json(self.archive.placed) if asked.told else None
        self.archive.mark_failed(info_code, url, reason, answered=answered, told=told)

    def list_read(self, url: str, validators: Validators) -> None:
        """A list was read. Its validators are kept when the crawl has dealt with all it names.

        Not when another list failed: only unchanged lists may lead to that one.
        """
        self._lists_read[url] = validators

    def storage_failed(self, error: ArchiveError) -> None:
        """End the crawl: nothing that it fetched from now on would be kept."""
        assert self._crawler.stats is not None
        assert self._crawler.engine is not None
        self._crawler.stats.inc_value("archive/failed")
        if self._closing is None:
            logger.error("The crawl ends: %s", error)
            closing = self._crawler.engine.close_spider_async(reason=STORAGE_FAILED)
            self._closing = asyncio.ensure_future(closing)

    def end(self, reason: str) -> None:
        """On `spider_closed`, which Scrapy sends when all pipelines are closed."""
        try:
            with closing(self.archive):
                self._note_end(reason)
        except ArchiveError as error:
            sentence = f"How the crawl ended is not noted: {error}"
            logger.error("%s", sentence)
            self.verdict = Verdict(ExitStatus.STORAGE_FAILED, sentence)

    def _fail_open(self) -> None:
        """No article that was asked for may vanish, whatever lost it on its way."""
        for info_code in self.tally.open():
            logger.error("%s is not archived, and no reason is known.", info_code)
            asked = self.settle(info_code, Fate.FAILED, "lost")
            self.note_failure(info_code, asked, asked.post_url, "It was lost on its way.")

    def _leave_out_open(self) -> None:
        """A crawl that ended early has not dealt with these; the next one finds them again."""
        for info_code in self.tally.open():
            self.settle(info_code, Fate.LEFT_OUT)

    def _note_end(self, reason: str) -> None:
        if self._crawl_id is None:
            return
        assert self._crawler.stats is not None
        if reason == "finished":
            self._fail_open()
        else:
            self._leave_out_open()
        stats = self._crawler.stats.get_stats() | {"finish_reason": reason}
        settings, spider = self._crawler.settings, self._crawler.spider
        by_name = getattr(spider, "by_name", False)
        verdict = judge(
            stats,
            settings.getfloat("FINEWS_MAX_FAILED_SHARE"),
            self.archive.history(),
            whole=getattr(spider, "is_whole", False),
            min_failures=1 if by_name else settings.getint("FINEWS_MIN_FAILURES"),
            named=by_name,
        )
        self.verdict = verdict
        whole = reason == "finished" and not stats.get("list/failed")
        if whole and verdict.status is ExitStatus.DONE:
            self.archive.crawl_state.keep_validators(self._lists_read)
        bugs = stats.get("spider_exceptions/count", 0)
        self.archive.end_crawl(
            self._crawl_id,
            verdict.status,
            verdict.sentence,
            {
                **_counts(stats),
                "complete": int(whole and not bugs and bool(stats.get("list/posts"))),
                "reasons": json.dumps(_below("article/failed/", stats)),
                "hosts": json.dumps(_below(PREFIX, stats)),
            },
        )


def _counts(stats: Mapping[str, Any]) -> dict[str, int]:
    counts = asdict(Counts.of(stats))
    del counts["lists_unchanged"]  # it is among the statuses of its host, as 304
    del counts["looked_at"]
    del counts["sent"]  # what became of these, the one who writes them counts
    return counts


def _below(prefix: str, stats: Mapping[str, Any]) -> dict[str, Any]:
    """The stats whose keys begin with `prefix`, without it."""
    return {key.removeprefix(prefix): stats[key] for key in sorted(stats) if key.startswith(prefix)}


def archive_of(crawler: Crawler) -> Keeper:
    """The archive of a running crawl."""
    return open_archive_of(crawler).archive


def archive_here(crawler: Crawler) -> OnThisMachine:
    """The same, where it is on this machine, as only what asks for pictures has to know."""
    archive = archive_of(crawler)
    assert isinstance(archive, OnThisMachine), "pictures are asked for where the archive is"
    return archive


@lru_cache(maxsize=1)
def open_archive_of(crawler: Crawler) -> OpenArchive:
    """The extension itself."""
    extension = crawler.get_extension(OpenArchive)
    assert extension is not None, "EXTENSIONS has no OpenArchive"
    return extension
