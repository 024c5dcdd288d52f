"""Responses of Scrapy as declarations read them."""

from datetime import datetime

from scrapy.http import Response

from crawler.declarations.answers import Answer


def answer_of(response: Response, fetched: datetime | None = None) -> Answer:
    """Return a response as a declaration reads it.

    :param fetched: when it was received; aware.
    """
    header = response.headers.get("Content-Type") or b""
    return Answer(
        response.url,
        response.body,
        content_type=header.decode("latin-1"),
        status=response.status,
        fetched=fetched,
    )
