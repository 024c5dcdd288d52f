"""What is read from one article, and of an entry of a list, as one plain structure."""

import re
from typing import Any

from scrapy.http import Response

from archive.article_id import InfoCode
from archive.content import read_body
from archive.errors import FinewsError
from crawler.pages.page import TextPage

#: What is read from an answer; all values can be written as JSON.
Reading = dict[str, Any]

_FIELDS = ("id", "url", "title", "published", "media", "digest", "body_html", "body_text")
#: A line that names the media; it is a separate field, and no part of the text.
_CREDIT = re.compile(r"[（(]\s*文章来源\s*[：:][^\n]*[）)]")


class UnknownAnswer(FinewsError):
    """No page object reads answers of that source or that address."""


def read_article(response: Response, page: TextPage) -> Reading:
    """Read the answer for the article that its address names.

    :raises PageError: when it cannot be read, or when there is no such article.
    :raises InvalidInfoCode: when the address names no article.
    """
    info_code = InfoCode.from_address(response.url)
    text = page.text(info_code)
    return {
        "kind": "article",
        "address": response.url,
        "id": info_code.digits,
        "url": text.page or response.url,
        "title": text.title,
        "published": text.published and text.published.isoformat(),
        "media": text.media,
        "digest": text.digest,
        **read_html(text.body),
        "securities_listed": [security(code, None) for code in text.stock_list],
    }


def read_entry(**read: Any) -> Reading:
    """Return an entry of a list; None stands for what was not read of it.

    :param read: the fields that were read, by name.
    """
    return {**dict.fromkeys(_FIELDS), "securities": [], "pictures": [], "skip": None, **read}


def read_html(html: str) -> Reading:
    """Return what is read from a body; the line that names its media is no part of its text."""
    body = read_body(html)
    lines = [line for line in body.text.splitlines() if not _CREDIT.fullmatch(line)]
    return {
        "body_html": html,
        "body_text": "\n".join(lines),
        "securities": [security(one.code, one.name) for one in body.securities if one.name],
        "pictures": list(body.pictures),
    }


def security(code: str, name: str | None) -> Reading:
    """Return a security of which market and symbol are known."""
    market, _, symbol = code.partition(".")
    return {"market": market, "code": symbol, "name": name, "em": market}
