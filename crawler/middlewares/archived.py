"""Keeps requests for articles that the archive has from being sent."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from archive.article import InfoCode
from crawler.extensions.open_archive import Asked, archive_of, open_archive_of
from crawler.fingerprint import ARTICLE, EDITION, POST_URL, REVISIT, TOLD
from crawler.tally import Fate


class ArchivedMiddleware(BaseSpiderMiddleware):
    """Drops requests for articles that the archive has, or that are not to be tried now."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._share = crawler.settings.getfloat("FINEWS_REVISIT_SHARE")
        self._attempts = crawler.settings.getint("FINEWS_ATTEMPTS")

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        """The request, or None when its article is archived."""
        info_code: InfoCode | None = request.meta.get(ARTICLE)
        if info_code is None:
            return request
        opened = open_archive_of(self.crawler)
        if request.meta.get(REVISIT) or opened.archive.has(info_code, request.meta.get(EDITION)):
            opened.tally.note(info_code, Fate.UNCHANGED)
            return request if request.meta.get(REVISIT) else None
        if self._is_waiting(info_code):
            opened.tally.note(info_code, Fate.WAITING)
            return None
        opened.ask(info_code, Asked(request.meta.get(POST_URL), request.meta.get(TOLD)))
        return request

    def _is_waiting(self, info_code: InfoCode) -> bool:
        if not getattr(self.crawler.spider, "is_whole", False):
            return False
        archive = archive_of(self.crawler)
        return archive.is_waiting(info_code, share=self._share, attempts=self._attempts)
