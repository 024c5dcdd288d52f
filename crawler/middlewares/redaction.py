"""Remove from a response, before it is stored, what its source's declaration never stores."""

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response

from crawler.declarations.redaction import storable
from crawler.declared_answers import answer_of
from crawler.session import Component, declaration_of

_OF_THE_BODY = ("Content-Encoding", "Content-Length", "Transfer-Encoding")


class ResponseRedaction(Component):
    """The redaction of the responses of a crawl; the spider's own declaration states it."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._declaration = declaration_of(crawler)
        self._compression = HttpCompressionMiddleware(crawler=crawler)

    def apply(self, request: Request, response: Response) -> tuple[Response, str | None]:
        """Return a response as it is stored, and what was removed of it.

        A response without such fields is returned unchanged, still compressed, with None.
        """
        declaration = self._declaration
        if declaration is None or not declaration.redaction.removes_anything or not response.body:
            return response, None
        copy = response.replace(headers=response.headers.copy())
        plain = self._compression.process_response(request, copy)
        assert isinstance(plain, Response)
        answer = answer_of(plain)
        if "Content-Encoding" in plain.headers:
            kept = b""
        else:
            kept = storable(declaration, answer).body
            if kept == answer.body:
                return response, None
        for name in _OF_THE_BODY:
            plain.headers.pop(name, None)
        plain.headers["Content-Length"] = str(len(kept))
        removed = "fields" if kept else "payload"
        return plain.replace(body=kept), f"{removed}; declaration={declaration.name}"
