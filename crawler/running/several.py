"""Crawl several sources in one process, each host family at its own pace."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import Self

from scrapy.crawler import AsyncCrawlerProcess
from twisted.internet.error import ReactorNotRunning

from archive.errors import FinewsError
from crawler.exit_status import Counts, ExitStatus, Verdict
from crawler.running.call import status_of
from crawler.running.plan import Source
from crawler.running.report import NOT_STARTED, verdict_of

logger = logging.getLogger(__name__)

#: Statuses of a source that gives no news, so that its fallback takes over.
GIVES_NONE = {
    ExitStatus.SOURCE_UNREACHABLE,
    ExitStatus.LAYOUT_CHANGED,
    ExitStatus.LIST_EMPTY,
}

#: Scrapy's reason for the end of a crawl that a signal ended.
_SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """How the crawl of a source ended.

    :param counts: None where it did not begin.
    """

    verdict: Verdict
    counts: Counts | None = None

    @property
    def gives_none(self) -> bool:
        """Whether the source gives no news, or not all."""
        return self.verdict.status in GIVES_NONE

    def adding(self, remark: str) -> Self:
        """Return the result with a remark at the end of its sentence."""
        sentence = f"{self.verdict.sentence.rstrip('.')}; {remark}."
        return replace(self, verdict=Verdict(self.verdict.status, sentence))


class SeveralCrawls:
    """Crawls of several sources in one process.

    Sources that visit the same host family are crawled one after another. The fallback of a source
    that gives no news is crawled, too. `results` has how each crawl ended; a source that a signal
    prevented from being crawled is not among them.

    :param process: is not started yet.
    :param sources: all that can be crawled, by name.
    :param arguments: those of the spiders that have some, by the name of the source.
    """

    def __init__(
        self,
        process: AsyncCrawlerProcess,
        sources: Mapping[str, Source],
        arguments: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.results: dict[str, CrawlResult] = {}
        self._process = process
        self._sources = sources
        self._arguments = arguments
        self._crawls: dict[str, asyncio.Task[CrawlResult | None]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._is_stopping = False

    def run(self, names: Iterable[str]) -> None:
        """Crawl sources and their fallbacks, until all have ended or a signal ends the process."""
        running = asyncio.get_event_loop().create_task(self._all(names))
        self._process.start(stop_after_crawl=False)
        if running.done():
            running.result()

    async def _all(self, names: Iterable[str]) -> None:
        from twisted.internet import reactor

        try:
            await asyncio.gather(*map(self._with_fallback, names))
        finally:
            with suppress(ReactorNotRunning):
                reactor.stop()  # type: ignore[misc] # Twisted declares it on a module

    async def _with_fallback(self, name: str) -> None:
        """Crawl a source, and the first of its fallbacks that gives news where it gives none."""
        result = await self._once(name)
        if result is None:
            return
        self.results[name] = result
        fallbacks = [other for other in self._sources[name].fallback if other in self._sources]
        if not result.gives_none or not fallbacks:
            return
        for other in fallbacks:
            replacing = await self._once(other)
            if replacing is None:
                return
            self.results.setdefault(other, replacing)
            if not replacing.gives_none:
                self.results[name] = result.adding(f"{other} took over")
                return
        self.results[name] = result.adding(f"neither did {', '.join(fallbacks)} give all news")

    async def _once(self, name: str) -> CrawlResult | None:
        """Crawl a source, unless this process crawls it already; return None after a signal."""
        if name not in self._crawls:
            self._crawls[name] = asyncio.ensure_future(self._crawl(self._sources[name]))
        return await self._crawls[name]

    async def _crawl(self, source: Source) -> CrawlResult | None:
        async with AsyncExitStack() as turn:
            for family in sorted(source.families):
                await turn.enter_async_context(self._turns[family])
            if self._is_stopping:
                return None
            crawler = self._process.create_crawler(source.name)
            crawl = self._process.crawl(crawler, **self._arguments.get(source.name, {}))
            await asyncio.wait([crawl])
            failure = crawl.exception()
            if isinstance(failure, FinewsError):
                return CrawlResult(Verdict(status_of(failure, crawler.settings), str(failure)))
            if failure is not None:
                logger.error("%s could not be crawled.", source.name, exc_info=failure)
                return CrawlResult(NOT_STARTED)
            stats = crawler.stats.get_stats()
            self._is_stopping |= stats.get("finish_reason") == _SHUTDOWN
            if not self._is_stopping:  # the next crawl may visit the same hosts
                await asyncio.sleep(crawler.settings.getfloat("DOWNLOAD_DELAY"))
            return CrawlResult(verdict_of(crawler), Counts.of(stats))
