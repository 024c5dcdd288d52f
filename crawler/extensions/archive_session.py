"""Opens the archive for one crawl, records the crawl in it, and closes it after the pipelines."""

import json
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from archive.crawl_state import FailedAttempt
from archive.errors import ArchiveError
from crawler.exit_status import Counts, ExitStatus, Verdict, judge
from crawler.session import CrawlSession, stats_of
from crawler.tally import Fate
from crawler.traffic import PREFIX

logger = logging.getLogger(__name__)


class ArchiveSession(CrawlSession):
    """The session of a crawl, from the spider's opening to its close."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.verdict: Verdict | None = None
        self._crawl_id: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the extension; Scrapy calls this before the spider starts.

        :raises ArchiveError: when the archive cannot be opened.
        """
        extension = cls(crawler)
        crawler.signals.connect(extension.begin, signals.spider_opened)
        crawler.signals.connect(extension.end, signals.spider_closed)
        return extension

    def begin(self, spider: Spider) -> None:
        """On `spider_opened`: record the crawl. A killed crawl leaves a row without an end."""
        arguments: dict[str, str] = getattr(spider, "given_arguments", {})
        try:
            self._crawl_id = self.archive.begin_crawl(spider.name, arguments)
        except ArchiveError as error:
            self.storage_failed(error)

    def end(self, reason: str) -> None:
        """On `spider_closed`, which Scrapy sends when all pipelines are closed: record the end."""
        try:
            with closing(self.archive):
                self._note_end(reason)
        except ArchiveError as error:
            sentence = f"The end of the crawl was not recorded: {error}"
            logger.error("%s", sentence)
            self.verdict = Verdict(ExitStatus.STORAGE_FAILED, sentence)

    def _settle_open(self, reason: str) -> None:
        """Settle the articles that were requested and have no outcome.

        After a finished crawl each of them has failed, whatever the cause. A crawl that ended early
        has not reached them, and the next one finds them again.
        """
        for info_code in self.tally.open():
            if reason != "finished":
                self.settle(info_code, Fate.LEFT_OUT)
                continue
            logger.error("%s is not archived, and no reason is known.", info_code)
            requested = self.settle(info_code, Fate.FAILED, "lost")
            lost = FailedAttempt(
                info_code, "It was lost for an unknown reason.", requested.post_url
            )
            self.note_failure(lost, requested.listed)

    def _note_end(self, reason: str) -> None:
        if self._crawl_id is None:
            return
        self._settle_open(reason)
        stats = stats_of(self._crawler).get_stats() | {"finish_reason": reason}
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
            self.archive.crawl_state.store_validators(self.lists_read)
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
    del counts["lists_unchanged"]  # among the statuses of its host, as 304
    del counts["looked_at"]
    del counts["sent"]  # the machine that writes them counts their outcomes
    return counts


def _below(prefix: str, stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stats whose keys begin with `prefix`, without it."""
    return {key.removeprefix(prefix): stats[key] for key in sorted(stats) if key.startswith(prefix)}
