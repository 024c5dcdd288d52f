"""Queries for posts, the same for pages, feeds, exports and Python callers.

A `Query` names posts, those of now or those that the archive had at a time. `find` returns a page
of them in the order of their publication, `count` counts them. A page begins after a given post,
not after a number of rows: the last page costs as much as the first one.
"""

import json
import math
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from archive.article import SHANGHAI
from archive.search.conditions import (
    PAST,
    PRESENT,
    Conditions,
    SearchedTables,
    conditions_of,
    key_terms,
)
from archive.search.folding import fold
from archive.search.language import MAX_QUERY, Field, has_field, parse, parts_of, written
from archive.search.moment import moment_of
from archive.search.securities import NAME_THEN, QueriedSecurity, names_by_key
from archive.search.tokenizer import PREFIX, character_of

# Characters of a parameter of a URL that are read, those of `q` aside; the rest is ignored.
_LONGEST = 200

# Matches of a search are frequent when at least one post in this number of posts is a match.
_FREQUENT = 20

# Cost to read one match by its number, as the number of posts that a scan in the order of
# publication reads in the same time; measured with 100,000 posts.
_LOOKUP_COST = 2

#: Cost to ask the index whether one post matches, as the number of matches that are listed in the
#: same time; measured with 20,000 posts.
PROBE_COST = 200

# A character is usual when at least one in `_FREQUENT` of the newest posts has it.
_NEWEST = 100
#: SQL condition for a post that has the parameter ``character``; see `register_has_character`.
HAS_CHARACTER = "has_character(:character, posts.title, posts.digest, posts.text)"

# The index with the columns that are filtered and counted by.
_FACTS = "posts INDEXED BY posts_facts"


@dataclass(frozen=True, slots=True)
class Sampling:
    """The posts that an estimate counts.

    :param ranges: number of ranges, evenly spread over all posts.
    :param of_range: posts of a range.
    :param probed: posts of a range about which the index is asked one by one.
    :param read: posts of a range whose texts are read.
    """

    ranges: int = 25
    of_range: int = 400
    probed: int = 40
    read: int = 8


SAMPLING = Sampling()
_NEWEST_READ = SAMPLING.ranges * SAMPLING.read

# The last matches of a search among which those of a query with other conditions are sought.
_LAST_MATCHES = 10_000

# After every time.
_LATEST = "~"
#: SQL condition for the states in ``post_history`` that are dated later than they were known.
DATED_AHEAD = "julianday(published) > julianday(known_from)"
_LATEST_THEN = f"""
    SELECT max(coalesce(max(+published), ''), :then)
    FROM post_history WHERE {DATED_AHEAD} AND known_from <= :as_of
"""  # noqa: S608 (our own words)
_OF_DOCUMENTS = {"q", "as_of", "month", "day", "since", "until"}
# The last state of each text that was known.
_EVERY_VERSION = (
    "posts.known_from <= :as_of"
    " AND (posts.document = -posts.id OR (posts.known_until > :as_of) IS NOT FALSE)"
)
# SQL for ``posts`` by field of a query. Times are compared as texts: all are written in +08:00,
# and "~" sorts after every continuation of a time.
CONDITIONS = {
    "q": f"{PRESENT.key} IN ({PRESENT.matching.format('q')})",
    "media": "posts.media = :media",
    "category": "posts.category = :category",
    "security": "posts.info_code IN (SELECT info_code FROM mentions WHERE security = :security)",
    "source": "posts.body_source = :source",
    "month": "posts.published BETWEEN :month AND :month || '~'",
    "day": "posts.published BETWEEN :day AND :day || '~'",
    "since": "posts.published >= :since",
    "until": "posts.published < :until",
    "as_of": "posts.known_from <= :as_of AND (posts.known_until > :as_of) IS NOT FALSE",
}
_PAST_CONDITIONS = CONDITIONS | {
    "q": f"{PAST.key} IN ({PAST.matching.format('q')})",
    "security": f"posts.id IN ({PAST.naming.format(':security')})",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A selection of posts: those that fulfil every field that is not empty.

    :param q: a query as typed into the search box; see `archive.search.language`.
    :param media: name of the media.
    :param category: slug of the category.
    :param security: code of a security that the post names, such as ``1.600160``.
    :param month: of publication in Shanghai, such as ``2021-12``.
    :param day: of publication in Shanghai, such as ``2021-12-29``.
    :param source: where the body came from, such as ``share_api``.
    :param since: publication time in Shanghai, ISO 8601 or the beginning of one (``2021-12``).
    :param until: publication time in the same format; posts of this time and later are left out.
    :param as_of: a time, see `archive.search.moment`: the posts that the archive had stored then
        and had not found gone, with the texts and facts of then. Empty for now.
    """

    q: str = ""
    media: str = ""
    category: str = ""
    security: str = ""
    month: str = ""
    day: str = ""
    source: str = ""
    since: str = ""
    until: str = ""
    as_of: str = ""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> Self:
        """Read a query from the parameters of a URL; ignore parameters that are no fields."""
        return cls(
            **{
                field.name: (parameters.get(field.name) or "").strip()[
                    : MAX_QUERY if field.name == "q" else _LONGEST
                ]
                for field in fields(cls)
            }
        )

    @property
    def parameters(self) -> dict[str, str]:
        """The values of the fields that are not empty, by field."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def query_string(self, **more: str) -> str:
        """Return a URL's query string with its question mark; empty without parameters.

        :param more: further parameters.
        """
        parameters = {**self.parameters, **more}
        return f"?{urlencode(parameters)}" if parameters else ""

    def changed(self, **values: str) -> Self:
        """Return the same query with other values."""
        return replace(self, **values)

    @property
    def written(self) -> str:
        """The query in the language of the search box alone, without its times.

        Empty where the language has no words for it.

        :raises InvalidQuery: see `archive.search.language.parse`.
        """
        named = {name: getattr(self, name) for name in ("media", "security", "source")}
        fields = [Field(name, value) for name, value in named.items() if value]
        parts = dict.fromkeys((*parts_of(parse(self.q)), *fields))
        text = " ".join(map(written, parts)) if fields else self.q
        return "" if self.category or parts_of(parse(text)) != tuple(parts) else text

    @property
    def every_version(self) -> bool:
        """Whether superseded versions are searched, too."""
        return bool(self.q) and has_field(parse(self.q), "versions")

    @property
    def tables(self) -> SearchedTables:
        """The tables in which it is searched.

        :raises InvalidQuery: see `archive.search.language.parse`.
        """
        return PAST if self.as_of or self.every_version else PRESENT

    @property
    def values(self) -> dict[str, str]:
        """The values of the SQL parameters in `condition`.

        :raises InvalidQuery: see `archive.search.language.parse` and `archive.search.moment`.
        """
        return self._values(self._found(None))

    @property
    def condition(self) -> str:
        """An SQL condition that is true for the posts, with the parameters `values`.

        It is for `tables.rows` under the name ``posts``. It leaves the choice of indexes to the
        query planner of SQLite.

        :raises InvalidQuery: see `archive.search.language.parse`.
        """
        found = self._found(None)
        return " AND ".join([*self._conditions(found).values(), *found.others]) or "true"

    def _found(self, keys: Collection[str] | None) -> Conditions:
        return conditions_of(self.q, keys, self.tables) if self.q else Conditions()

    def _values(self, found: Conditions) -> dict[str, str]:
        values = {name: value for name, value in self.parameters.items() if name != "q"}
        if self.tables is PAST:
            values["as_of"] = moment_of(self.as_of) if self.as_of else _LATEST
        return values | found.values | ({"q": found.match} if found.match else {})

    def _conditions(self, found: Conditions) -> dict[str, str]:
        """Return the conditions by field, those in the language of `q` left out."""
        conditions = CONDITIONS if self.tables is PRESENT else _PAST_CONDITIONS
        chosen = {name: conditions[name] for name in self.parameters if name != "q" or found.match}
        if self.tables is PRESENT:
            return chosen
        # First, because times are compared fastest.
        of_then = {"as_of": _EVERY_VERSION if self.every_version else chosen["as_of"]}
        if not self.every_version and not has_field(parse(self.q), "gone"):
            of_then["gone"] = "posts.gone IS NULL"
        return of_then | {name: each for name, each in chosen.items() if name != "as_of"}


EVERYTHING = Query()


class Hit(NamedTuple):
    """A found post. Hits are ordered by publication time, then by number.

    `published` is ISO 8601 in Shanghai's time; `id` is the number in `Query.tables.rows`.
    """

    published: str
    id: int


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The parts of the SQL statement that finds the posts of a query fastest.

    SQLite cannot know how many posts match a search. Therefore the order of the tables is fixed by
    CROSS JOIN, and a plus before a column keeps SQLite from using the index of that column.

    :param tables: the FROM clause, which includes ``posts``.
    :param conditions: of the WHERE clause, to be joined with AND.
    :param published: the column to sort by, which has an index.
    :param values: of the SQL parameters, by name.
    """

    tables: str
    conditions: tuple[str, ...]
    published: str
    values: Mapping[str, str]

    def select(self, columns: str, *more: str) -> str:
        """Return a SELECT statement.

        :param columns: after SELECT.
        :param more: further conditions.
        """
        where = " AND ".join((*self.conditions, *more)) or "true"
        return f"SELECT {columns} FROM {self.tables} WHERE {where}"  # noqa: S608 (our own words)


def plan(
    connection: sqlite3.Connection,
    query: Query,
    wanted: int | None = None,
    focus: str = "",
    *,
    listed: bool = False,
) -> QueryPlan:
    """Choose the plan of a query.

    Few matches of a search are read one by one. With many matches, a scan of all posts in the
    order of publication soon finds enough of them; with very many, it asks the index about each
    post, because a list of all matches would take longer.

    :param wanted: number of posts that will be read; None for all.
    :param focus: FTS5 expression that the posts must match as well.
    :param listed: read the matches one by one, however many they are.
    """
    found = _conditions_here(connection, query)
    if focus:
        found.match = f"({focus}) AND ({found.match})" if found.match else focus
    values = query._values(found)
    conditions = query._conditions(found)
    if query.as_of and wanted:
        values["latest"] = _latest_then(connection, values["as_of"])
        conditions = {"latest": "posts.published <= :latest"} | conditions
    searched = query.tables
    tables, published = searched.posts, "posts.published"
    matching = searched.matching.format("q")
    counting = f"FROM ({matching})"
    matches = conditions.get("q")
    if wanted and (usual := usual_character(connection, found.match)):
        tables = f"{searched.rows} AS posts"
        conditions["q"], values["character"] = HAS_CHARACTER, usual
    elif found.match and wanted and _is_most_frequent(connection, counting, values, wanted):
        conditions["q"] = searched.probe
    elif found.match and (listed or not is_frequent(connection, counting, values, wanted)):
        del conditions["q"]
        posts = _FACTS if searched is PRESENT else searched.posts
        tables = f"({matching}) CROSS JOIN {posts} ON {searched.key} = matched"
    elif query.security and searched is PRESENT:
        published = "mentions.published"
        tables = "mentions CROSS JOIN posts ON posts.info_code = mentions.info_code"
        conditions["security"] = "mentions.security = :security"
    if matches and conditions.get("q") == matches:
        conditions["q"] = f"+{matches}"
    if query.source and (query.q or query.media or query.category or query.security):
        conditions["source"] = f"+{conditions['source']}"
    sql = (
        each.replace("posts.published", published) for each in (*conditions.values(), *found.others)
    )
    return QueryPlan(tables, tuple(sql), published, values)


def plan_of_last(
    connection: sqlite3.Connection, query: Query, wanted: int
) -> tuple[QueryPlan, bool]:
    """Choose the plan that finds the last posts of a query in bounded time.

    Of a search in the present, they are the last to arrive, not the last that were published.

    :param wanted: number of posts that are enough.
    :returns: the plan, and whether it leaves matches of the search out.
    """
    found = _conditions_here(connection, query)
    usual = usual_character(connection, found.match)
    searched = query.tables
    if not found.match or (searched is PAST and not usual):
        return plan(connection, query, wanted), False
    conditions, values = query._conditions(found), query._values(found)
    del conditions["q"]
    if usual:
        if query.as_of:
            values["latest"] = _latest_then(connection, values["as_of"])
            conditions["latest"] = "posts.published <= :latest"
        those = " AND ".join(conditions.values()) or "true"
        listed = f"SELECT id FROM {searched.posts} WHERE {those} ORDER BY published DESC"  # noqa: S608
        posts, most = f"{searched.rows} AS posts", _NEWEST_READ
        conditions, values["character"] = {"q": HAS_CHARACTER}, usual
    else:
        listed = f"{searched.matching.format('q')} ORDER BY rowid DESC"
        posts, most = _FACTS, _LAST_MATCHES if conditions or found.others else wanted
    numbers = [number for (number,) in rows(connection, f"{listed} LIMIT {most}", values)]
    values["numbers"] = json.dumps(numbers)
    tables = f"json_each(:numbers) AS listed CROSS JOIN {posts} ON posts.id = listed.value"
    where = (*conditions.values(), *found.others)
    return QueryPlan(tables, where, "posts.published", values), len(numbers) == most


def latest_publication(connection: sqlite3.Connection, query: Query) -> str:
    """Return a time of publication after which a query finds nothing."""
    if query.as_of:
        return _latest_then(connection, moment_of(query.as_of))
    sql = f"SELECT coalesce(max(published), '') FROM {query.tables.posts}"  # noqa: S608
    ((latest,),) = rows(connection, sql)
    return str(latest)


def _latest_then(connection: sqlite3.Connection, as_of: str) -> str:
    """Return the latest time of publication of what was known at a time.

    A scan in the order of publication begins there, not at what is known now.

    :param as_of: ISO 8601, UTC.
    """
    then = datetime.fromisoformat(as_of).astimezone(SHANGHAI).isoformat()
    ((latest,),) = rows(connection, _LATEST_THEN, {"as_of": as_of, "then": then})
    return f"{latest}{_LATEST}"


def _conditions_here(connection: sqlite3.Connection, query: Query) -> Conditions:
    return query._found(names_meant(connection, query.q)) if query.q else Conditions()


def conditions_here(connection: sqlite3.Connection, q: str) -> Conditions:
    """Return the conditions of a query in the query language, with this catalog's securities.

    :param q: see `archive.search.language`; empty for no conditions.
    :raises InvalidQuery: when it cannot be understood.
    """
    if not q:
        return Conditions()
    return conditions_of(q, names_meant(connection, q))


def names_meant(connection: sqlite3.Connection, q: str) -> dict[str, list[str]]:
    """Return the terms of a query that are codes or initials of securities, with their names.

    :returns: folded names by term.
    :raises InvalidQuery: when the query cannot be understood.
    """
    return names_by_key(connection, key_terms(parse(q)))


def is_frequent(
    connection: sqlite3.Connection,
    matches: str,
    values: Mapping[str, object],
    wanted: int | None = None,
) -> bool:
    """Return whether a scan in the order of publication finds enough matches faster.

    The alternative is to read every match by its number.

    :param matches: SQL from FROM on that selects the matches.
    :param values: of the SQL parameters in `matches`, by name.
    :param wanted: number of matches that are enough; None for all.
    """
    posts = _last_number(connection)
    least = posts // _FREQUENT + 1
    if wanted is not None:  # in the scan, one post in (posts / matches) is a match
        least = min(least, math.isqrt(wanted * posts // _LOOKUP_COST) + 1)
    return has_at_least(connection, least, matches, values)


def _is_most_frequent(
    connection: sqlite3.Connection, matches: str, values: Mapping[str, object], wanted: int
) -> bool:
    """Return whether to ask the index about each post of a scan, until `wanted` match.

    Never for a character that is found as the first of a pair: each question would read all pairs.
    """
    if PREFIX in str(values["q"]):
        return False
    least = math.isqrt(wanted * _last_number(connection) * PROBE_COST) + 1
    return has_at_least(connection, least, matches, values)


def usual_character(connection: sqlite3.Connection, match: str) -> str:
    """Return the character that an FTS5 expression finds if it is usual; else an empty text.

    For the index, a character is the beginning of pairs: it reads all of them at once. A scan soon
    finds a usual one.
    """
    character = character_of(match)
    if not character:
        return ""
    register_has_character(connection)
    sql = f"""
        SELECT sum(instr(text, :character) > 0) * {_FREQUENT} >= count(*)
        FROM (SELECT text FROM posts ORDER BY published DESC LIMIT {_NEWEST})
    """  # noqa: S608 (our own words)
    ((is_usual,),) = rows(connection, sql, {"character": character})
    return character if is_usual else ""


def register_has_character(connection: sqlite3.Connection) -> None:
    """Add the SQL function of `HAS_CHARACTER` to a connection."""
    connection.create_function("has_character", 4, _has_character, deterministic=True)


def _has_character(character: str, *texts: str | None) -> bool:
    """Return whether a text has a folded character; a simplified Chinese one stays as it is."""
    some = [text for text in texts if text]
    is_chinese = "\u4e00" <= character <= "\u9fff"
    return (is_chinese and any(character in text for text in some)) or any(
        character in fold(text) for text in some
    )


def _last_number(connection: sqlite3.Connection, tables: SearchedTables = PRESENT) -> int:
    sql = f"SELECT coalesce(max(id), 0) FROM {tables.posts}"  # noqa: S608 (our own words)
    ((number,),) = rows(connection, sql)
    return int(number)


def has_at_least(
    connection: sqlite3.Connection, least: int, matches: str, values: Mapping[str, object]
) -> bool:
    """Return whether there are so many matches; count no more than these.

    :param matches: SQL from FROM on that selects the matches.
    :param values: of the SQL parameters in `matches`, by name.
    """
    sql = f"SELECT count(*) FROM (SELECT 1 {matches} LIMIT {least})"  # noqa: S608 (a number)
    ((number,),) = rows(connection, sql, values)
    return bool(number >= least)


def find(
    connection: sqlite3.Connection,
    query: Query,
    *,
    after: Hit | None = None,
    limit: int = 20,
    oldest_first: bool = False,
    focus: str = "",
) -> list[Hit]:
    """Return a page of the posts that a query finds, the newest publication first.

    Of posts of the same second, the last to arrive comes first.

    :param after: last hit of the page before; None for the first page.
    :param limit: most hits to return.
    :param oldest_first: return the hits in the opposite order.
    :param focus: FTS5 expression that the posts must match as well.
    """
    query_plan = plan(connection, query, max(0, limit), focus)
    published = query_plan.published
    order, comparison = ("ASC", ">") if oldest_first else ("DESC", "<")
    beyond = [] if after is None else [f"({published}, posts.id) {comparison} (:after, :id)"]
    sql = query_plan.select(f"{published}, posts.id", *beyond)
    sql += f" ORDER BY {published} {order}, posts.id {order} LIMIT {max(0, limit)}"
    start = {} if after is None else {"after": after.published, "id": after.id}
    return [Hit(*row) for row in rows(connection, sql, {**query_plan.values, **start})]


def count(connection: sqlite3.Connection, query: Query) -> int:
    """Return the number of posts that a query finds."""
    found = _conditions_here(connection, query)
    if query.parameters.keys() == {"q"} and not found.others:
        # The index of the search alone can count them.
        matching = PRESENT.matching.format("q")
        sql = f"SELECT count(*) FROM ({matching})"  # noqa: S608 (our own words)
        values = {"q": found.match}
    else:
        # The index of the documents of past states has all columns of these fields.
        is_covered = query.parameters.keys() <= _OF_DOCUMENTS and not found.others
        listed = query.tables is PAST and is_covered
        query_plan = plan(connection, query, listed=listed)
        sql, values = query_plan.select("count(*)"), dict(query_plan.values)
    ((number,),) = rows(connection, sql, values)
    return int(number)


def count_in_time(
    connection: sqlite3.Connection,
    query: Query,
    *,
    max_posts: int = 200_000,
    max_matches: int = 20_000,
) -> tuple[int, bool]:
    """Return the number of posts that a query finds, and whether it is an estimate.

    It is one where a large archive would have to read many posts, or to compare many, one by one.

    :param max_posts: of an archive up to which all numbers are counted.
    :param max_matches: in a larger archive up to which they are counted where each has to be read.
    """
    is_large = _last_number(connection, query.tables) > max_posts
    if is_large and _is_long(connection, query, max_matches):
        return estimate(connection, query), True
    return count(connection, query), False


def _is_long(connection: sqlite3.Connection, query: Query, max_matches: int) -> bool:
    """Return whether many posts have to be read, or compared, one by one to be counted."""
    found = _conditions_here(connection, query)
    if not found.match:
        return query.tables is PAST and not (query.security or query.day)
    if usual_character(connection, found.match):
        return True
    is_alone = query.parameters.keys() == {"q"} and not found.others
    if query.tables is PRESENT and is_alone and " " not in found.match:
        return False  # one list of the index
    matches = f"FROM ({query.tables.matching.format('q')})"
    return has_at_least(connection, max_matches, matches, {"q": found.match})


def estimate(connection: sqlite3.Connection, query: Query, sample: Sampling = SAMPLING) -> int:
    """Return about how many posts a query finds, from ranges of all posts, in bounded time.

    In an archive of no more posts than the ranges have, they are counted.
    """
    searched = query.tables
    last = _last_number(connection, searched)
    if last <= sample.ranges * sample.of_range:
        return count(connection, query)
    found = _conditions_here(connection, query)
    conditions = query._conditions(found)
    values: dict[str, object] = dict(query._values(found))
    tables, number, of_range = searched.posts, "posts.id", sample.of_range
    if character := usual_character(connection, found.match):
        tables, of_range = f"{searched.rows} AS posts", sample.read
        conditions["q"], values["character"] = HAS_CHARACTER, character
    elif found.match and searched is PRESENT:
        tables = f"posts_search CROSS JOIN {_FACTS} ON posts.id = posts_search.rowid"
        conditions["q"], number = "posts_search MATCH :q", "posts_search.rowid"
    elif found.match:
        conditions["q"], of_range = searched.probe, sample.probed
    starts = [last * part // sample.ranges for part in range(sample.ranges)]
    where = " AND ".join(f"({each})" for each in (*conditions.values(), *found.others)) or "true"
    ((counted,),) = rows(
        connection,
        f"""
        SELECT count(*) FROM json_each(:starts) AS sampled CROSS JOIN {tables}
        WHERE {number} > sampled.value AND {number} <= sampled.value + {of_range} AND {where}
        """,  # noqa: S608 (numbers and our own words)
        {**values, "starts": json.dumps(starts)},
    )
    return int(counted * last / (sample.ranges * of_range))


def named_then(
    connection: sqlite3.Connection, securities: Sequence[QueriedSecurity], as_of: str
) -> list[QueriedSecurity]:
    """Return those of some securities that posts named at a time, with number and name of then.

    :param as_of: see `Query`; empty for now, where they are returned unchanged.
    """
    if not as_of:
        return list(securities)
    named = []
    for each in securities:
        sql = f"SELECT {NAME_THEN} FROM securities WHERE code = :code"  # noqa: S608
        then = {"code": each.code, "as_of": moment_of(as_of)}
        ((name,),) = rows(connection, sql, then)
        posts = count(connection, Query(security=each.code, as_of=as_of))
        named.append(replace(each, name=name, posts=posts))
    return sorted((each for each in named if each.posts), key=attrgetter("order"))


def state_at(connection: sqlite3.Connection, info_code: str, as_of: str) -> int | None:
    """Return the number in ``post_states`` of what the archive knew of an article at a time.

    :returns: None when it was not archived.
    :raises InvalidQuery: see `archive.search.moment`.
    """
    found = rows(
        connection,
        f"SELECT id FROM post_history AS posts"  # noqa: S608 (our own words)
        f" WHERE info_code = :info_code AND {CONDITIONS['as_of']} ORDER BY id DESC LIMIT 1",
        {"info_code": info_code, "as_of": moment_of(as_of)},
    )
    return int(found[0][0]) if found else None


def rows(
    connection: sqlite3.Connection, sql: str, values: Mapping[str, object] | None = None
) -> list[tuple[Any, ...]]:
    """Return all rows as tuples, whatever the row factory of the connection is."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, values or {}).fetchall()
