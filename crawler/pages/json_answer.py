"""Reads answers that are JSON objects, bare or in a script, and checks their values."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy.http import Response

from archive.article import SHANGHAI
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
_SECONDS = 10
_EPOCH = re.compile(r"\d{10}|\d{13}", re.ASCII)
_WRITTEN_OUT = re.compile(
    r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})(?:日\s*|\s+)(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII
)
_CLOSE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T ].+)?", re.ASCII)
_OF_JAVA = "%b %d, %Y %I:%M:%S %p"


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
        """Return a time among `fields`; None when the text is no time.

        A time without a zone is Shanghai's. A number is seconds or milliseconds since 1970.

        :raises LayoutChanged: when the value is no text.
        """
        value = (self.text(fields, name, may_be_number=True) or "").strip()
        try:
            time = _since_1970(value) or _written_out(value) or _iso(value) or _of_java(value)
        except (ValueError, OverflowError, OSError):
            return None
        return time.replace(tzinfo=SHANGHAI) if time.tzinfo is None else time


def json_text(data: bytes) -> str:
    """Return the JSON of an answer, bare or in a script.

    :raises ValueError: when the encoding is none of those of JSON.
    """
    text = data.decode(json.detect_encoding(data), "surrogatepass")
    script = _SCRIPT.fullmatch(text)
    return script["object"] if script else text


def _since_1970(value: str) -> datetime | None:
    """Read a number of seconds or milliseconds since 1970."""
    if not _EPOCH.fullmatch(value):
        return None
    seconds = int(value) / 1000 if len(value) > _SECONDS else int(value)
    return datetime.fromtimestamp(seconds, UTC).astimezone(SHANGHAI)


def _written_out(value: str) -> datetime | None:
    """Read a time as ``2026/9/19 1:09:08``, with hyphens, slashes, 年月日 or nothing between.

    The 24th hour of a day is the first one of the next day.
    """
    match = _WRITTEN_OUT.fullmatch(value) or _CLOSE.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    next_day = (hour, minute, second) == (24, 0, 0)
    time = datetime(year, month, day, 0 if next_day else hour, minute, second, tzinfo=SHANGHAI)
    return time + timedelta(days=next_day)


def _iso(value: str) -> datetime | None:
    """Read a date, or a date with a time; weeks of a year are no dates of articles."""
    return datetime.fromisoformat(value) if _ISO.fullmatch(value) else None


def _of_java(value: str) -> datetime:
    """Read a time as Java writes it in English: ``Nov 20, 2026 5:34:39 PM``.

    :raises ValueError: when it is none.
    """
    plain = " ".join(value.split())  # later versions of Java have a narrow no-break space there
    return datetime.strptime(plain, _OF_JAVA).replace(tzinfo=SHANGHAI)
