"""Keeps requests for articles that the archive has from being sent."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from archive.article import Edition, InfoCode
from crawler.extensions.open_archive import Asked, archive_of, open_archive_of
from crawler.fingerprint import ARTICLE, EDITION, POST_URL, REVISIT, TOLD


class ArchivedMiddleware(BaseSpiderMiddleware):
    """Drops requests for archived articles and counts what the lists name.

    Stats: ``article/found``, articles that a list or the user named; ``article/archived``, those
    of them that were in the archive already; ``article/waiting``, those that failed before and
    are to be tried again later, or were given up.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._share = crawler.settings.getfloat("FINEWS_REVISIT_SHARE")
        self._attempts = crawler.settings.getint("FINEWS_ATTEMPTS")
        self._found: set[InfoCode] = set()

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        """The request, or None when its article is archived."""
        info_code: InfoCode | None = request.meta.get(ARTICLE)
        if info_code is None or request.meta.get(REVISIT):
            return request
        stats = self.crawler.stats
        assert stats is not None
        reason = self._not_wanted(info_code, request.meta.get(EDITION))
        if info_code not in self._found:
            self._found.add(info_code)
            stats.inc_value("article/found")
            if reason is not None:
                stats.inc_value(f"article/{reason}")
        if reason is not None:
            return None
        asked = Asked(request.meta.get(POST_URL), request.meta.get(TOLD))
        open_archive_of(self.crawler).ask(info_code, asked)
        return request

    def _not_wanted(self, info_code: InfoCode, edition: Edition | None) -> str | None:
        archive = archive_of(self.crawler)
        if archive.has(info_code, edition):
            return "archived"
        if not getattr(self.crawler.spider, "is_whole", False):
            return None
        waits = archive.is_waiting(info_code, share=self._share, attempts=self._attempts)
        return "waiting" if waits else None
