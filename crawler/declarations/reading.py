"""How the values that a declaration describes are read in an answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from archive.content.tree import parse
from archive.errors import shortened
from crawler.declarations.markup import has_markup, inner_markup, shown_text
from crawler.declarations.paths import Node, PathError, find_all
from crawler.declarations.served import served_markup
from crawler.declarations.times import Moment, read_time
from crawler.declarations.values import TimeValue, Value

_MESSAGE = "[message, msg, errmsg, error, errors][?type(@) == 'string' && @ != ''] | [0]"
_SPACES = re.compile(r"[^\S\n]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WEB = re.compile(r"https?://[^\s/]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the values of an entry or an article are read in.

    :param entry: the entry, or the whole answer.
    :param address: of the entry or the article, as far as it is known.
    :param base: that relative addresses are relative to.
    :param page: the text of the whole answer.
    :param fetched: when the answer was fetched.
    """

    entry: Node
    answer: Node
    zone: tzinfo
    address: str = ""
    base: str = ""
    page: str = ""
    fetched: datetime | None = None

    def raw(self, alternatives: Iterable[Value]) -> Iterator[Any]:
        """Yield what is there for each alternative: texts, other values of JSON, and elements."""
        for value in alternatives:
            for one in self._found(value):
                refined = _refined(value, one)
                if refined is not None:
                    yield refined

    def _found(self, value: Value) -> list[Any]:
        if value.join:
            parts = [part for part in map(self._part, value.join) if part]
            return [value.by.join(parts)] if parts else []
        if value.where == "address":
            return [self.address] if self.address else []
        if value.path:
            return find_all(self.answer if value.where == "answer" else self.entry, value.path)
        return [value.constant]

    def _part(self, alternatives: Iterable[Value]) -> str:
        """Return a part of a joined value, with its markup and the white space inside."""
        found = (one for one in self.raw(alternatives) if not isinstance(one, bool))
        texts = map(as_written, found)
        return next((text for text in texts if text.strip()), "")

    def texts(self, alternatives: Iterable[Value]) -> Iterator[str]:
        """Yield the plain texts that are there, without empty ones."""
        for value in alternatives:
            for one in self.raw([value]):
                if isinstance(one, bool):  # PHP writes false for a text that is not there
                    continue
                text = folded(plain(one))
                if text and text not in value.unless:
                    yield text

    def text(self, alternatives: Iterable[Value]) -> str | None:
        """Return the first text, or None."""
        return next(self.texts(alternatives), None)

    def line(self, alternatives: Iterable[Value]) -> str | None:
        """Return the first text in one line, or None."""
        text = self.text(alternatives)
        return " ".join(text.split()) if text else None

    def markup(self, alternatives: Iterable[Value]) -> str | None:
        """Return the first text with its markup, as the source wrote it, or None."""
        for found in self.raw(alternatives):
            if isinstance(found, bool):
                continue
            written = as_written(found)
            if isinstance(found, Selector) and found.type == "html":
                written = served_markup(self.page, found.root) or written
            if written.strip():
                return written
        return None

    def true(self, alternatives: Iterable[Value]) -> bool:
        """Report whether there is something that is not empty, 0 or false."""
        return any(
            one not in ("", "0", "false", 0, False, [], {})
            for one in (
                raw.strip() if isinstance(raw, str) else raw for raw in self.raw(alternatives)
            )
        )

    def time(self, name: str, alternatives: Iterable[TimeValue]) -> Moment | None:
        """Return the first time that can be read; None where no text is there.

        :param name: of the value, for the error.
        :raises PathError: when there are texts, and none is a time.
        """
        unread = None
        for value in alternatives:
            near = self.time("near", value.near) if value.near else None
            for text in self.texts([value]):
                moment = read_time(
                    text,
                    self.zone,
                    near=near.time if near else self.fetched,
                    form=value.format,
                    zone_sure=value.zone_sure,
                )
                if moment:
                    return moment
                unread = unread or text
        if unread:
            raise PathError(f"its {name} {shortened(unread)!r} is no time")
        return None

    def link(self, alternatives: Iterable[Value]) -> str | None:
        """Return the first address that is one of the web, made absolute."""
        return next(iter(self.links(alternatives)), None)

    def links(self, alternatives: Iterable[Value]) -> tuple[str, ...]:
        """Return all addresses of the web, each once."""
        found = (one for one in self.raw(alternatives) if isinstance(one, str | Selector))
        return absolute(self.base, (one if isinstance(one, str) else plain(one) for one in found))


def _refined(value: Value, found: Any) -> Any:
    """Apply a value's pattern, constant and template; None where there is nothing after that."""
    if value.pattern is not None:
        match = re.search(value.pattern, folded(as_written(found)))
        if match is None:
            return None
        found = match[1 if match.lastindex else 0]
    if value.constant is not None:
        found = value.constant
    if value.template is not None:
        if isinstance(found, bool):
            return None
        text = folded(plain(found))
        return value.template.replace("{}", text) if text else None
    return found


def check_success(document: Node, path: str | None) -> None:
    """Check what every good answer has.

    :raises PathError: when it is not there, with what the source reports instead.
    """
    if path is None or any(find_all(document, path)):
        return
    reported = ""
    if not isinstance(document, Selector):
        said = find_all(document, _MESSAGE)
        reported = f"; the source reports {shortened(str(said[0]))!r}" if said else ""
    raise PathError(f"{path} does not hold{reported}")


def as_written(found: Any) -> str:
    """Return a value as a text, with the markup that it has.

    :raises PathError: when it is no text and no number.
    """
    if isinstance(found, Selector):
        return inner_markup(found.root)
    if isinstance(found, str):
        return _LONE_SURROGATE.sub("\ufffd", found)
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, int):
        return str(found)
    if isinstance(found, float):
        return str(int(found)) if found.is_integer() else str(found)
    raise PathError(f"a {type(found).__name__} stands where a text should be")


def plain(found: Any) -> str:
    """Return a value as plain text, a line for each block."""
    if isinstance(found, Selector) and found.type == "html":
        return shown_text(found.root)
    text = as_written(found)
    return shown_text(parse(text)) if has_markup(text) else text


def folded(text: str) -> str:
    """Return a text with one space for each run of white space inside its lines."""
    return _SPACES.sub(" ", text).strip()


def absolute(base: str, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return those that lead into the web, made absolute, each once."""
    found: dict[str, None] = {}
    for address in addresses:
        try:
            whole = urljoin(base, address.strip().replace("&amp;", "&"))
        except ValueError:  # such as http://[
            continue
        if address.strip() and _WEB.match(whole):
            found.setdefault(whole)
    return tuple(found)
