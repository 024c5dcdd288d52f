"""Check that answers as of a time know nothing that the archive learnt later.

At each of some random moments, a catalog is generated from the captures up to that moment. All its
posts and versions, and its answers to random questions, must equal those of the archive as of the
moment.
"""

import json
import math
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.catalog import PostRow
from archive.catalog.known_versions import read_versions
from archive.clock import utc_iso
from archive.errors import ArchiveError
from archive.integrity.rebuild import rebuild_as_of
from archive.progress import Progress, silent
from archive.search import NAME_THEN, Query, count, find, register
from archive.storage import connect_read_only, reading_catalog

# Posts of an answer that are compared.
_COMPARED = 200
_COLUMNS = tuple(each.name for each in fields(PostRow) if each.name != "checked")
_NAMED = """
    SELECT json_group_array(json_array(code, name, found)) FROM (
        SELECT code, coalesce(name, symbol) AS name, found
        FROM mentions JOIN securities ON code = security
        WHERE mentions.info_code = posts.info_code ORDER BY code
    )
"""
_NAMED_THEN = f"""
    SELECT json_group_array(json_array(code, name, found)) FROM (
        SELECT code, {NAME_THEN} AS name, named.value AS found
        FROM json_each(posts.securities) AS named JOIN securities ON code = named.key ORDER BY code
    )
"""  # noqa: S608 (our own words)
_ROWS_THEN = f"""
    SELECT {", ".join(_COLUMNS)}, ({_NAMED_THEN}) FROM post_states AS posts
    WHERE {{condition}} ORDER BY info_code
"""  # noqa: S608 (our own words)
_ROWS = f"""
    SELECT {", ".join(_COLUMNS)}, ({_NAMED}) FROM posts WHERE gone IS NULL ORDER BY info_code
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class AsOfAudit:
    """The result of an audit.

    :param questions: number of questions that were asked.
    :param moments: number of moments as of which they were asked.
    :param differences: a sentence for each answer that is not that of the captures.
    """

    questions: int
    moments: int
    differences: Sequence[str]


def audit_as_of(folder: Path, questions: int, seed: int, progress: Progress = silent) -> AsOfAudit:
    """Ask an archive random questions as of random moments.

    :param questions: how many. There are as many moments as questions about one moment: more
        moments would find more, but a catalog is generated for each.
    :param seed: the same seed asks the same archive the same questions.
    :raises ArchiveError: when the archive cannot be read, or has no posts.
    """
    rng = random.Random(seed)  # noqa: S311 (no secret)
    differences: list[str] = []
    moments = math.isqrt(questions - 1) + 1
    with reading_catalog(folder) as whole:
        for number, _ in enumerate(progress("moments", range(moments))):
            moment = _moment(whole, rng, folder)
            asked = (questions + number) // moments
            with TemporaryDirectory() as temporary:
                place = Path(temporary) / "catalog.db"
                rebuild_as_of(folder, place, moment)
                with closing(connect_read_only(place)) as then:
                    register(then)
                    differences += _differing_rows(whole, then, moment)
                    differences += _differing_versions(whole, then, moment)
                    for query in islice(_questions(whole, rng), asked - 1):
                        differences += _differing_answers(whole, then, query, moment)
    return AsOfAudit(questions, moments, differences)


def _moment(whole: sqlite3.Connection, rng: random.Random, folder: Path) -> str:
    """Return a time at which the archive learnt something, or the second before or after it."""
    (states,) = whole.execute("SELECT coalesce(max(id), 0) FROM post_history").fetchone()
    if not states:
        raise ArchiveError(f"{folder} has no posts, so nothing can be asked as of a time.")
    sql = "SELECT known_from FROM post_history WHERE id >= ? ORDER BY id LIMIT 1"
    (known,) = whole.execute(sql, [rng.randint(1, states)]).fetchone()
    try:
        return utc_iso(datetime.fromisoformat(known) + timedelta(seconds=rng.randint(-1, 1)))
    except ValueError as error:
        raise ArchiveError(
            f"The catalog of {folder} states {known!r} for a time; `finews rebuild` generates it "
            "again from the captures."
        ) from error


def _questions(whole: sqlite3.Connection, rng: random.Random) -> Iterator[Query]:
    """Yield questions about words, media, securities and days of states of the archive."""
    (states,) = whole.execute("SELECT max(id) FROM post_history").fetchone()
    sql = """
        SELECT title, substr(text, 1, 2000), media, published, securities
        FROM post_states WHERE id >= ? ORDER BY id LIMIT 1
    """
    while True:
        title, text, media, published, securities = whole.execute(
            sql, [rng.randint(1, states)]
        ).fetchone()
        terms = [_term(rng, each) for each in (title, text or title)]
        questions = [
            Query(q=terms[1]),
            Query(q=f"title:{terms[0]}"),
            Query(q=f"{terms[0]} -{terms[1]}"),
            Query(q=f"{terms[0]} OR {terms[1]}", month=published[:7]),
            Query(q=f"date:{published[:10]}"),
            Query(q="edited:"),
            Query(q="gone:"),
            Query(day=published[:10]),
            Query(media=media or ""),
        ]
        if named := list(json.loads(securities)):
            security = rng.choice(named)
            sql_of_names = "SELECT name FROM security_names WHERE security = ?"
            names = [name for (name,) in whole.execute(sql_of_names, [security])]
            typed = rng.choice([security.partition(".")[2], *names]).replace('"', " ")
            questions += [Query(security=security), Query(q=typed)]
            questions += [Query(q=f'security:"{typed}"')]
        yield rng.choice(questions)


def _term(rng: random.Random, text: str) -> str:
    start = rng.randrange(max(len(text) - 1, 1))
    words = text[start : start + rng.randint(1, 4)].replace('"', " ").strip()
    return f'"{words}"' if words else '"的"'


def _differing_rows(
    whole: sqlite3.Connection, then: sqlite3.Connection, moment: str
) -> Iterator[str]:
    query = Query(as_of=moment)
    sql = _ROWS_THEN.format(condition=query.condition)
    for one, other in zip_longest(whole.execute(sql, query.values), then.execute(_ROWS)):
        if one == other:
            continue
        if one is None or other is None or one[0] != other[0]:
            code = min(row[0] for row in (one, other) if row)
            yield f"As of {moment}, only one of archive and captures has {code}."
            return
        names = (*_COLUMNS, "securities")
        columns = [name for name, a, b in zip(names, one, other, strict=True) if a != b]
        yield f"As of {moment}, {one[0]} has another {', '.join(columns)} than its captures."


def _differing_versions(
    whole: sqlite3.Connection, then: sqlite3.Connection, moment: str
) -> Iterator[str]:
    if [*read_versions(whole, moment)] != [*read_versions(then, moment)]:
        yield f"As of {moment}, there are other versions than of the captures."


def _differing_answers(
    whole: sqlite3.Connection, then: sqlite3.Connection, query: Query, moment: str
) -> Iterator[str]:
    asked = query.changed(as_of=moment)
    total, answer = count(whole, asked), _answer(whole, asked)
    here = f"({query.q}) -gone:" if query.q else "-gone:"
    now = query if "gone:" in query.q else query.changed(q=here)
    if (total, answer) != (count(then, now), _answer(then, now)):
        yield f"As of {moment}, {query.parameters} has another answer than from the captures."


def _answer(connection: sqlite3.Connection, query: Query) -> Sequence[tuple[str, str]]:
    """Return time of publication and code of the newest posts, in an order without numbers."""
    hits = find(connection, query, limit=_COMPARED + 1)
    codes = {
        number: code
        for hit in hits
        for number, code in connection.execute(
            f"SELECT id, info_code FROM {query.tables.rows} WHERE id = ?",  # noqa: S608
            [hit.id],
        )
    }
    oldest = hits[-1].published if len(hits) > _COMPARED else ""
    return sorted((hit.published, codes[hit.id]) for hit in hits if hit.published > oldest)
