"""The query language.

A query is terms separated by white space. A post is found when its title, digest or text has every
term as a substring, each term anywhere; all is compared folded, see below.

- ``"two words"`` is one term with a space in it, in straight or curly quotes, in ``「…」`` or
  ``『…』``. Quotes count only where a term begins and ends; elsewhere they are text, so no phrase
  can contain a quote before a space. A straight quote that begins a term and is not closed is left
  out.
- ``-term``, ``-"two words"``, ``-(…)`` and ``-media:…`` exclude; only exclusions find all the rest.
  A minus inside a word, before a space, or before a number with a decimal point or a unit is text:
  ``A-B``, ``-5%``, ``-12.3亿``.
- ``OR`` (capitals, between two terms), ``|`` and ``或`` (between spaces) find posts that have one
  side or the other. Terms next to each other bind closer: ``a b OR c`` is ``(a b) OR c``.
- ``(…)`` groups where a term begins and ends, and wherever an operator is in it:
  ``央行(降准 OR 降息)``; other parentheses are text: ``宁德时代(300750)``. In quotes, everything is
  text.
- A term that is the code of a security (``600519``, ``600519.SH``, ``sh600519``, ``0700``) or the
  initials of its name in pinyin (``gzmt``, three letters or more) also finds the posts that name
  the security. In quotes, it is text alone.

Fields; a minus before them excludes. Operators and fields may be typed in full-width forms; the
names ``标题:``, ``媒体:``, ``证券:`` and ``日期:`` mean ``title:``, ``media:``, ``security:`` and
``date:``:

- ``title:降准``, ``title:"A股 大涨"``, ``title:(降准 OR 降息)``: in the title.
- ``media:财联社``: published by this medium, whose name may be typed in traditional characters;
  ``source:cls``: archived from this source.
- ``security:600519``: names the security with this code, name, former name or these initials.
- ``date:2026-09..2026-10``: published in this time in Shanghai, both ends included; a day, a month
  or a year; ``date:2026-11-22``, ``date:2026-11..`` and ``date:..2025`` as well.
- ``edited:`` and ``gone:``: corrected, or withdrawn, by the publisher; with a time as above, in it.
- ``versions:all``: in every version that the archive has, not only in the present ones.

A query without a term finds nothing.
"""

import re
from calendar import monthrange
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NoReturn
from unicodedata import normalize

from archive.errors import InvalidQuery
from archive.search.folding import SPACE, fold, fold_with_places, narrow
from archive.translation import N_, gettext

# Characters, terms and nested parentheses of a query.
MAX_QUERY = 1_000
MAX_TERMS = 50
MAX_DEPTH = 8

_CHINESE = {"标题": "title", "媒体": "media", "证券": "security", "日期": "date"}
_FIELDS = "title|media|source|security|date|edited|gone|versions"
_FIELD = re.compile(rf"({_FIELDS}|{'|'.join(_CHINESE)}):")
_TITLE = re.compile("(?:title|标题):")
_PHRASE = re.compile(r'(?:"(.*?)"|「(.*?)」|『(.*?)』)(?=[ |)]|$)')
_NUMBER = r"[\d,]*(?:\.\d|\d(?:[%‰‱万亿千百元点倍个℃]|bps?\b))"
_EXCLUSION = re.compile(rf"-(?=[^ |)])(?!{_NUMBER})", re.ASCII)
_OPERATOR = re.compile(r"\||(?<![^ ])(?:or|或)(?![^ ])")
_WORD = re.compile(r"(?:[^\s\"()|][^\s()|]*)?")
_OR = "或"
_DATE = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?", re.ASCII)
_RANGE = ".."
_YEARS = 1900, 2999


@dataclass(frozen=True, slots=True)
class Text:
    """A term.

    :param term: folded.
    :param in_title: only the title counts.
    :param quoted: it is no code of a security.
    """

    term: str
    in_title: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """A time in days of Shanghai, both included; an end that is None is open."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on a fact of a post.

    :param name: such as ``media``.
    :param value: as typed.
    :param days: of a field that takes a time.
    """

    name: str
    value: str
    days: Days | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """All posts that do not match a node."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """The posts that match every node."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The posts that match one of the nodes."""

    nodes: tuple["Node", ...]


Node = Text | Field | Not | And | Or


@lru_cache(maxsize=256)
def parse(query: str) -> Node | None:
    """Parse a query; None when it has no term.

    :raises InvalidQuery: when it is too large, or a field has no such value.
    """
    if len(query) > MAX_QUERY:
        limit, number = f"{MAX_QUERY:,}", f"{len(query):,}"
        sentence = N_("A query may have %(limit)s characters, and this one has %(number)s.")
        raise InvalidQuery(gettext(sentence, limit=limit, number=number))
    return _QueryParser(query).parse()


def texts_of(node: Node | None) -> Iterator[Text]:
    """Yield the terms that found posts have, excluded ones left out."""
    match node:
        case Text():
            yield node
        case And(nodes) | Or(nodes):
            for each in nodes:
                yield from texts_of(each)


def has_field(node: Node | None, name: str) -> bool:
    """Return whether a query names a field."""
    match node:
        case Field():
            return node.name == name
        case Not(inner):
            return has_field(inner, name)
        case And(nodes) | Or(nodes):
            return any(has_field(each, name) for each in nodes)
        case _:
            return False


def parts_of(node: Node | None) -> tuple[Node, ...]:
    """Return the parts of a query that a post must match, every one."""
    match node:
        case None:
            return ()
        case And(nodes):
            return nodes
        case _:
            return (node,)


def written(node: Node) -> str:
    """Return the query that is parsed as this node, folded."""
    match node:
        case Text(term, in_title, quoted):
            text = narrow(term)
            bare = not quoted and _WORD.fullmatch(text) and text != _OR
            text = text if bare and parse(text) == Text(term) else f'"{text}"'
            return f"title:{text}" if in_title else text
        case Field(name, value):
            return f"{name}:{value}" if _WORD.fullmatch(value) else f'{name}:"{value}"'
        case Not(inner):
            return f"-{written(inner)}"
        case And(nodes):
            return f"({' '.join(map(written, nodes))})"
        case Or(nodes):
            return f"({' OR '.join(map(written, nodes))})"


class _QueryParser:
    """A recursive descent over the folded query."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._folded, self._places = fold_with_places(query)
        self._text = narrow(self._folded)
        self._operators = {
            match.start(): len(match[0])
            for match in _OPERATOR.finditer(self._text)
            if match[0] != "or" or normalize("NFKC", self._typed(*match.span())) == "OR"
        }
        self._groups = dict(_groups(self._text, self._operators))
        self._ends = set(self._groups.values())
        self._edges = self._ends | self._groups.keys()
        self._at = 0
        self._terms: set[str] = set()

    def parse(self) -> Node | None:
        return self._alternatives(len(self._text), 0, in_title=False)

    def _alternatives(self, end: int, depth: int, *, in_title: bool) -> Node | None:
        """Parse up to `end`, at operators."""
        if depth > MAX_DEPTH:
            self._refuse(
                gettext("Parentheses may be nested %(limit)s deep", limit=MAX_DEPTH), self._at
            )
        alternatives: list[Node] = []
        nodes: list[Node] = []
        while self._skip_spaces(end):
            operator = self._operators.get(self._at)
            if operator and nodes and self._has_term(self._at + operator, end):
                self._at += operator
                alternatives.append(_both(nodes))
                nodes = []
                continue
            node = self._factor(end, depth, in_title=in_title)
            if node and node not in nodes:
                nodes.append(node)
        if nodes:
            alternatives.append(_both(nodes))
        if len(alternatives) > 1:
            return Or(tuple(alternatives))
        return alternatives[0] if alternatives else None

    def _skip_spaces(self, end: int) -> bool:
        while self._at < end and self._text[self._at] == " ":
            self._at += 1
        return self._at < end

    def _has_term(self, start: int, end: int) -> bool:
        return bool(self._text[start:end].strip(' "|'))

    def _factor(self, end: int, depth: int, *, in_title: bool) -> Node | None:
        start = self._at
        if _EXCLUSION.match(self._text, start, end):
            self._at += 1
            node = self._factor(end, depth, in_title=in_title)
            return Not(node) if node else None
        if close := self._groups.get(start):
            self._at += 1
            node = self._alternatives(close, depth + 1, in_title=in_title)
            self._at = close + 1
            return node
        if not in_title and (name := _FIELD.match(self._text, start, end)):
            self._at = name.end()
            return self._field(_CHINESE.get(name[1], name[1]), start, end, depth)
        term_start, term_end, quoted = self._word(end)
        return self._term(term_start, term_end, in_title=in_title, quoted=quoted)

    def _word(self, end: int) -> tuple[int, int, bool]:
        """Return start and end of the term here, and whether it is in quotes; go beyond it."""
        if phrase := _PHRASE.match(self._text, self._at, end):
            self._at = phrase.end()
            return phrase.start() + 1, phrase.end() - 1, True
        start = self._at + (self._text[self._at] == '"')
        self._at += 1
        while self._at < end and self._text[self._at] not in " |" and self._at not in self._edges:
            self._at += 1
        return start, self._at, False

    def _term(self, start: int, end: int, *, in_title: bool, quoted: bool) -> Text | None:
        term = self._folded[start:end].strip(SPACE)
        if not narrow(term).strip('" '):
            return None
        self._terms.add(term)
        if len(self._terms) > MAX_TERMS:
            self._refuse(
                gettext("A query may have %(limit)s terms; here is one more", limit=MAX_TERMS),
                start,
            )
        return Text(term, in_title, quoted)

    def _field(self, name: str, start: int, end: int, depth: int) -> Node:
        if name == "title" and (node := self._in_title(end, depth)):
            return node
        value = ""
        if self._at < end and self._text[self._at] not in " |" and self._at not in self._ends:
            value_start, value_end, _ = self._word(end)
            value = self._typed(value_start, value_end).strip()
        if name == "versions" and narrow(fold(value)) != "all":
            self._refuse(gettext("The field versions: has one value; write versions:all"), start)
        if name in ("edited", "gone"):
            return Field(name, value, self._days(value, start) if value else None)
        if not value:
            self._refuse(gettext("The field %(name)s: has no value", name=name), start)
        return Field(name, value, self._days(value, start) if name == "date" else None)

    def _in_title(self, end: int, depth: int) -> Node | None:
        if self._at >= end or self._text[self._at] == " " or self._at in self._ends:
            return None
        return self._factor(end, depth, in_title=True)

    def _days(self, value: str, start: int) -> Days:
        first, separator, last = narrow(fold(value)).partition(_RANGE)
        try:
            begin = _day(first, last=False) if first else None
            end = _day(last if separator else first, last=True) if last or not separator else None
        except ValueError:
            self._refuse(
                gettext(
                    "%(value)s is no time such as 2026-11-22, 2026-11 or 2026-09..2026-10",
                    value=repr(value),
                ),
                start,
            )
        if (begin is None and end is None) or (begin and end and begin > end):
            self._refuse(
                gettext("%(value)s is no time that ends after it begins", value=repr(value)), start
            )
        return Days(begin, end)

    def _typed(self, start: int, end: int) -> str:
        """Return the part of the query as it was typed."""
        if start >= end:
            return ""
        return self._query[self._places[start][0] : self._places[end - 1][1]]

    def _refuse(self, sentence: str, at: int) -> NoReturn:
        place = self._places[at][0] + 1 if at < len(self._places) else len(self._query)
        raise InvalidQuery(
            gettext(
                "%(sentence)s (character %(place)s of the query).", sentence=sentence, place=place
            )
        )


def _both(nodes: list[Node]) -> Node:
    return And(tuple(nodes)) if len(nodes) > 1 else nodes[0]


def _groups(text: str, operators: Container[int]) -> Iterator[tuple[int, int]]:
    """Yield the places of parentheses that group: pairs with an operator, or around terms."""
    opened: list[tuple[int, bool]] = []
    at, begins = 0, True
    while at < len(text):
        if begins and (phrase := _PHRASE.match(text, at)):
            at, begins = phrase.end(), False
            continue
        if begins and (title := _TITLE.match(text, at)):
            at = title.end()
            continue
        character = text[at]
        if character == "(":
            opened.append((at, begins))
        elif character == ")" and opened:
            start, grouping = opened.pop()
            ends = at + 1 == len(text) or text[at + 1] in " )|"
            inside = range(start + 1, at)
            grouping = (grouping and ends) or any(place in operators for place in inside)
            if grouping and text[start + 1 : at].strip(' "'):
                yield start, at
        begins = character in " |" or (begins and character in "(-")
        at += 1


def _day(text: str, *, last: bool) -> date:
    """Return the first or the last day of a day, a month or a year.

    :raises ValueError: when it is none.
    """
    match = _DATE.fullmatch(text)
    if not match or not _YEARS[0] <= int(match[1]) <= _YEARS[1]:
        raise ValueError(text)
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    month = month or (12 if last else 1)
    return date(year, month, day or (monthrange(year, month)[1] if last and year else 1))
