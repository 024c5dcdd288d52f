"""The file ``watches.toml``: what to watch, and to whom to send it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from archive.article import SHANGHAI
from archive.edits import EditClass
from archive.errors import FinewsError
from archive.search import parse
from archive.validation import in_one_sentence

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST_NAME = 100
_CONTROL, _NO_CONTROL = r"[\x00-\x1f\x7f]", r"[^\x00-\x1f\x7f]"
_DURATION = re.compile(r"([1-9]\d{0,3})\s*([mhd])")


class InvalidWatches(FinewsError):
    """A file of watches that cannot be read or understood."""


class Event(StrEnum):
    """What can happen to an article."""

    ARRIVAL = "arrival"
    EDIT = "edit"
    WITHDRAWAL = "withdrawal"
    RETURN = "return"


def _duration(text: object) -> timedelta:
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('is no duration, such as "30m", "1h" or "2d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _period(text: object) -> tuple[time, time]:
    begin, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
    try:
        period = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError:
        period = time.min, time.min
    if not dash or period[0] == period[1] or any(each.tzinfo for each in period):
        raise ValueError('is no period of a day, such as "22:30-07:00"')
    return period


def _clock(value: object) -> time:
    try:
        clock = value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo or isinstance(value, int | float):
        raise ValueError('is no time of a day, such as "08:30"')
    return clock


class _WatchTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Delivery(_WatchTable):
    """To whom notices go, and when. Times are of the clock in Shanghai.

    :param to: names of channels.
    :param digest: the times of a day at which notices are sent together; empty for at once.
    :param quiet: the period of a day in which nothing is sent.
    :param per_hour: most articles that are named in an hour; the others are only counted.
    """

    to: tuple[str, ...] = Field(min_length=1)
    digest: tuple[Annotated[time, BeforeValidator(_clock)], ...] = ()
    quiet: Annotated[tuple[time, time] | None, BeforeValidator(_period)] = None
    per_hour: int = Field(default=20, ge=1, le=500)

    def is_quiet(self, now: datetime) -> bool:
        """Return whether nothing may be sent now."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        clock = now.astimezone(SHANGHAI).time()
        return begin <= clock < end if begin <= end else not end <= clock < begin

    def digest_due(self, now: datetime) -> datetime:
        """Return the last time at which notices were to be sent together."""
        today = now.astimezone(SHANGHAI).date()
        times = (
            datetime.combine(day, clock, SHANGHAI)
            for day in (today, today - timedelta(days=1))
            for clock in self.digest
        )
        return max(each for each in times if each <= now)


class Watch(Delivery):
    """Articles to watch.

    :param query: in the language of the search box; empty for all articles.
    :param events: which events of these articles are sent.
    :param classes: only edits of these classes; empty for all.
    :param silence: send a notice when no such article arrives for so long.
    """

    name: str = Field(min_length=1, max_length=_LONGEST_NAME, pattern=f"^{_NO_CONTROL}+$")
    query: str = ""
    events: tuple[Event, ...] = Field(default=(Event.ARRIVAL,), min_length=1)
    classes: tuple[EditClass, ...] = ()
    silence: Annotated[timedelta | None, BeforeValidator(_duration)] = None

    @field_validator("query")
    @classmethod
    def _can_be_searched(cls, query: str) -> str:
        parse(query)  # raises InvalidQuery, a ValueError, with its own sentence
        return query

    @model_validator(mode="after")
    def _watches_one_thing(self) -> Self:
        if self.classes and Event.EDIT not in self.events:
            raise ValueError('has classes of edits; add "edit" to its events')
        return self


class FailureNotices(Delivery):
    """Failures of crawls, disks, files and channels.

    :param disk_free: send a notice when the archive's disk has less free space, such as ``5 GB``.
    """

    disk_free: ByteSize = ByteSize(0)


#: The name under which notices of failures are in the ledger.
FAILURES = "failures"


class WatchFile(_WatchTable):
    """The contents of ``watches.toml``.

    :param language: of the messages: ``zh`` or ``en``.
    :param channels: addresses of Apprise by name; ``env:NAME`` and ``file:PATH`` name the place of
        an address that is a secret.
    :param pings: addresses that are requested after each successful crawl of a source, by its name;
        ``*`` for the other sources.
    """

    language: str = Field(default="zh", pattern="^(zh|en)$")
    channels: Mapping[str, str] = Field(min_length=1)
    watch: tuple[Watch, ...] = ()
    failures: FailureNotices | None = None
    pings: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = [watch.name for watch in self.watch] + [FAILURES]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"has two watches with the name {min(twice)!r}")
        for name, _, channel in self.deliveries():
            if channel not in self.channels:
                known = ", ".join(self.channels)
                raise ValueError(f"{name!r} goes to {channel!r}; the channels are {known}")
        return self

    def deliveries(self) -> Iterator[tuple[str, Delivery, str]]:
        """Yield the watches, then the failures: the name, the delivery, and each channel."""
        named: list[tuple[str, Delivery]] = [(watch.name, watch) for watch in self.watch]
        if self.failures:
            named.append((FAILURES, self.failures))
        for name, delivery in named:
            for channel in delivery.to:
                yield name, delivery, channel


def watch_lines(query: str) -> str:
    """Return the lines of ``watches.toml`` for a query, with a channel to be replaced."""
    name = re.sub(_CONTROL, " ", query)[:_LONGEST_NAME]
    watch = {"name": name, "query": query, "to": ["mail"]}
    return tomli_w.dumps({"watch": [watch]}).strip()


def load_watches(path: Path) -> WatchFile:
    """Read a file of watches.

    :raises InvalidWatches: when it cannot be read, or something in it is wrong.
    """
    try:
        contents: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return WatchFile.model_validate(contents)
    except OSError as error:
        raise InvalidWatches(f"Could not read the watches {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidWatches(f"The watches {path} are no TOML: {error}.") from error
    except ValidationError as error:
        raise InvalidWatches(f"The watches {path} are wrong: {in_one_sentence(error)}") from error
