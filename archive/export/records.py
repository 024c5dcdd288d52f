"""Export an archive as JSON Lines or Parquet, one record for each post.

A record has every column of the catalog's ``posts``; columns of JSON become lists. It also has
``securities``, the securities that the post names and how each was found, ordered by code, and
``body``, the HTML of the post file; null when that file is lost. Records are sorted by publication
time, then info code. Those of a query with `as_of` have the values of then; ``checked`` is the time
since which they were known.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from archive.catalog import PostRow, read_post
from archive.errors import FinewsError
from archive.export.parquet import Record, TypedRecords, edits_type, field_of, structs
from archive.progress import Progress, silent
from archive.search import EVERYTHING, NAME_THEN, PRESENT, Query
from archive.storage import reading_catalog

#: Names of the columns of a record, in their order.
COLUMNS = ("id", *(field.name for field in fields(PostRow)), "securities", "body")

_LISTS = (
    *("pictures", "stock_list", "addresses", "captures", "mentioned", "flags", "keywords"),
    *("securities", "edits"),
)

_SECURITIES = """
    SELECT json_group_array(
        json_object('code', code, 'name', name, 'kind', kind, 'found', found)
    ) FROM (
        SELECT code, name, kind, found FROM mentions JOIN securities ON code = security
        WHERE mentions.info_code = posts.info_code ORDER BY code
    )
"""
_SECURITIES_THEN = f"""
    SELECT json_group_array(
        json_object('code', code, 'name', name, 'kind', kind, 'found', found)
    ) FROM (
        SELECT code, nullif({NAME_THEN}, symbol) AS name, kind, named.value AS found
        FROM json_each(posts.securities) AS named JOIN securities ON code = named.key ORDER BY code
    )
"""  # noqa: S608 (our own words)


_MEDIA = "SELECT media, media FROM posts WHERE media IS NOT NULL GROUP BY media"
_SECURITIES_NAMED = "SELECT code, coalesce(name, symbol) FROM securities"
_SUGGESTED = 5


def check_names(folder: Path, query: Query) -> None:
    """Check that the archive has the media and the security of a query.

    :raises FinewsError: when it lacks one; the sentence suggests similar names.
    :raises ArchiveError: when the archive cannot be read.
    """
    for kind, wanted, known in (
        ("media", query.media, _MEDIA),
        ("security", query.security, _SECURITIES_NAMED),
    ):
        if not wanted:
            continue
        with reading_catalog(folder) as connection:
            names = dict(connection.execute(known).fetchall())
        if wanted not in names:
            similar = _suggestions(wanted, names)
            raise FinewsError(
                f"No post in {folder} is of the media {wanted!r}{similar}."
                if kind == "media"
                else f"No post in {folder} is of the security {wanted!r}{similar}."
            )


def _suggestions(wanted: str, names: Mapping[str, str]) -> str:
    """Return the names similar to a missing one, as the end of a sentence."""
    same = [
        f"{key} ({name})"
        for key, name in names.items()
        if wanted and wanted in (key.partition(".")[2], name)
    ]
    close = [*same, *get_close_matches(wanted, names, _SUGGESTED, 0.5)][:_SUGGESTED]
    return f"; there is {', '.join(close)}" if close else ""


@contextmanager
def post_records(
    folder: Path, query: Query = EVERYTHING, progress: Progress = silent
) -> Iterator[TypedRecords]:
    """Read the posts of one state of the catalog, whatever is written meanwhile.

    :raises ArchiveError: when the archive cannot be read.
    """
    table, id_column, securities = "posts", "id", _SECURITIES
    if query.tables is not PRESENT:
        table, id_column, securities = "post_states AS posts", "post", _SECURITIES_THEN
    names = ", ".join([id_column, *COLUMNS[1:-2], f"({securities})"])
    with reading_catalog(folder) as connection:
        (count,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {query.condition}",  # noqa: S608
            query.values,
        ).fetchone()
        steps: Iterable[int] = progress("posts", range(count))
        rows = connection.execute(
            f"SELECT {names} FROM {table} WHERE {query.condition}"  # noqa: S608
            " ORDER BY published, info_code",
            query.values,
        )
        found = (_record(folder, row) for _, row in zip(steps, rows, strict=False))
        yield TypedRecords("posts", found, _fields)


def _fields(pyarrow: Any) -> Iterator[Any]:
    """Yield the fields of a post in Parquet."""
    text, number = pyarrow.string(), pyarrow.int64()
    plain = {str: text, str | None: text, int: number, bool: pyarrow.bool_()}
    special = {
        "id": number,
        **dict.fromkeys(
            ("pictures", "stock_list", "addresses", "flags", "keywords"), pyarrow.list_(text)
        ),
        "mentioned": structs(pyarrow, code=text, name=text, found=text),
        "securities": structs(pyarrow, code=text, name=text, kind=text, found=text),
        "edits": edits_type(pyarrow),
        "body": text,
    }
    types = get_type_hints(PostRow)
    for column in COLUMNS:
        yield field_of(pyarrow, column, special.get(column) or plain[types[column]])


def _record(folder: Path, row: tuple[Any, ...]) -> Record:
    record = dict(zip(COLUMNS, row, strict=False))
    for column in _LISTS:
        record[column] = json.loads(record[column])
    record["body_provisional"] = bool(record["body_provisional"])
    post = read_post(folder, record["path"], record["version"], record["sha256"])
    record["body"] = post and post.body
    return record
