"""Write records as Parquet, with times as timestamps that have a zone, and lists as lists."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import IO, Any, NamedTuple

from archive.errors import ArchiveError, FinewsError

Record = dict[str, Any]
#: Returns the fields of a schema, given the package pyarrow.
FieldsOf = Callable[[Any], Iterator[Any]]


class TypedRecords(NamedTuple):
    """Records that are read from an archive while they are written, and their fields in Parquet.

    :param kind: ``posts`` or ``versions``.
    """

    kind: str
    found: Iterator[Record]
    fields_of: FieldsOf


#: Number of records in memory at once.
_ROW_GROUP = 1_000

#: Columns of times, with their zones.
_ZONES: Mapping[str, str] = {
    **dict.fromkeys(("published", "modified"), "Asia/Shanghai"),
    **dict.fromkeys(("first_seen", "checked", "revised", "gone", "seen_from", "seen_until"), "UTC"),
}

_MEANINGS: Mapping[str, str] = {
    "id": "number of the article in this archive",
    "info_code": "identity of the article",
    "edition": "the post of the article: `media`, or `rolling` for rolling news",
    "version": "1 for the first version, one more for each that superseded it",
    "title": "title",
    "published": "when the publisher states that it was published; see `precision`",
    "precision": "of `published`: `second`, `minute`, `day`, or `fetched` where none is stated",
    "media": "name of the media that wrote it",
    "category": "slug of the category",
    "tag": "name of the category",
    "digest": "summary, where the source has one",
    "text": "the body without markup; null where the file of an old version is lost",
    "length": "of `text`, in characters",
    "pictures": "addresses of the pictures in the body",
    "body_source": "where the body came from; null for a post that was imported",
    "body_provisional": "whether the body stands in for one at a host that did not answer",
    "link": "the address that the post names as its source",
    "addresses": "that it was read from, the body's first",
    "captures": "the responses that it was read from: address, WARC file, offset, time",
    "path": "of the post's file, below the archive's folder",
    "sha256": "of the post's file",
    "bytes": "size of the post's file",
    "first_seen": "when the archive first stored the article",
    "checked": "when the source was last checked for it",
    "revised": "when the archive stored this version; null for the first one",
    "gone": "when the source was first found without it; null while it has it",
    "stock_list": "codes of securities that a list names for it",
    "source": "name of the source",
    "author": "as the source writes it",
    "lang": "language",
    "flags": "what the source states: `important`, `paid`, `partial` or `locked`",
    "keywords": "words that the source files it under",
    "modified": "when the source last changed it, as it states",
    "extractor": "program that took the body from a page; null for a body that a source gives",
    "mentioned": "securities that the source names beside the body, or that its text names",
    "cause": "why this version exists, such as `first_seen`, `edited` or `better_copy`",
    "edits": "what the publisher changed in this version: class, words before, words after",
    "classes": "the classes of `edits`",
    "securities": "the securities that it names",
    "body": "HTML of the post's file; null where that is lost",
    "seen_from": "when the archive stored this version",
    "seen_until": "when another version superseded it; null for the present one",
}


def write_parquet(records: Iterator[Record], out: IO[bytes], fields_of: FieldsOf) -> int:
    """Write records as a Parquet file.

    :returns: the number of records.
    :raises FinewsError: when pyarrow is not installed.
    :raises ArchiveError: when a record has a time that is none.
    :raises OSError: when `out` cannot be written.
    """
    pyarrow = load_pyarrow()
    schema = pyarrow.schema(fields_of(pyarrow))
    typed = map(_with_times, records)
    count = 0
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while rows := list(islice(typed, _ROW_GROUP)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def load_pyarrow() -> Any:
    """Return the package pyarrow, which is slow to import.

    :raises FinewsError: when it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise FinewsError(
            "Arrow, as in Parquet, needs the package pyarrow; "
            "install finews-archive with the extra parquet."
        ) from error
    return pyarrow


def field_of(pyarrow: Any, name: str, kind: Any) -> Any:
    """Return a field of a schema, with its meaning; that of a time is a timestamp.

    :param kind: type of a field that is no time.
    """
    if name in _ZONES:
        kind = pyarrow.timestamp("ms", tz=_ZONES[name])
    elif name == "captures":
        text, fetched = pyarrow.string(), pyarrow.timestamp("us", tz="UTC")
        kind = structs(pyarrow, url=text, file=text, offset=pyarrow.int64(), fetched=fetched)
    return pyarrow.field(name, kind, metadata={"description": _MEANINGS.get(name, "")})


def structs(pyarrow: Any, **types: Any) -> Any:
    """Return the type of a list of objects, given the types of their fields."""
    return pyarrow.list_(pyarrow.struct(list(types.items())))


def edits_type(pyarrow: Any) -> Any:
    """Return the type of the column of edits."""
    text = pyarrow.string()
    return structs(pyarrow, **{"class": text, "before": text, "after": text})


def _with_times(record: Record) -> Record:
    times = {name: record[name] for name in _ZONES if record.get(name) is not None}
    try:
        found = {name: datetime.fromisoformat(time) for name, time in times.items()}
        captures = [
            {**capture, "fetched": datetime.fromisoformat(capture["fetched"])}
            for capture in record["captures"]
        ]
    except (ValueError, TypeError) as error:
        raise ArchiveError(
            f"The catalog has a time of {record['info_code']} that is none ({error});"
            " `finews verify --repair` generates the row again from the files."
        ) from error
    return {**record, **found, "captures": captures}
