"""What is read from the answer for one article, as one plain structure."""

import re
from typing import Any

from scrapy.http import Response

from archive.article import InfoCode
from archive.body import read_body
from archive.errors import FinewsError
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.article_page import ArticlePage
from crawler.pages.share_answer import ShareAnswer

Reading = dict[str, Any]
"""What is read from an answer; all of it can be written as JSON."""

_CREDIT = re.compile(r"[（(]\s*文章来源\s*[：:][^\n]*[）)]")
"""A line that names the media, which stands on its own beside the text."""


class UnknownAnswer(FinewsError):
    """Nothing here reads answers of that source or that address."""


def read_article(response: Response, page: ArticleAnswer | ArticlePage | ShareAnswer) -> Reading:
    """Read the answer for the article that its address names.

    :raises PageError: when it cannot be read, or says that there is no such article.
    :raises InvalidInfoCode: when the address names no article.
    """
    info_code = InfoCode.from_address(response.url)
    text = page.text(info_code)
    body = read_body(text.body)
    return {
        "kind": "article",
        "address": response.url,
        "id": info_code.digits,
        "url": text.page or response.url,
        "title": text.title,
        "published": text.published and text.published.isoformat(),
        "media": text.media,
        "digest": text.digest,
        "body_html": text.body,
        "body_text": without_credit(body.text),
        "securities": [security(one.code, one.name) for one in body.securities if one.name],
        "securities_listed": [security(code, None) for code in text.stock_list],
        "pictures": list(body.pictures),
    }


def without_credit(text: str) -> str:
    """Return the text of a body without the line that names its media."""
    return "\n".join(line for line in text.splitlines() if not _CREDIT.fullmatch(line))


def security(code: str, name: str | None) -> Reading:
    """Return a security of which market and symbol are known."""
    market, _, symbol = code.partition(".")
    return {"market": market, "code": symbol, "name": name, "em": market}
