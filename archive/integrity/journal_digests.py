"""What rows of the catalog say, and what records of the captures tell, to be compared.

A row says what one record has told of it. Which one, a kill between record and row may decide: so
it need not be the last.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from hashlib import blake2b
from typing import Any, NamedTuple

from archive.article import Edition
from archive.catalog import PostRow, RevisionRow
from archive.categories import ROLLING
from archive.storage import Picture
from archive.warc import Record
from archive.writing import CRAWL, NOTED, PICTURE, target_of, tells_of_new_version

REVISION = tuple(each.name for each in fields(RevisionRow))
PICTURE_KEPT = tuple(each.name for each in fields(Picture))
CHANGE = ("info_code", "at", "what")
CRAWL_BEGAN = ("id", "spider", "arguments", "started")
CRAWL_ENDED = (
    *("ended", "status", "verdict", "found", "asked", "added", "revised", "unchanged", "gone"),
    *("failed", "reasons", "hosts", "complete"),
)
"""Columns of ``crawls`` that its end brings, as those before it are of its beginning."""

_TARGETS = target_of("")
_ABSENT = {each.name: each.default for each in fields(PostRow) if each.default is not MISSING}
_UNTOLD = dict.fromkeys(CRAWL_ENDED) | {"complete": 0}


class Statement(NamedTuple):
    """Something that is said of a version, a picture, a change or a crawl.

    :param about: of a version its path, of others what they are called in a sentence.
    :param says: a hash of all that is said.
    """

    about: str
    says: bytes


def of_version(path: str, columns: Mapping[str, object]) -> Statement:
    """What a row of ``posts`` or ``revisions`` says.

    The media of rolling news is left out: it is in the credit, so the post's file has it.

    :param columns: `NOTED` or `REVISION`, in their order.
    """
    in_file = {"media"} if columns.get("category") == ROLLING.slug else set()
    return Statement(path, _hash(columns[name] for name in columns if name not in in_file))


def of_picture(values: Mapping[str, object]) -> Statement:
    """What a row of ``pictures`` says."""
    about = plain(f"picture {values['address']}")
    return Statement(about, _hash(values[name] for name in PICTURE_KEPT))


def of_change(info_code: object, at: object, what: object) -> Statement:
    """What a row of ``changes`` says."""
    return Statement(plain(f"change of {info_code} at {at}: {what}"), b"")


def of_crawl(row: Mapping[str, object]) -> Iterator[Statement]:
    """What a row of ``crawls`` says of its beginning, and of its end when it has one."""
    if row["started"] is not None:
        about = plain(f"crawl {row['id']}")
        yield Statement(about, _hash(row[name] for name in CRAWL_BEGAN))
    if row["ended"] is not None:
        about = plain(f"end of crawl {row['id']}")
        yield Statement(about, _hash(row[name] for name in CRAWL_ENDED))


def tells_of_begin(statement: Statement) -> bool:
    """Return whether a statement is of a crawl's begin."""
    return statement.about.startswith("crawl ")


def tells_of_end(statement: Statement) -> bool:
    """Return whether a statement is of a crawl's end."""
    return statement.about.startswith("end of crawl ")


class RecordedVersion(NamedTuple):
    """A version of a post that a record is of.

    :param path: of the post then, below the archive's folder.
    """

    info_code: str
    edition: str
    version: int
    path: str
    sha256: str


class Recorded(NamedTuple):
    """What a `metadata` record says.

    :param version: where it is of a new one.
    """

    statements: list[Statement]
    version: RecordedVersion | None = None


def recorded_by(record: Record) -> Recorded:
    """Return what a `metadata` record says; nothing where it is none of finews."""
    if not record.url.startswith(_TARGETS):
        return Recorded([])
    try:
        facts = record.facts
        return Recorded(list(_told(record.url, facts)), _version_in(facts))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return Recorded([])


def _version_in(facts: dict[str, Any]) -> RecordedVersion | None:
    if not tells_of_new_version(facts):
        return None
    post = facts["post"]
    code, path, digest = (plain(str(post[name])) for name in ("info_code", "path", "sha256"))
    return RecordedVersion(code, Edition.of_name(path), int(post["version"]), path, digest)


def _told(url: str, facts: dict[str, Any]) -> Iterator[Statement]:
    if url == CRAWL:
        yield from of_crawl({"started": None} | _UNTOLD | facts)
    elif url == PICTURE:
        yield of_picture(facts)
    else:
        post = _ABSENT | facts["post"]
        post["body_provisional"] = int(post["body_provisional"])
        yield of_version(plain(post["path"]), {name: post[name] for name in NOTED})
        for what in facts.get("changes", ()):
            yield of_change(post["info_code"], post["checked"], what)
        if revision := facts.get("revision"):
            yield of_version(plain(revision["path"]), {name: revision[name] for name in REVISION})


def _hash(values: Iterable[object]) -> bytes:
    return blake2b(repr((*values,)).encode(), digest_size=16).digest()


def plain(about: str) -> str:
    """Text that can be written as UTF-8, whatever bytes a name or a row has."""
    return about.encode(errors="backslashreplace").decode()
