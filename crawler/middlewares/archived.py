"""Drops requests for articles that the archive has."""

from scrapy import Request
from scrapy.http import Response
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from archive.article_id import ArticleId
from crawler.request_meta import ARTICLE, EDITION, LISTED, POST_URL, REVISIT
from crawler.session import Component, RequestedArticle
from crawler.tally import Fate


class ArchivedMiddleware(Component, BaseSpiderMiddleware):
    """Drops requests for articles that are archived or not due for a retry, and counts them."""

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        """Return the request, or None when its article is archived or waits for a later crawl."""
        info_code: ArticleId | None = request.meta.get(ARTICLE)
        if info_code is None:
            return request
        session, meta = self.session, request.meta
        if meta.get(REVISIT) or session.archive.has(info_code, meta.get(EDITION)):
            session.tally.note(info_code, Fate.UNCHANGED)
            return request if meta.get(REVISIT) else None
        if session.is_waiting(info_code):
            session.tally.note(info_code, Fate.WAITING)
            return None
        session.request(info_code, RequestedArticle(meta.get(POST_URL), meta.get(LISTED)))
        return request
