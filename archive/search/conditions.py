"""Translate a parsed query into FTS5 expressions and SQL conditions on posts, present or past."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count

from archive.article import SHANGHAI
from archive.clock import utc_iso
from archive.errors import InvalidQuery
from archive.search.folding import fold, narrow, simplified
from archive.search.language import (
    And,
    Days,
    Field,
    Node,
    Not,
    Or,
    Text,
    parse,
    parts_of,
)
from archive.search.securities import Rank, is_key
from archive.search.tokenizer import EVERY_POST, PREFIX, phrase

# The FTS5 expression that no post matches.
NOTHING = '""'

_NAMING = "SELECT info_code FROM mentions WHERE security IN ({0})"
_OF_KEY = "SELECT security FROM security_keys WHERE key = :{}{}"
# Articles that their publisher edited.
_EDITED = "SELECT info_code FROM events WHERE event IN ('edited', 'corrected_in_list'){}"


@dataclass(frozen=True, slots=True)
class SearchedTables:
    """The tables in which a query is searched, as SQL.

    :param posts: the table, under the name ``posts``.
    :param rows: the table or view with all columns of its rows.
    :param key: the column that identifies what matches.
    :param matching: selects the keys of the matches of the parameter ``{0}``.
    :param probe: condition that a row matches the parameter ``q``.
    :param naming: selects the numbers of rows that name a security of the set ``{0}``.
    :param edited: condition for the events that count.
    :param known: condition for the keys of securities that count.
    """

    posts: str
    rows: str
    key: str
    matching: str
    probe: str
    naming: str
    edited: str = ""
    known: str = ""


_IN_POSTS = "FROM posts_search WHERE posts_search MATCH :{0}"
_IN_VERSIONS = "FROM versions_search WHERE versions_search MATCH :{0}"
PRESENT = SearchedTables(
    posts="posts",
    rows="posts",
    key="posts.id",
    matching=f"SELECT rowid AS matched {_IN_POSTS}",
    probe=f"EXISTS (SELECT 1 {_IN_POSTS.format('q')} AND posts_search.rowid = posts.id)",
    naming=f"SELECT id FROM posts WHERE info_code IN ({_NAMING})",  # noqa: S608 (our own words)
)
#: The states of `archive.catalog.history`; the parameter ``as_of`` is the time.
PAST = SearchedTables(
    posts="post_history AS posts",
    rows="post_states",
    key="posts.document",
    matching=f"SELECT rowid AS matched {_IN_POSTS} UNION ALL SELECT -rowid {_IN_VERSIONS}",
    probe=f"iif(posts.document > 0,"
    f" EXISTS (SELECT 1 {_IN_POSTS.format('q')} AND posts_search.rowid = posts.document),"
    f" EXISTS (SELECT 1 {_IN_VERSIONS.format('q')} AND versions_search.rowid = -posts.document))",
    naming=f"""
        SELECT state FROM mention_history WHERE security IN ({{0}}) UNION ALL
        SELECT id FROM post_history WHERE known_until IS NULL AND info_code IN ({_NAMING})
    """,  # noqa: S608 (our own words)
    edited=" AND at <= :as_of",
    known=" AND known_from <= :as_of",
)

# Pairs of characters between terms that are close to each other; and tokens before the end of a
# lead, the tokens of single characters included.
_CLOSE, _IN_LEAD = 30, 300

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Conditions:
    """The conditions of a query.

    :param match: FTS5 expression of the terms; empty when no term must be in every post.
    :param others: SQL conditions, to be joined with AND.
    :param values: of the SQL parameters of `others`, by name.
    """

    match: str = ""
    others: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def conditions_of(
    query: str, keys: Collection[str] | None = None, tables: SearchedTables = PRESENT
) -> Conditions:
    """Return the conditions of a query.

    :param keys: the terms of the query that are codes or initials of securities; every term that
        may be one when None.
    :param tables: in which it is searched.
    :raises InvalidQuery: see `archive.search.language.parse`.
    """
    return _Compiler(keys, tables).compile(parse(query))


def match_expression(query: str) -> str:
    """Return the FTS5 expression of a query that has terms only.

    ``人民币 -美元`` becomes ``("人民 民币") NOT ("美元")``. The expression of a query with other
    fields than ``title:``, or of an invalid query, fails with a sentence when SQLite runs it.
    """
    try:
        found = conditions_of(query, keys=())
    except InvalidQuery as error:
        return _failing(str(error))
    if found.others:
        return _failing("Only title: can be used here; other fields need a search of posts.")
    return found.match or NOTHING


def _failing(sentence: str) -> str:
    """Return an expression whose error, about a missing column, has the sentence."""
    return f'"{sentence.replace(chr(34), chr(39))}" : {EVERY_POST}'


def wanted_parts(q: str) -> list[Node]:
    """Return the parts of a query that are about texts, exclusions and fields left out."""
    return [part for part in parts_of(parse(q)) if not isinstance(part, (Not, Field))]


def focuses(q: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Return FTS5 expressions of the most relevant posts of a query, the most relevant first.

    They are: every term in the title; every term in title, digest or the first part of the text; a
    term in the title; the terms close to each other in the text.

    :param names: of the securities whose codes or initials are terms of the query, by term.
    """
    title, lead = _Focus(names, _in_title), _Focus(names, _in_lead)
    parts = wanted_parts(q)
    if not parts:
        return []
    found = [" AND ".join(map(place.expression, parts)) for place in (title, lead)]
    if len(parts) > 1:
        found.append(" OR ".join(map(title.expression, parts)))
        if all(isinstance(part, Text) and len(part.term) > 1 for part in parts):
            terms = [phrase(part.term) for part in parts if isinstance(part, Text)]
            found.append(f"text : NEAR({' '.join(terms)}, {_CLOSE})")
    return found


def _in_title(expression: str) -> str:
    return f"title : {expression}"


def _in_lead(expression: str) -> str:
    if expression.endswith(PREFIX) or " " not in expression:  # the position of characters is lost
        return f"{{title digest}} : {expression}"
    near = f"NEAR({EVERY_POST} {expression}, {_IN_LEAD})"
    return f"({{title digest}} : {expression} OR text : {near})"


def key_terms(node: Node | None) -> Iterator[str]:
    """Yield the terms that may be codes or initials of securities, excluded ones included."""
    match node:
        case Text(term) if _may_name_security(node):
            yield narrow(term)
        case Not(inner):
            yield from key_terms(inner)
        case And(nodes) | Or(nodes):
            for each in nodes:
                yield from key_terms(each)


def _may_name_security(text: Text) -> bool:
    return not text.quoted and not text.in_title and is_key(narrow(text.term))


@dataclass(frozen=True, slots=True)
class _Focus:
    """Translates nodes into expressions about one place of a post; securities by their names."""

    names: Mapping[str, Sequence[str]]
    place: Callable[[str], str]

    def expression(self, node: Node) -> str:
        match node:
            case Text(term):
                forms = (term, *self.names.get(narrow(term), ()))
                return f"({' OR '.join(self.place(phrase(form)) for form in forms)})"
            case And(nodes) | Or(nodes):
                wanted = (each for each in nodes if not isinstance(each, (Not, Field)))
                each = list(map(self.expression, wanted))
                joined = (" AND " if isinstance(node, And) else " OR ").join(each)
                return f"({joined})" if each else EVERY_POST
            case _:
                return EVERY_POST


class _Compiler:
    def __init__(self, keys: Collection[str] | None, tables: SearchedTables = PRESENT) -> None:
        self._keys = keys
        self._tables = tables
        self._numbers = count(1)
        self._values: dict[str, str] = {}

    def compile(self, node: Node | None) -> Conditions:
        if node is None:
            return Conditions(match=NOTHING)
        nodes = node.nodes if isinstance(node, And) else (node,)
        texts = [each for each in nodes if self._is_text(each)]
        others = [self._sql(each) for each in nodes if not self._is_text(each)]
        return Conditions(self._expression(texts) if texts else "", others, self._values)

    def _is_text(self, node: Node) -> bool:
        """Return whether the index of the search alone can match a node."""
        match node:
            case Text():
                return not self._names_security(node)
            case Field():
                return False
            case Not(inner):
                return self._is_text(inner)
            case And(nodes) | Or(nodes):
                return all(map(self._is_text, nodes))

    def _names_security(self, text: Text) -> bool:
        return _may_name_security(text) and (self._keys is None or narrow(text.term) in self._keys)

    def _expression(self, nodes: Iterable[Node]) -> str:
        """Return the FTS5 expression of nodes that must all match."""
        wanted: list[str] = []
        excluded: list[str] = []
        for node in nodes:
            if isinstance(node, Not):
                excluded.append(self._text_expression(node.node))
            else:
                wanted.append(self._text_expression(node))
        expression = " AND ".join(wanted) if wanted else EVERY_POST
        return f"({expression}) NOT ({' OR '.join(excluded)})" if excluded else expression

    def _text_expression(self, node: Node) -> str:
        match node:
            case Text(term, in_title):
                return f"title : {phrase(term)}" if in_title else phrase(term)
            case And(nodes):
                return f"({self._expression(nodes)})"
            case Or(nodes):
                return f"({' OR '.join(map(self._text_expression, nodes))})"
            case _:
                return f"({self._expression([node])})"

    def _sql(self, node: Node) -> str:
        match node:
            case _ if self._is_text(node):
                return self._matching(self._expression([node]))
            case Text(term):
                return self._text_or_mention(term)
            case Field():
                return self._field(node)
            case Not(inner):
                return f"({self._sql(inner)}) IS NOT TRUE"  # also true for NULL
            case And(nodes):
                return f"({' AND '.join(map(self._sql, nodes))})"
            case Or(nodes):
                return f"({' OR '.join(map(self._sql, nodes))})"
            case _:
                raise AssertionError(node)

    def _matching(self, expression: str) -> str:
        return f"{self._tables.key} IN ({self._tables.matching.format(self._value(expression))})"

    def _of_key(self, key: str) -> str:
        return _OF_KEY.format(self._value(key), self._tables.known)

    def _text_or_mention(self, term: str) -> str:
        of_key = f"{self._of_key(narrow(term))} AND rank <> {Rank.NAME}"
        naming = self._tables.naming.format(of_key)
        if self._tables.key == "posts.id":
            matching = self._tables.matching.format(self._value(phrase(term)))
            return f"posts.id IN ({matching} UNION {naming})"
        return f"({self._matching(phrase(term))} OR posts.id IN ({naming}))"

    def _field(self, node: Field) -> str:
        match node.name:
            case "media":
                names = dict.fromkeys((node.value, simplified(node.value)))
                return f"posts.media IN ({', '.join(f':{self._value(name)}' for name in names)})"
            case "security":
                of_key = self._of_key(narrow(fold(node.value)).replace(" ", ""))
                if self._tables is PRESENT:
                    return f"posts.info_code IN ({_NAMING.format(of_key)})"
                return f"posts.id IN ({self._tables.naming.format(of_key)})"
            case "date":
                assert node.days
                return self._between("posts.published", _shanghai_times(node.days))
            case "edited":
                times = self._tables.edited
                if node.days:
                    times += f" AND {self._between('at', _utc_times(node.days))}"
                return f"posts.info_code IN ({_EDITED.format(times)})"
            case "gone":
                if node.days is None:
                    return "posts.gone IS NOT NULL"
                return self._between("posts.gone", _utc_times(node.days))
            case "source":
                return f"posts.source = :{self._value(narrow(fold(node.value)))}"
            case "versions":
                return "true"
            case name:
                raise AssertionError(name)

    def _between(self, column: str, times: tuple[str | None, str | None]) -> str:
        """Return the condition that a time is in a range whose end is excluded."""
        parts = [
            f"{column} {comparison} :{self._value(bound)}"
            for comparison, bound in zip((">=", "<"), times, strict=True)
            if bound is not None
        ]
        return f"({' AND '.join(parts)})"

    def _value(self, value: str) -> str:
        """Add a value; return the name of its SQL parameter."""
        name = f"q{next(self._numbers)}"
        self._values[name] = value
        return name


def _shanghai_times(days: Days) -> tuple[str | None, str | None]:
    first, last = (each.isoformat() if each else None for each in _bounds(days))
    return first, last


def _utc_times(days: Days) -> tuple[str | None, str | None]:
    first, last = (
        utc_iso(datetime.combine(each, time(), SHANGHAI)) if each else None
        for each in _bounds(days)
    )
    return first, last


def _bounds(days: Days) -> tuple[date | None, date | None]:
    """Return the first day, and the day after the last one."""
    return days.first, days.last + _DAY if days.last else None
