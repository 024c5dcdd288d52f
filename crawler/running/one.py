"""Crawl one source in this process."""

import asyncio
import logging
from collections.abc import Mapping

from scrapy.crawler import Crawler, CrawlerProcessBase

from archive.errors import ArchiveError
from crawler.exit_status import Verdict
from crawler.running.garbage import collect_garbage_less_often
from crawler.running.report import INTERRUPTED, NOT_STARTED, verdict_of

logger = logging.getLogger(__name__)


def crawl_one(
    process: CrawlerProcessBase, crawler: Crawler, arguments: Mapping[str, str]
) -> Verdict:
    """Run a crawl until it or the process ends, and return its verdict.

    :param process: is not started yet.
    :param arguments: arguments of the spider.
    :raises ArchiveError: when the archive could be checked, and then not be opened: another crawl
        took the lock, the disk is full, or the like.
    """
    crawl = process.crawl(crawler, **arguments)
    collect_garbage_less_often()
    process.start()
    task = crawl if isinstance(crawl, asyncio.Task) else None
    if task and not task.done():  # a second signal ends Scrapy at once
        return INTERRUPTED
    failure = task.exception() if task else None
    if isinstance(failure, ArchiveError):
        raise failure
    if failure is not None:
        logger.error("The crawl could not be started.", exc_info=failure)
    failed = process.bootstrap_failed or crawler.stats is None
    return NOT_STARTED if failed else verdict_of(crawler)
