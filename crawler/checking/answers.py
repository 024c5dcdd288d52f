"""Answers of the interfaces of sources, and why an interface gave none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self
from urllib.parse import urlsplit

from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawler.visiting import Reply, Silence

__all__ = ["Answers", "CheckedAnswer", "Silence", "not_asked", "response_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAnswer(Reply):
    """The result of a request to an interface.

    :param interface: the name of the interface.
    :param title: the title of the article on the list that named it.
    """

    interface: str
    title: str | None = None

    @classmethod
    def of(cls, reply: Reply, *, interface: str, title: str | None = None) -> Self:
        """Return the reply of an interface."""
        facts = {field.name: getattr(reply, field.name) for field in fields(Reply)}
        return cls(interface=interface, title=title, **facts)


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one source.

    :param source: the name of the source.
    :param robots: the end of a sentence about the robots.txt of each host.
    """

    source: str
    answers: tuple[CheckedAnswer, ...]
    robots: Mapping[str, str]

    @classmethod
    def of(cls, source: str, answers: Iterable[CheckedAnswer], robots: Mapping[str, str]) -> Self:
        """Return the answers of a visit.

        :param robots: what is known of the robots.txt of the hosts that were visited.
        """
        found = tuple(answers)
        hosts = sorted({urlsplit(answer.address).netloc for answer in found} - {""})
        unknown = "could not be fetched"
        return cls(source, found, {host: robots.get(host, unknown) for host in hosts})


def not_asked(interface: str) -> CheckedAnswer:
    """Return what is known of an interface without an address."""
    return CheckedAnswer(
        interface=interface,
        address="",
        silence=Silence.NOT_ASKED,
        reason="no answer named what to ask for",
    )


def response_of(
    address: str, body: bytes, *, status: int = 200, headers: Headers | None = None, name: str = ""
) -> Response:
    """Return a saved answer as a response.

    :param name: the name of its file, which shows the type where no header does.
    """
    kind = responsetypes.from_args(headers=headers, url=address, filename=name, body=body)
    return kind(address, status=status, headers=headers, body=body)
