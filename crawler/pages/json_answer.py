"""Reads answers that are JSON objects, bare or in a script, and checks their values."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scrapy.http import Response

from archive.article import SHANGHAI
from crawler.declarations.times import TimeUnit, read_time
from crawler.pages.errors import LayoutChanged

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SCRIPT = re.compile(
    r"""
    \ufeff?\s*+ (?:/\*[^*]*\*/\s*+)?
    (?: (?:(?:var|let|const)\s++)?[\w$.]++\s*+=\s*+       # var ajaxResult={…};
      | [\w$.]++\s*+\(\s*+ )?                            # JSONP: callback({…});
    (?P<object> \{.*\} ) \s*+ \)?+ \s*+ ;?+ \s*+
    """,
    re.VERBOSE | re.DOTALL,
)


class _Number(str):
    """A number of a JSON text, with its digits as they are written there."""

    __slots__ = ()


class JsonAnswer:
    """An answer of a source's API.

    :param page: the class of the page object that reads it; errors name it.
    """

    def __init__(self, page: type, response: Response) -> None:
        self._page = page
        self._response = response

    def unreadable(self, what: str) -> LayoutChanged:
        """Return the error for an answer that does not have the expected layout."""
        return LayoutChanged(self._page, self._response.url, what)

    def object(self) -> dict[str, Any]:
        """Return the whole answer.

        :raises LayoutChanged: when it is no JSON object.
        """
        try:
            answer = json.loads(
                json_text(self._response.body),
                parse_int=_Number,
                parse_float=_Number,
                parse_constant=lambda _: None,  # NaN and the like, which JSON does not have
            )
        except (ValueError, RecursionError) as error:
            raise self.unreadable(f"it is not JSON ({error})") from error
        if not isinstance(answer, dict):
            raise self.unreadable("it is not a JSON object")
        return answer

    def line(
        self, fields: Mapping[str, Any], name: str, *, may_be_number: bool = False
    ) -> str | None:
        """Return a text among `fields` in one line; see `text`."""
        value = self.text(fields, name, may_be_number=may_be_number)
        return " ".join(value.split()) if value else None

    def media(self, fields: Mapping[str, Any], name: str) -> str | None:
        """Return a text among `fields` in one line, with all its spaces: slugs contain them."""
        value = self.text(fields, name)
        return " ".join(filter(None, map(str.strip, value.splitlines()))) if value else None

    def text(
        self, fields: Mapping[str, Any], name: str, *, may_be_number: bool = False
    ) -> str | None:
        """Return a text among `fields`; None when it is missing or blank.

        Half of a surrogate pair cannot be written to a file. It becomes U+FFFD, as in browsers.

        :raises LayoutChanged: when the value is no text.
        """
        value = fields.get(name)
        number = isinstance(value, _Number) and not may_be_number
        if value is not None and (number or not isinstance(value, str)):
            raise self.unreadable(f"its {name} is not a text")
        if value is None or not value.strip():
            return None
        return _LONE_SURROGATE.sub("\ufffd", value)

    def time(self, fields: Mapping[str, Any], name: str) -> datetime | None:
        """Return a time among `fields`; None when the text states none, or a day alone.

        A time without a zone is Shanghai's. A number is seconds or milliseconds since 1970.

        :raises LayoutChanged: when the value is no text.
        """
        moment = read_time(self.text(fields, name, may_be_number=True) or "", SHANGHAI)
        return moment.time if moment and moment.precision is not TimeUnit.DAY else None


def json_text(data: bytes) -> str:
    """Return the JSON of an answer, bare or in a script.

    :raises ValueError: when the encoding is none of those of JSON.
    """
    text = data.decode(json.detect_encoding(data), "surrogatepass")
    script = _SCRIPT.fullmatch(text)
    return script["object"] if script else text
