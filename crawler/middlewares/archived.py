"""Keeps requests for articles that the archive has from being sent."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from archive.article import InfoCode
from crawler.extensions.open_archive import archive_of
from crawler.fingerprint import ARTICLE, REVISIT


class ArchivedMiddleware(BaseSpiderMiddleware):
    """Drops requests for archived articles and counts what the lists name.

    Stats: ``article/found``, articles that a list or the user named; ``article/archived``, those
    of them that were in the archive already.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._found: set[InfoCode] = set()

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        """The request, or None when its article is archived."""
        info_code: InfoCode | None = request.meta.get(ARTICLE)
        if info_code is None or request.meta.get(REVISIT):
            return request
        stats = self.crawler.stats
        assert stats is not None
        wanted = not archive_of(self.crawler).has(info_code)
        if info_code not in self._found:
            self._found.add(info_code)
            stats.inc_value("article/found")
            if not wanted:
                stats.inc_value("article/archived")
        return request if wanted else None
