"""Answers of sources, and why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes


class Silence(StrEnum):
    """Why no answer came."""

    FORBIDDEN = "forbidden"
    LEFT_ALONE = "left alone"
    CUT = "cut"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking an interface.

    :param interface: its name.
    :param address: that was asked for; empty where none was known.
    :param response: the answer, decompressed; None when none came.
    :param silence: why none came; None when one came.
    :param reason: the same in a sentence.
    :param received: when it came, aware; None where that is not known.
    :param title: of the article, as the list wrote it that named it.
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

    :param source: its name.
    :param robots: what the robots.txt of each host says, in a sentence.
    """

    source: str
    answers: tuple[Answer, ...]
    robots: Mapping[str, str]


def response_of(
    address: str, body: bytes, *, status: int = 200, headers: Headers | None = None, name: str = ""
) -> Response:
    """Return a saved answer as a response.

    :param name: of its file, which tells the type where no header does.
    """
    kind = responsetypes.from_args(headers=headers, url=address, filename=name, body=body)
    return kind(address, status=status, headers=headers, body=body)
