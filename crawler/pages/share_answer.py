"""The share API's answer: the article's own bytes."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrapy.http import Response

from archive.article import SHANGHAI, InfoCode
from archive.errors import InvalidInfoCode
from crawler.pages.body import media_named_in
from crawler.pages.errors import LayoutChanged, NotFound

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareText:
    """What the share API says of an article; None for what it leaves out.

    :param url: of the answer.
    :param rolling: it is rolling news, whose body the API gives under another name.
    """

    url: str
    title: str | None
    published: datetime | None
    media: str | None
    body: str
    rolling: bool


class ShareAnswer:
    """An answer of ``GetNewsText.do``: a JSON object."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def text(self, info_code: InfoCode) -> ShareText:
        """Read the answer for the article that was asked for.

        Half a surrogate pair, which no file can hold, becomes U+FFFD as in every browser.

        :raises NotFound: when the text is empty; that is how the API says so.
        :raises LayoutChanged: when the answer is no such object, or is of another article.
        """
        answer = self._object()
        self._check_identity(answer, info_code)
        text, content = self._string(answer, "text"), self._string(answer, "content")
        body = text or content
        if body is None:
            raise NotFound(info_code, self._response.url)
        media = self._string(answer, "from") or self._string(answer, "medianame")
        return ShareText(
            url=self._response.url,
            title=self._string(answer, "title"),
            published=self._time(answer, "showtime") or self._time(answer, "datetime"),
            media=media.strip() if media else media_named_in(body),
            body=body,
            rolling=text is None,
        )

    def _unreadable(self, what: str) -> LayoutChanged:
        return LayoutChanged(ShareAnswer, self._response.url, what)

    def _object(self) -> dict[str, Any]:
        try:
            answer = json.loads(self._response.body)
        except (ValueError, RecursionError) as error:
            raise self._unreadable(f"it is not JSON ({error})") from error
        if not isinstance(answer, dict):
            raise self._unreadable("it is not a JSON object")
        return answer

    def _check_identity(self, answer: dict[str, Any], info_code: InfoCode) -> None:
        named = self._string(answer, "infoCode")
        if named is None:
            return
        try:
            same = InfoCode(named) == info_code
        except InvalidInfoCode:
            same = False
        if not same:
            raise self._unreadable(f"it is the answer for {named[:40]!r}")

    def _string(self, answer: dict[str, Any], name: str) -> str | None:
        value = answer.get(name)
        if value is not None and not isinstance(value, str):
            raise self._unreadable(f"its {name} is not a text")
        if value is None or not value.strip():
            return None
        return _LONE_SURROGATE.sub("\ufffd", value)

    def _time(self, answer: dict[str, Any], name: str) -> datetime | None:
        value = self._string(answer, name)
        try:
            time = datetime.fromisoformat(value.strip()) if value else None
        except ValueError:
            return None
        if time is None:
            return None
        return time.replace(tzinfo=SHANGHAI) if time.tzinfo is None else time
