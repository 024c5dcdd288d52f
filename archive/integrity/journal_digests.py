"""Reduce row facts and recorded facts to digests, so that they can be compared.

For each thing that the archive knows (a version, a picture, a change, the start or the end of a
crawl) there is a `FactDigest`: its name, and a hash of all that is stated about it. A row of the
catalog gives one, and so does every record of the journal about the same thing.

A row is right when its digest equals that of *one* of the records. That need not be the last one:
the record is written before the row, so a kill between the two leaves a row with the facts of an
earlier record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from hashlib import blake2b
from typing import Any, NamedTuple

from archive.article import Edition
from archive.catalog import PostRow, Presence, RevisionRow
from archive.categories import ROLLING
from archive.storage import Picture
from archive.warc import Record
from archive.writing import CRAWL, NOTED, PICTURE, is_of_new_version, target_of

#: Columns that state the cause of a version.
CAUSE = ("cause", "edits")
#: Columns of ``revisions`` that the records of every release state.
REVISION = (
    *("info_code", "version", "path", "sha256", "bytes", "body_source", "captures", "superseded"),
    "extractor",
)
PICTURE_COLUMNS = tuple(each.name for each in fields(Picture))
ABSENCE = ("info_code", "gone_from", "gone_until")
#: Columns of ``crawls`` that are written when a crawl starts.
CRAWL_BEGAN = ("id", "spider", "arguments", "started")
#: Columns of ``crawls`` that are written when a crawl ends.
CRAWL_ENDED = (
    *("ended", "status", "verdict", "found", "asked", "added", "revised", "unchanged", "gone"),
    *("failed", "reasons", "hosts", "complete"),
)

#: The beginning of what the digest of a cause is about.
CAUSE_OF = "cause of version "

_TARGETS = target_of("")
# What records do not state because it was the default when they were written.
_DEFAULTS, _DEFAULTS_OF_REVISION = (
    {each.name: each.default for each in fields(row) if each.default is not MISSING}
    for row in (PostRow, RevisionRow)
)
# What the record of a crawl's start does not state.
_NOT_ENDED = dict.fromkeys(CRAWL_ENDED) | {"complete": 0}


class FactDigest(NamedTuple):
    """A digest of the facts about a version, a picture, a change or a crawl.

    :param about: the path of a version; for others, their name in a sentence.
    :param digest: a hash of all the facts.
    """

    about: str
    digest: bytes


def digest_of_version(path: str, columns: Mapping[str, object]) -> FactDigest:
    """Return the digest of a row of ``posts`` or ``revisions``.

    The media of rolling news is left out: the post's file states it in its credit.

    :param columns: `NOTED` or `REVISION`, in their order.
    """
    left_out = {*CAUSE, "media"} if columns.get("category") == ROLLING.slug else {*CAUSE}
    return FactDigest(path, _hash(columns[name] for name in columns if name not in left_out))


def digest_of_cause(path: str, columns: Mapping[str, object]) -> FactDigest:
    """Return the digest of the cause of a version; records of older releases state none.

    :param path: of the version's file.
    """
    post = f"{columns['info_code']} ({Edition.of_name(path)})"
    about = encodable(f"cause of version {columns['version']} of {post}")
    return FactDigest(about, _hash(columns[name] for name in CAUSE))


def digest_of_picture(values: Mapping[str, object]) -> FactDigest:
    """Return the digest of a row of ``pictures``."""
    about = encodable(f"picture {values['address']}")
    return FactDigest(about, _hash(values[name] for name in PICTURE_COLUMNS))


def digests_of_absence(info_code: object, began: object, ended: object) -> Iterator[FactDigest]:
    """Yield the digests of a row of ``absences``: of the start, and of the end if there is one."""
    yield _digest_of_presence(info_code, began, Presence.GONE)
    if ended is not None:
        yield _digest_of_presence(info_code, ended, Presence.RETURNED)


def _digest_of_presence(info_code: object, at: object, what: object) -> FactDigest:
    return FactDigest(encodable(f"change of {info_code} at {at}: {what}"), b"")


def digests_of_crawl(row: Mapping[str, object]) -> Iterator[FactDigest]:
    """Yield the digests of a row of ``crawls``: of the start, and of the end if there is one."""
    if row["started"] is not None:
        about = encodable(f"crawl {row['id']}")
        yield FactDigest(about, _hash(row[name] for name in CRAWL_BEGAN))
    if row["ended"] is not None:
        about = encodable(f"end of crawl {row['id']}")
        yield FactDigest(about, _hash(row[name] for name in CRAWL_ENDED))


def is_of_crawl_start(digest: FactDigest) -> bool:
    """Return whether a digest is of the start of a crawl."""
    return digest.about.startswith("crawl ")


def is_of_crawl_end(digest: FactDigest) -> bool:
    """Return whether a digest is of the end of a crawl."""
    return digest.about.startswith("end of crawl ")


class RecordedVersion(NamedTuple):
    """A version of a post that a record states.

    :param path: of the post at that time, below the archive's folder.
    """

    info_code: str
    edition: str
    version: int
    path: str
    sha256: str


def read_recorded_facts(record: Record) -> tuple[list[FactDigest], RecordedVersion | None]:
    """Return the digests of a `metadata` record, and the new version that it states, if any.

    Both are empty where finews did not write the record.
    """
    if not record.url.startswith(_TARGETS):
        return [], None
    try:
        facts = record.facts
        return list(_digests_in(record.url, facts)), _version_in(facts)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return [], None


def _version_in(facts: dict[str, Any]) -> RecordedVersion | None:
    if not is_of_new_version(facts):
        return None
    post = facts["post"]
    code, path, digest = (encodable(str(post[name])) for name in ("info_code", "path", "sha256"))
    return RecordedVersion(code, Edition.of_name(path), int(post["version"]), path, digest)


def _digests_in(url: str, facts: dict[str, Any]) -> Iterator[FactDigest]:
    if url == CRAWL:
        yield from digests_of_crawl({"started": None} | _NOT_ENDED | facts)
    elif url == PICTURE:
        yield digest_of_picture(facts)
    else:
        if "cause" in facts["post"]:
            yield digest_of_cause(facts["post"]["path"], facts["post"])
        post = _DEFAULTS | facts["post"]
        post["body_provisional"] = int(post["body_provisional"])
        yield digest_of_version(encodable(post["path"]), {name: post[name] for name in NOTED})
        for what in facts.get("changes", ()):
            yield _digest_of_presence(post["info_code"], post["checked"], what)
        if revision := facts.get("revision"):
            revision = _DEFAULTS_OF_REVISION | revision
            yield digest_of_version(
                encodable(revision["path"]), {name: revision[name] for name in REVISION}
            )


def _hash(values: Iterable[object]) -> bytes:
    return blake2b(repr((*values,)).encode(), digest_size=16).digest()


def encodable(about: str) -> str:
    """Return a text that can be written as UTF-8, whatever bytes a name or a row has."""
    return about.encode(errors="backslashreplace").decode()
