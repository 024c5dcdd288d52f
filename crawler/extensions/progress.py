"""Reports the progress of a crawl: a line that updates on a terminal, log lines elsewhere."""

import asyncio
import contextlib
import logging
import sys
from typing import NoReturn

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from crawler.exit_status import Counts
from crawler.session import Component

logger = logging.getLogger(__name__)

#: Seconds between two updates of the line on a terminal.
_SECONDS_ON_A_TERMINAL = 0.2


class CrawlProgress(Component):
    """Reads the stats of the crawl at intervals and shows them.

    ``LOGSTATS_INTERVAL`` is the number of seconds between two log lines; 0 switches it off.
    """

    def __init__(self, crawler: Crawler) -> None:
        log_seconds = crawler.settings.getfloat("LOGSTATS_INTERVAL")
        if not log_seconds:
            raise NotConfigured
        super().__init__(crawler)
        settings = crawler.settings
        self._on_terminal = settings.getbool("FINEWS_PROGRESS_LINE") and sys.stderr.isatty()
        self._seconds = _SECONDS_ON_A_TERMINAL if self._on_terminal else log_seconds
        self._shown = contextlib.ExitStack()
        self._ticking: asyncio.Task[None] | None = None
        crawler.signals.connect(self.open, signals.spider_opened)
        crawler.signals.connect(self.close, signals.spider_closed)

    def open(self) -> None:
        """On `spider_opened`: begin to report."""
        line: tqdm[NoReturn] | None = None
        if self._on_terminal:
            if not self.crawler.settings["LOG_FILE"]:
                self._shown.enter_context(logging_redirect_tqdm())
                for handler in logging.getLogger().handlers:  # tqdm's handlers have no level
                    handler.setLevel(self.crawler.settings["LOG_LEVEL"])
            line = tqdm(bar_format="{desc} |{bar:16}| {elapsed}", leave=False, file=sys.stderr)
            self._shown.enter_context(line)
        self._ticking = asyncio.ensure_future(self._tick(line))

    def close(self) -> None:
        """On `spider_closed`: end the report."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._shown.close()

    async def _tick(self, line: "tqdm[NoReturn] | None") -> None:
        while True:
            await asyncio.sleep(self._seconds)
            counts = Counts.of(self.stats.get_stats())
            if line is None:
                logger.info("%s: %s", self.crawler.spidercls.name, counts)
                continue
            line.total, line.n = counts.found or None, counts.finished
            line.set_description_str(f"{self.crawler.spidercls.name}: {counts}")
