"""Answers of the interfaces of sources, and why an interface gave none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes


class Silence(StrEnum):
    """Why there is no answer."""

    FORBIDDEN = "forbidden"
    LEFT_ALONE = "left alone"
    CUT = "cut"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of a request to an interface.

    :param interface: the name of the interface.
    :param address: the requested address; empty where none was known.
    :param response: the answer, decompressed; None when there is none.
    :param silence: why there is no answer; None when there is one.
    :param reason: the same in a sentence.
    :param received: when the answer was received, aware; None where that is not known.
    :param title: the title of the article on the list that named it.
    """

    interface: str
    address: str
    response: Response | None = None
    silence: Silence | None = None
    reason: str = ""
    received: datetime | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one source.

    :param source: the name of the source.
    :param robots: the end of a sentence about the robots.txt of each host.
    """

    source: str
    answers: tuple[Answer, ...]
    robots: Mapping[str, str]


def response_of(
    address: str, body: bytes, *, status: int = 200, headers: Headers | None = None, name: str = ""
) -> Response:
    """Return a saved answer as a response.

    :param name: the name of its file, which shows the type where no header does.
    """
    kind = responsetypes.from_args(headers=headers, url=address, filename=name, body=body)
    return kind(address, status=status, headers=headers, body=body)
