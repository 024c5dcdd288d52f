"""Request fingerprints that know articles, for Scrapy's dupefilter."""

from hashlib import sha1

from scrapy import Request
from scrapy.utils.request import RequestFingerprinter

ARTICLE = "finews_article"
"""Key of `Request.meta`: the InfoCode of the article that a request is for."""

STAGE = "finews_stage"
"""Key of `Request.meta`: what is asked of that article, such as its post page."""


class ArticleFingerprinter(RequestFingerprinter):
    """One fingerprint for all addresses of the same thing of the same article."""

    def fingerprint(self, request: Request) -> bytes:
        """As Scrapy does it, but for requests that name their article."""
        if ARTICLE not in request.meta:
            return super().fingerprint(request)
        identity = f"{request.meta[STAGE]} of {request.meta[ARTICLE]}"
        return sha1(identity.encode(), usedforsecurity=False).digest()
