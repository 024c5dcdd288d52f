"""Find securities by what people type: a code, a name, a former name, initials in pinyin.

The table ``security_keys`` has the folded keys of every security. Triggers add those of each name
that a security gets, and keep those of its former names. So a connection that writes securities
needs `register`. ``security_names`` has the names by the time at which the archive learnt them.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, lru_cache
from itertools import chain, islice, product
from operator import attrgetter

from xpinyin import Pinyin

from archive.search.folding import fold, narrow
from archive.search.language import And, Field, Node, Or, Text, parse
from archive.tables import Database

# Securities that a query names at most.
_MOST_NAMED = 6

# Readings of a name with characters that have several.
_MOST_READINGS = 16

# Initials of words and characters that are usual in names and that xpinyin reads otherwise.
_READINGS = {
    "银行": "yh",
    "重庆": "cq",
    "厦": "x",
    "朝阳": "cy",
    "西藏": "xz",
    "藏格": "zg",
    "音乐": "yy",
    "会稽": "kj",
    "参林": "sl",
    "长": "c",
}

# Characters of a name, and letters of initials.
_SHORTEST_NAME, _LONGEST_NAME, _SHORTEST_INITIALS = 3, 20, 3

_SHANGHAI, _SHENZHEN, _HONG_KONG, _US = 1, 0, 116, (105, 106, 107)
_BEIJING = re.compile(r"[48]\d{5}|92\d{4}")
_SHARE_CLASS = re.compile(r"-[a-z]{1,3}")
_KEY = re.compile(r"(?!(?:19|20)\d\d$)[a-z0-9.]{3,20}", re.ASCII)


class Rank(IntEnum):
    """How well a key names a security, the best first."""

    CODE = 0
    NAME = 1
    INITIALS = 2
    OTHER_READING = 3


_SCHEMA = """
    CREATE TABLE security_keys (
        key TEXT NOT NULL,
        security TEXT NOT NULL REFERENCES securities(code),
        rank INTEGER NOT NULL,
        PRIMARY KEY (key, security)
    ) WITHOUT ROWID
"""
_ADD_KEYS = """
    INSERT INTO security_keys (key, security, rank)
    SELECT value ->> 0, {0}.code, value ->> 1
    FROM {1}json_each(security_keys({0}.market, {0}.symbol, {0}.name)) WHERE true
    ON CONFLICT DO NOTHING
"""
# Names by the time at which the archive learnt them. Keys of names get that time; those of a new
# name, which are `_UNDATED`, at once, and those of codes never. What older releases knew has the
# time `_ALWAYS`.
_UNDATED, _ALWAYS = "", "0"
_NAMES = (
    """
    CREATE TABLE security_names (
        id INTEGER PRIMARY KEY,
        security TEXT NOT NULL REFERENCES securities(code),
        known_from TEXT NOT NULL,
        name TEXT NOT NULL
    )
    """,
    "CREATE INDEX names_of_securities ON security_names (security, id)",
    f"ALTER TABLE security_keys ADD COLUMN known_from TEXT NOT NULL DEFAULT '{_UNDATED}'",
    f"UPDATE security_keys SET known_from = '{_ALWAYS}'",  # noqa: S608
    f"""
    INSERT INTO security_names (security, known_from, name)
    SELECT code, '{_ALWAYS}', name FROM securities WHERE name IS NOT NULL
    """,  # noqa: S608
    f"""
    CREATE TRIGGER security_names_insert AFTER INSERT ON security_names BEGIN
        INSERT INTO security_keys (key, security, rank, known_from)
        SELECT value ->> 0, code, value ->> 1, new.known_from
        FROM securities, json_each(security_keys(market, symbol, new.name))
        WHERE code = new.security AND value ->> 1 <> {Rank.CODE}
        ON CONFLICT DO UPDATE SET known_from = iif(
            known_from = '{_UNDATED}', excluded.known_from, min(known_from, excluded.known_from)
        );
    END
    """,  # noqa: S608 (our own words)
)
#: SQL for the name that a security had at the time ``as_of``, or else its symbol; in a query of
#: ``securities``.
NAME_THEN = """coalesce((
    SELECT security_names.name FROM security_names
    WHERE security_names.security = securities.code AND security_names.known_from <= :as_of
    ORDER BY security_names.id DESC LIMIT 1
), symbol)"""
# A name is known already where the last one is the same and was not learnt later: imports go back.
_LEARN_NAME = """
    INSERT INTO security_names (security, known_from, name)
    SELECT :security, :learnt, :name WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT name, known_from FROM security_names
            WHERE security = :security ORDER BY id DESC LIMIT 1
        ) WHERE name = :name AND known_from <= :learnt
    )
"""
_TRIGGERS = {
    "securities_insert": "AFTER INSERT ON securities",
    "securities_update": "AFTER UPDATE OF name ON securities WHEN old.name IS NOT new.name",
}


@dataclass(frozen=True, slots=True)
class QueriedSecurity:
    """A security that a query names.

    :param market: see `archive.content.Security`.
    :param symbol: such as ``600519``.
    :param name: the present name.
    :param posts: number of posts that name it.
    :param found: place in the query and rank of the key that names it, and the key.
    """

    market: int
    symbol: str
    name: str
    posts: int
    found: tuple[int, int, str] = field(compare=False)

    @property
    def order(self) -> tuple[object, ...]:
        """The best come first."""
        place, rank, key = self.found
        return place, rank, _key(self.name) != key, -self.posts, self.symbol, self.market

    @property
    def code(self) -> str:
        """Market and symbol, such as ``1.600519``."""
        return f"{self.market}.{self.symbol}"


def register(connection: sqlite3.Connection) -> None:
    """Add the SQL function ``security_keys(market, symbol, name)`` to a connection.

    It returns a JSON array of keys, each with its rank.
    """
    connection.create_function("security_keys", 3, _keys_as_json, deterministic=True)


def create_security_keys(db: Database) -> None:
    """Create the table of the keys, with those of the present securities, and its triggers."""
    register(db.conn)
    db.execute(_SCHEMA)
    db.execute(_ADD_KEYS.format("securities", "securities, "))
    for name, event in _TRIGGERS.items():
        db.execute(f"CREATE TRIGGER {name} {event} BEGIN {_ADD_KEYS.format('new', '')}; END")


def create_security_names(db: Database) -> None:
    """Create the table of the names of securities by time, with the names that are known."""
    for statement in _NAMES:
        db.execute(statement)


def learn_name(connection: sqlite3.Connection, code: str, name: str | None, learnt: str) -> None:
    """Record that the archive learnt the name of a security at a time.

    :param learnt: ISO 8601, UTC.
    """
    if name is not None:
        values = {"security": code, "name": name, "learnt": learnt}
        connection.execute(_LEARN_NAME, values)


def is_key(term: str) -> bool:
    """Return whether a term may be the code or the initials of a security; a year is none.

    :param term: folded, with plain ASCII.
    """
    return _KEY.fullmatch(term) is not None


def names_by_key(connection: sqlite3.Connection, terms: Iterable[str]) -> dict[str, list[str]]:
    """Return the terms that are codes or initials of securities, with the names of these.

    :returns: folded names by term, former names and those without a class of shares included.
    """
    keys = json.dumps(list(terms))
    names: dict[str, list[str]] = {}
    if keys == "[]":
        return names
    cursor = connection.cursor()
    cursor.row_factory = None
    found = cursor.execute(
        """
        SELECT key, coalesce(securities.name, symbol), security_names.name
        FROM security_keys JOIN securities ON code = security_keys.security
        LEFT JOIN security_names ON security_names.security = code
        WHERE rank <> ? AND key IN (SELECT value FROM json_each(?))
        ORDER BY key, rank, code, security_names.id DESC
        """,
        [Rank.NAME, keys],
    )
    for key, *known in found:
        of_key = names.setdefault(key, [])
        forms = chain.from_iterable(map(_forms, filter(None, known)))
        of_key += [form for form in map(fold, forms) if form not in of_key]
    return names


def securities_named(connection: sqlite3.Connection, query: str) -> list[QueriedSecurity]:
    """Return the securities that a query, or a term of it, names; the best first.

    :raises InvalidQuery: see `archive.search.language.parse`.
    """
    return _named_by(connection, [_key(query), *_keys_in(parse(query))])


def security_of(connection: sqlite3.Connection, text: str) -> QueriedSecurity | None:
    """Return the security that a text names best; None when it names none."""
    return next(iter(_named_by(connection, [_key(text)])), None)


def securities_within(
    connection: sqlite3.Connection, terms: Iterable[str]
) -> list[QueriedSecurity]:
    """Return the securities whose names are parts of terms, the longest name first.

    :param terms: folded, with plain ASCII.
    """
    parts = {
        term[start : start + length]
        for term in terms
        for length in range(_SHORTEST_NAME, _LONGEST_NAME + 1)
        for start in range(len(term) - length + 1)
    }
    return _named_by(connection, sorted(parts, key=lambda part: (-len(part), part)))


def _named_by(connection: sqlite3.Connection, keys: Iterable[str]) -> list[QueriedSecurity]:
    """Return the securities that have one of these keys, in the order of the keys."""
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    cursor = connection.cursor()
    cursor.row_factory = None
    found = cursor.execute(
        """
        SELECT key, rank, market, symbol, coalesce(name, symbol),
            (SELECT count(*) FROM mentions WHERE security = code)
        FROM security_keys JOIN securities ON code = security
        WHERE key IN (SELECT value FROM json_each(?))
        """,
        [json.dumps(list(places))],
    )
    named = (
        QueriedSecurity(market, symbol, name, posts, (places[key], rank, key))
        for key, rank, market, symbol, name, posts in found
    )
    return list(dict.fromkeys(sorted(named, key=attrgetter("order"))))[:_MOST_NAMED]


def _keys_in(node: Node | None) -> Iterator[str]:
    match node:
        case Text(term):
            yield _key(term)
        case Field("security", value):
            yield _key(value)
        case And(nodes) | Or(nodes):
            for each in nodes:
                yield from _keys_in(each)


def _key(text: str) -> str:
    return narrow(fold(text)).replace(" ", "")


@lru_cache(maxsize=10_000)
def _keys_as_json(market: int, symbol: str, name: str | None) -> str:
    keys: dict[str, int] = {}
    for key, rank in (*_codes(market, _key(symbol)), *_names(name or "")):
        keys.setdefault(key, rank)
    return json.dumps(list(keys.items()), ensure_ascii=False)


def _codes(market: int, symbol: str) -> Iterator[tuple[str, int]]:
    for code in _code_forms(market, symbol):
        yield code, Rank.CODE


def _code_forms(market: int, symbol: str) -> Iterator[str]:
    yield symbol
    yield f"{market}.{symbol}"
    if market == _HONG_KONG:
        short = symbol.lstrip("0")
        if len(short) <= 4 and is_key(short.zfill(4)):
            yield short.zfill(4)
        for digits in {symbol, short, short.zfill(4)}:
            yield from (f"{digits}.hk", f"hk{digits}")
    elif market == _SHANGHAI:
        yield from (f"sh{symbol}", f"{symbol}.sh", f"{symbol}.ss")
    elif market == _SHENZHEN:
        exchange = "bj" if _BEIJING.fullmatch(symbol) else "sz"
        yield from (f"{exchange}{symbol}", f"{symbol}.{exchange}")
    elif market in _US:
        yield f"{symbol}.us"


def _forms(name: str) -> list[str]:
    """Return the forms of a name that people type: also without a mark or a class of shares."""
    full = _key(name)[:_LONGEST_NAME]
    forms = full, full.lstrip("*"), _SHARE_CLASS.sub("", full)
    return list(filter(None, dict.fromkeys(forms)))


def _names(name: str) -> Iterator[tuple[str, int]]:
    forms = _forms(name)
    for form in forms:
        yield form, Rank.NAME
    for form in forms:
        for number, initials in enumerate(_initials(form.lstrip("*"))):
            if len(initials) >= _SHORTEST_INITIALS and initials.isascii():
                yield initials, Rank.OTHER_READING if number else Rank.INITIALS


def _initials(name: str) -> Iterator[str]:
    """Yield the initials of a name in pinyin, the usual reading first."""
    if name.isascii():
        return
    letters: list[Sequence[str]] = []
    at = 0
    while at < len(name):
        word = next((word for word in _READINGS if name.startswith(word, at)), "")
        letters += _READINGS[word] if word else [_letters_of(name[at])]
        at += len(word) or 1
    yield from dict.fromkeys(islice(map("".join, product(*letters)), _MOST_READINGS))


def _letters_of(character: str) -> Sequence[str]:
    """Return the first letters of all readings of a character; itself when it has none."""
    readings = _pinyin().get_pinyins(character)
    return tuple(dict.fromkeys(reading[:1].lower() for reading in readings))


@cache
def _pinyin() -> Pinyin:
    return Pinyin()
