"""The share API's answer: the article's own bytes."""

from collections.abc import Mapping
from typing import Any

from scrapy.http import Response

from archive.article import BodySource, Edition
from archive.article_id import InfoCode
from archive.content import media_named_in
from archive.errors import InvalidInfoCode
from crawler.pages.errors import NotFound
from crawler.pages.facts import ArticleText
from crawler.pages.json_answer import JsonAnswer
from crawler.pages.page import TextPage


class ShareAnswer(TextPage):
    """An answer of ``GetNewsText.do``: a JSON object.

    ``content`` is the body of rolling news, with Eastmoney's mark-up of securities, ``text`` the
    body of the media's post, without. One answer may have both, or one of them.
    """

    source = BodySource.SHARE_API

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self._json = JsonAnswer(ShareAnswer, response)

    def text(self, info_code: InfoCode, edition: Edition | None = None) -> ArticleText:
        """Read the answer for the requested article.

        :param edition: the edition of the post. The other edition's body stands in where the
            answer has only that. None: the media's body, or where there is none, that of the
            rolling news.
        :raises NotFound: when both bodies are empty: so the API answers for unknown articles.
        :raises LayoutChanged: when the answer is no such object, or is of another article.
        """
        read = self._json
        answer = read.object()
        self._check_identity(answer, info_code)
        bodies = {
            Edition.MEDIA: read.text(answer, "text"),
            Edition.ROLLING: read.text(answer, "content"),
        }
        found = [each for each in Edition if bodies[each]]
        if not found:
            raise NotFound(info_code, self._response.url)
        has = edition if edition in found else found[0]
        body = bodies[has]
        assert body is not None
        media = read.media(answer, "from") or read.media(answer, "medianame")
        return ArticleText(
            url=self._response.url,
            source=self.source if edition in (None, has) else BodySource.OTHER_EDITION,
            title=read.text(answer, "title", may_be_number=True),
            published=read.time(answer, "showtime") or read.time(answer, "datetime"),
            media=media or media_named_in(body),
            body=body,
            rolling=(edition or has) is Edition.ROLLING,
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
