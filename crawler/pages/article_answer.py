"""Eastmoney's article API, ``https://newsinfo.eastmoney.com/kuaixun/v2/api/article/<code>``."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scrapy.http import Response

from archive.article import BodySource, Edition
from archive.article_id import InfoCode
from archive.content import media_named_in
from crawler.pages.eastmoney_list import securities
from crawler.pages.errors import NotFound
from crawler.pages.facts import ArticleText
from crawler.pages.json_answer import JsonAnswer
from crawler.pages.page import TextPage
from crawler.pages.text import names

_NO = {"0", "", "false", "none"}


class ArticleAnswer(TextPage):
    """An answer of the API: a JSON object, with the fields of the article in ``data``.

    Every value there is a text; a list is a text of JSON.
    """

    source = BodySource.ARTICLE_API

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self._json = JsonAnswer(ArticleAnswer, response)

    def text(self, info_code: InfoCode, edition: Edition | None = None) -> ArticleText:
        """Read the answer for the requested article.

        :param edition: the edition of the post; the answer has one body for both.
        :raises NotFound: when the source has no such article, or has it without a body.
        :raises LayoutChanged: when the answer is no such object, or is of another article.
        """
        data = self.data(info_code)
        read = self._json
        body = read.text(data, "Art_Content")
        if body is None:
            if "Art_Content" not in data:
                raise read.unreadable("its data has no Art_Content")
            raise NotFound(info_code, self._response.url)
        return ArticleText(
            url=self._response.url,
            source=self.source,
            title=read.line(data, "Art_Title", may_be_number=True),
            published=read.time(data, "Art_ShowTime") or read.time(data, "Art_OrderTime"),
            media=read.media(data, "Art_Media_Name") or media_named_in(body),
            digest=read.line(data, "Art_Digest", may_be_number=True),
            body=body,
            rolling=read.line(data, "Art_Fast", may_be_number=True) == "1",
            page=read.line(data, "Art_UniqueUrl"),
            stock_list=securities(list(self._securities(data))),
        )

    def data(self, info_code: InfoCode) -> Mapping[str, Any]:
        """Return all fields of the article; raise the same errors as `text`."""
        answer = self._json.object()
        data = answer.get("data")
        refused = "success" in answer and str(answer["success"]).lower() in _NO
        if refused or str(answer.get("errorcode", 0)) != "0" or ("data" in answer and not data):
            raise NotFound(info_code, self._response.url)
        if not isinstance(data, dict):
            raise self._json.unreadable("it has no data")
        self._check_identity(data, info_code)
        return data

    def _check_identity(self, data: Mapping[str, Any], info_code: InfoCode) -> None:
        named = self._json.line(data, "Art_Code", may_be_number=True)
        address = self._json.line(data, "Art_UniqueUrl") or self._json.line(data, "Art_Url")
        if not names(named or address or "", info_code):
            other = (named or address or "no article")[:80]
            raise self._json.unreadable(f"it is the answer for {other!r}, not {info_code}")

    def _securities(self, data: Mapping[str, Any]) -> Iterator[str]:
        """Yield the codes in ``Art_Tip_Info``: ``[{"Type":1005,"Code":"105.NVDA,105.TSLA"},…]``."""
        tips = data.get("Art_Tip_Info")
        try:
            tips = json.loads(tips) if isinstance(tips, str) else tips
        except (ValueError, RecursionError):
            return
        for tip in tips if isinstance(tips, list) else ():
            codes = tip.get("Code") if isinstance(tip, dict) else None
            if isinstance(codes, str):
                yield from (code.strip() for code in codes.split(","))
