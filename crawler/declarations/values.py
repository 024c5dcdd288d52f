"""How a declaration describes a value: a path, alternatives to it, and what is done with the text.

title = "title"                                          # a path
title = ["title", { path = "content", pattern = "^【(.+?)】" }]   # the first that gives a text
body = { join = ["content", "content_more"] }
address = { path = "id", template = "https://wallstreetcn.com/livenews/{}" }
id = { in = "address", pattern = '/c(\\d+)\\.shtml' }
"""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class Table(BaseModel):
    """A table of a declaration, in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"should be a regular expression, and {text!r} is not ({error})") from None
    return text


def _one_place(text: str) -> str:
    if text.count("{}") != 1 or set(text.replace("{}", "")) & {"{", "}"}:
        raise ValueError(f"should hold {{}} once, where the value goes, and {text!r} does not")
    return text


#: A regular expression.
Pattern = Annotated[str, AfterValidator(_pattern)]


def _alternatives(written: object) -> object:
    """Read a path, a table, or a list of both as a list of tables."""
    several = written if isinstance(written, list | tuple) else [written]
    return tuple({"path": one} if isinstance(one, str) else one for one in several)


class Value(Table):
    """A value of an entry or an article.

    :param path: where it is.
    :param where: what the path, or else the pattern, is read in: the entry, the whole answer, or
        the address (of the entry, or of the article).
    :param join: values that are joined to one instead; those that are not there are left out.
    :param by: the text between joined values.
    :param pattern: a regular expression that is searched in the text; its first group is the value.
    :param template: a text with ``{}`` in place of the value.
    :param constant: the value itself, wherever the path and pattern find something.
    :param unless: texts that are no value.
    """

    path: str | None = None
    where: Literal["entry", "answer", "address"] = Field("entry", alias="in")
    join: tuple["Alternatives", ...] = ()
    by: str = ""
    pattern: Pattern | None = None
    template: Annotated[str, AfterValidator(_one_place)] | None = None
    constant: str | None = None
    unless: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> "Value":
        if self.path and (self.join or self.where == "address"):
            raise ValueError("should have a path, or join, or in = 'address', and only one of them")
        if not self.comes_from and self.constant is None:
            raise ValueError("should have a path, join, in = 'address' or a constant")
        return self

    @property
    def comes_from(self) -> bool:
        """Whether the value is read somewhere, and is no mere constant."""
        return bool(self.path or self.join or self.where == "address")


#: Values that are tried in order.
Alternatives: TypeAlias = Annotated[tuple[Value, ...], BeforeValidator(_alternatives)]


class TimeValue(Value):
    """A time.

    These forms are always understood: ``2026-11-03 15:05:00`` with any signs between, and with or
    without seconds, clock and year; ``2026年11月3日 下午3:05``; ISO 8601; the form of mail and
    feeds; ``Nov 3, 2026 3:05 PM``; seconds, milliseconds and microseconds since 1970, also as
    ``/Date(1795996800000)/``; ``今天``, ``昨天 15:05``, ``3分钟前``; words such as ``发布时间：``
    before.

    :param format: how it is written, in the terms of Python's `strptime`, where its form is not
        one of those that are always understood.
    :param zone_sure: false where the source names a zone that cannot be trusted.
    :param near: where a date near the time is, which gives the year or day that the time leaves
        out; without it, it is the time at which the answer was fetched.
    """

    format: str | None = None
    zone_sure: bool = True
    near: "TimeAlternatives" = ()


#: Times that are tried in order.
TimeAlternatives: TypeAlias = Annotated[tuple[TimeValue, ...], BeforeValidator(_alternatives)]


class Skip(Table):
    """A kind of entries that are left out.

    :param when: what is there, and not empty, 0 or false, in such entries.
    :param why: the reason, as the reports give it.
    :param by_title: whether they are archived nevertheless, by the title alone, because the source
        locks the text.
    """

    when: Alternatives
    why: Annotated[str, Field(min_length=1)]
    by_title: bool = False


class SecurityValues(Table):
    """The securities that an entry or an article names.

    :param each: a path that leads to each of them.
    :param market: in the source's own words, which `markets` translates.
    :param code: its symbol.
    :param name: its name.
    """

    each: str
    market: Alternatives = ()
    code: Alternatives
    name: Alternatives = ()


class Fields(Table):
    """What an entry of a list, or an article, holds; everything but the identity may be left out.

    :param id: the source's own id; the address gives it where `identity` has a pattern for it.
    :param address: of the article's page.
    :param title: of the article.
    :param published: when it was published.
    :param modified: when it was last changed.
    :param media: the medium that it is from.
    :param author: who wrote it.
    :param digest: a summary.
    :param body: the article, as HTML or plain text; joined to the whole where it is in parts.
    :param pictures: addresses of pictures, apart from those of the body.
    :param tags: words that the source files it under.
    :param important: whether the source marks it as important.
    :param paid: whether only subscribers can read it.
    :param complete: whether the body is whole; without it, it is.
    :param securities: that it names.
    """

    id: Alternatives = ()
    address: Alternatives = ()
    title: Alternatives = ()
    published: TimeAlternatives = ()
    modified: TimeAlternatives = ()
    media: Alternatives = ()
    author: Alternatives = ()
    digest: Alternatives = ()
    body: Alternatives = ()
    pictures: Alternatives = ()
    tags: Alternatives = ()
    important: Alternatives = ()
    paid: Alternatives = ()
    complete: Alternatives = ()
    securities: SecurityValues | None = None


def paths_in(table: Any) -> list[str]:
    """Return every path in a table and the tables below it."""
    if isinstance(table, tuple):
        return [path for item in table for path in paths_in(item)]
    if not isinstance(table, BaseModel):
        return []
    own = (getattr(table, name, None) for name in ("path", "each"))
    below = [path for name in type(table).model_fields for path in paths_in(getattr(table, name))]
    return [*filter(None, own), *below]
