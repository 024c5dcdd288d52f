"""Compares an answer with the expected one."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrapy.http import Response

from archive.errors import FinewsError
from archive.translation import N_
from crawler.checking.answers import CheckedAnswer, Silence
from crawler.checking.expected import EXPECTED, Expected
from crawler.checking.facts import Deviation, Mark, quoted, values_at
from crawler.pages.errors import NotFound
from crawler.pages.json_answer import json_text
from crawler.pages.layouts import layout_of
from crawler.pages.reading import read_answer
from crawler.pages.titles import have_something_in_common
from crawler.refusals import refusal_in

#: Statuses of a refusal.
_REFUSING = {401, 403, 412, 429}
#: Types of bodies, with the pattern of their beginnings.
_TYPES = (
    ("JSON", re.compile(r"[{\[]")),
    ("XML", re.compile(r"<(?:\?xml|feed|rss)\b")),
    ("HTML", re.compile(r"<")),
    ("script", re.compile(r"(?:(?:var|let|const)\s+)?[\w$.]+\s*=", re.ASCII)),
    ("JSONP", re.compile(r"(?:/\*[^*]*\*/\s*)?[\w$.]+\s*\(", re.ASCII)),
)
#: The most that the newest entry may be in the future, as clocks differ.
_CLOCKS_APART = timedelta(minutes=10)


class Result(StrEnum):
    """The result of a check of one interface."""

    EXPECTED = N_("as expected")
    DEVIATES = N_("deviates")
    REFUSED = N_("refused")
    SILENT = N_("no answer")
    NOT_ASKED = N_("not asked")


@dataclass(frozen=True, slots=True)
class Finding:
    """An interface and the result of its check.

    :param seen: the answer in a few words.
    """

    answer: CheckedAnswer
    result: Result
    seen: str
    deviations: tuple[Deviation, ...] = ()


def compare(source: str, answer: CheckedAnswer) -> Finding:
    """Compare an answer with the expected one."""
    if answer.response is None:
        known = EXPECTED[layout_of(Response(answer.address))] if answer.address else None
        return silent(answer, known.mark if known else Mark.D, known.dead if known else None)
    expected = EXPECTED[layout_of(answer.response)]
    return _Comparison(source, answer, answer.response, expected).finding()


def silent(answer: CheckedAnswer, mark: Mark, dead: Mark | None = None) -> Finding:
    """Return the finding on an interface without an answer.

    :param mark: the certainty that the interface works.
    :param dead: the certainty that it is out of service; None where it is in service.
    """
    match answer.silence:
        case Silence.NOT_ASKED:
            return Finding(answer, Result.NOT_ASKED, f"no answer: {answer.reason}")
        case Silence.FORBIDDEN:
            forbidden = Deviation("robots.txt forbids it, so it was not asked", Mark.D)
            return Finding(answer, Result.NOT_ASKED, "no answer", (forbidden,))
        case Silence.UNREACHABLE | Silence.CUT if dead:
            return Finding(answer, Result.EXPECTED, f"no answer, out of service ({dead})")
        case Silence.CUT:
            ban = Deviation("its host cut the connection without an answer, as a ban does", Mark.B)
            return Finding(answer, Result.REFUSED, "no answer", (ban,))
    result = Result.REFUSED if answer.silence is Silence.LEFT_ALONE else Result.SILENT
    return Finding(answer, result, "no answer", (Deviation(quoted(answer.reason, 200), mark),))


def refused(response: Response) -> str | None:
    """Return how a response refuses, as the end of a sentence; None where it does not."""
    if response.status in _REFUSING:
        return f"status {response.status}"
    return refusal_in(response)


def shown(response: Response, newest: timedelta | None = None, entries: int | None = None) -> str:
    """Return a response in a few words.

    :param newest: the age of the newest entry, of a list.
    :param entries: the number of entries, of a list.
    """
    seen = [str(response.status), type_of(response.body), f"{len(response.body):,} bytes"]
    if entries is not None:
        seen.append(f"{entries} entries")
    if newest is not None:
        seen.append(f"the newest {span(newest)} old")
    return ", ".join(seen)


def too_old(newest: timedelta | None, limit: timedelta | None, mark: Mark) -> Iterator[Deviation]:
    """Compare the age of a list's newest entry with the greatest that is expected."""
    if newest is None or limit is None:
        return
    if newest > limit:
        yield Deviation(f"its newest entry is {span(newest)} old, more than {span(limit)}", mark)
    if newest < -_CLOCKS_APART:
        yield Deviation(f"its newest entry is {span(-newest)} in the future", Mark.B)


def other_title(title: str | None, listed: str | None, mark: Mark) -> Iterator[Deviation]:
    """Compare the title of an article with that on the list that named it."""
    if listed and title and not have_something_in_common(title, listed):
        yield Deviation(
            f"its title `{quoted(title)}` has nothing in common with the list's,"
            f" `{quoted(listed)}`",
            mark,
        )


class _Comparison:
    """An answer, its reading, and the expected answer."""

    def __init__(
        self, source: str, answer: CheckedAnswer, response: Response, expected: Expected
    ) -> None:
        self._source = source
        self._answer = answer
        self._response = response
        self._expected = expected
        self._reading: Mapping[str, Any] | None = None

    def finding(self) -> Finding:
        """Compare step by step: a refusal or another answer than the expected kind ends it."""
        if self._expected.dead and self._response.status >= HTTPStatus.BAD_REQUEST:
            seen = f"{self._response.status}, out of service ({self._expected.dead})"
            return Finding(self._answer, Result.EXPECTED, seen)
        if refusal := refused(self._response):
            deviation = Deviation(f"it refused with {refusal}", self._expected.mark)
            return Finding(self._answer, Result.REFUSED, self._seen(), (deviation,))
        deviations = tuple(self._deviations())
        result = Result.DEVIATES if deviations else Result.EXPECTED
        return Finding(self._answer, result, self._seen(), deviations)

    def _seen(self) -> str:
        reading = self._reading
        if reading is None or reading["kind"] != "list":
            return shown(self._response)
        return shown(self._response, self._age, len(reading["entries"]))

    def _deviations(self) -> Iterator[Deviation]:
        expected, response = self._expected, self._response
        if response.status != HTTPStatus.OK:
            location = (response.headers.get("Location") or b"").decode("latin-1")
            leads = f" and leads to `{quoted(location, 120)}`" if location else ""
            yield Deviation(f"it answered with status {response.status}{leads}", expected.mark)
            return
        given = type_of(response.body)
        if given not in expected.types:
            due = " or ".join(sorted(expected.types))
            yield Deviation(f"it is {given} in place of {due}", expected.mark)
            return
        if expected.facts:
            yield from self._fields()
        try:
            self._reading = read_answer(self._source, response)
        except NotFound as error:
            if expected.dead is None:
                yield Deviation(quoted(str(error), 200), expected.mark)
        except FinewsError as error:
            yield Deviation(quoted(str(error).rstrip("."), 200), expected.mark)
        else:
            is_list = self._reading["kind"] == "list"
            yield from self._list() if is_list else self._article()

    def _fields(self) -> Iterator[Deviation]:
        try:
            answer = json.loads(json_text(self._response.body))
        except (ValueError, RecursionError) as error:
            yield Deviation(f"it is not JSON: {quoted(str(error))}", self._expected.mark)
            return
        for fact in self._expected.facts:
            yield from fact.deviations(answer)
        asked = parse_qs(urlsplit(self._response.url).query)
        for parameter, path in self._expected.echoes:
            for value in values_at(answer, path):
                wanted = asked.get(parameter, [str(value)])[0]
                if str(value) != wanted:
                    yield Deviation(
                        f"`{path}` is `{quoted(str(value))}` where {wanted} was requested", Mark.B
                    )
        if self._expected.cursor is not None:
            yield from self._cursor(answer, *self._expected.cursor)

    @staticmethod
    def _cursor(
        answer: Any, cursor_in: str, entries_in: str, sorted_by: str
    ) -> Iterator[Deviation]:
        last = values_at(answer, f"{entries_in}[]")[-1:]
        repeated = values_at({"last": last}, f"last[].{sorted_by}")
        for cursor, value in product(values_at(answer, cursor_in), repeated):
            if cursor and str(cursor) != str(value):
                yield Deviation(f"`{cursor_in}` is not the last entry's `{sorted_by}`", Mark.B)

    def _list(self) -> Iterator[Deviation]:
        assert self._reading is not None
        entries = [entry for entry in self._reading["entries"] if not entry["skip"]]
        if not entries:
            yield Deviation("it names no article", self._expected.mark)
        for name in ("id", "url"):
            without = sum(not entry[name] for entry in entries)
            if without:
                yield Deviation(
                    f"{without} of {len(entries)} entries have no {name}", self._expected.mark
                )
        times = self._times(entries)
        if self._expected.ordered is not None and times != sorted(times, reverse=True):
            yield Deviation("its entries are not in order of time", self._expected.ordered)
        yield from too_old(self._age, self._expected.newest, self._expected.mark)

    def _article(self) -> Iterator[Deviation]:
        assert self._reading is not None
        for name in self._expected.required:
            if not self._reading[name]:
                yield Deviation(f"no {name} could be read", self._expected.mark)
        yield from other_title(self._reading["title"], self._answer.title, self._expected.mark)

    @staticmethod
    def _times(entries: list[Mapping[str, Any]]) -> list[datetime]:
        return [
            datetime.fromisoformat(entry["published"]) for entry in entries if entry["published"]
        ]

    @property
    def _age(self) -> timedelta | None:
        """The age of a list's newest entry; None where that is not known."""
        assert self._reading is not None
        newest = max(self._times(self._reading["entries"]), default=None)
        received = self._answer.received
        return received - newest if newest and received else None


def type_of(body: bytes) -> str:
    """Return the type of a body, by its beginning."""
    start = body[:1000].decode(errors="replace").lstrip("\ufeff\r\n\t ")
    found = (name for name, pattern in _TYPES if pattern.match(start))
    return next(found, "another text" if start else "empty")


def span(length: timedelta) -> str:
    """Return a span of time in its largest unit."""
    seconds = int(length.total_seconds())
    for unit, one in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if abs(seconds) >= 2 * one:
            return f"{seconds // one} {unit}"
    return f"{seconds} seconds"
