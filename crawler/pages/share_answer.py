"""The share API's answer: the article's own bytes."""

from collections.abc import Mapping
from typing import Any

from scrapy.http import Response

from archive.article import BodySource, InfoCode
from archive.content import media_named_in
from archive.errors import InvalidInfoCode
from crawler.pages.errors import NotFound
from crawler.pages.facts import ArticleText
from crawler.pages.json_answer import JsonAnswer


class ShareAnswer:
    """An answer of ``GetNewsText.do``: a JSON object.

    The body is in ``text``; that of rolling news is in ``content``.
    """

    source = BodySource.SHARE_API

    def __init__(self, response: Response) -> None:
        self._response = response
        self._json = JsonAnswer(ShareAnswer, response)

    def text(self, info_code: InfoCode) -> ArticleText:
        """Read the answer for the article that was asked for.

        :raises NotFound: when the text is empty; that is how the API says so.
        :raises LayoutChanged: when the answer is no such object, or is of another article.
        """
        read = self._json
        answer = read.object()
        self._check_identity(answer, info_code)
        text, content = read.text(answer, "text"), read.text(answer, "content")
        body = text or content
        if body is None:
            raise NotFound(info_code, self._response.url)
        media = read.media(answer, "from") or read.media(answer, "medianame")
        return ArticleText(
            url=self._response.url,
            source=self.source,
            title=read.text(answer, "title", may_be_number=True),
            published=read.time(answer, "showtime") or read.time(answer, "datetime"),
            media=media or media_named_in(body),
            digest=None,
            body=body,
            rolling=text is None,
        )

    def _check_identity(self, answer: Mapping[str, Any], info_code: InfoCode) -> None:
        named = self._json.text(answer, "infoCode", may_be_number=True)
        if named is None:
            return
        try:
            same = InfoCode(named) == info_code
        except InvalidInfoCode:
            same = False
        if not same:
            raise self._json.unreadable(f"it is the answer for {named[:40]!r}")
