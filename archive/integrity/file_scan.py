"""Read file facts and recorded facts: hashes of files, and what the records of WARC files are.

Worker processes run these functions, and each of them imports this module. So it imports as little
of the archive as possible.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from archive.integrity.journal_digests import (
    FactDigest,
    RecordedVersion,
    is_of_crawl_end,
    is_of_crawl_start,
    read_recorded_facts,
)
from archive.storage import read_many
from archive.warc import Records

_KINDS = frozenset({"response", "revisit", "metadata"})


class FileHash(NamedTuple):
    """The hash of a file.

    :param path: below the archive's folder.
    :param sha256: None where the file does not exist.
    """

    path: str
    sha256: str | None


def hash_files(folder: Path, paths: Sequence[str]) -> list[FileHash]:
    """Return the hashes of files.

    :raises OSError: when one of them cannot be read.
    """
    contents = read_many([folder / path for path in paths])
    return [
        FileHash(path, None if data is None else sha256(data).hexdigest())
        for path, data in zip(paths, contents, strict=True)
    ]


class ResponseRecord(NamedTuple):
    """A `response` or `revisit` record.

    :param digest: of its payload; empty for a `revisit`.
    """

    offset: int
    url: str
    fetched: str
    digest: str


@dataclass(slots=True)
class ScannedRecords:
    """What the records in a piece of a WARC file are.

    :param damage: why records could not be read, a sentence each.
    :param count: number of sound records.
    :param payloads: by digest, the offset of the first response with that payload.
    :param revisits: offset and digest of each revisit that names the payload it revisits.
    :param recorded: recorded facts.
    :param versions: recorded versions of posts, in their order, each with the number of crawls that
        had started before it in this piece.
    :param started: number of crawls that started.
    :param ended: crawls whose end is recorded, numbered as in `versions`.
    """

    path: Path
    damage: list[str]
    count: int = 0
    responses: list[ResponseRecord] = field(default_factory=list)
    payloads: dict[str, int] = field(default_factory=dict)
    revisits: list[tuple[int, str]] = field(default_factory=list)
    recorded: list[FactDigest] = field(default_factory=list)
    versions: list[tuple[RecordedVersion, int]] = field(default_factory=list)
    started: int = 0
    ended: list[int] = field(default_factory=list)


def scan_records(records: Records) -> ScannedRecords:
    """Return what the records are."""
    scanned = ScannedRecords(records.path, records.damage)
    for record in records.read(_KINDS):
        offset, digest = record.offset, record.digest
        if record.kind == "response":
            scanned.responses.append(ResponseRecord(offset, record.url, record.date, digest))
            if record.payload:
                scanned.payloads.setdefault(digest, offset)
        elif record.kind == "revisit":
            scanned.responses.append(ResponseRecord(offset, record.url, record.date, ""))
            if digest:
                scanned.revisits.append((offset, digest))
        else:
            digests, version = read_recorded_facts(record)
            scanned.recorded += digests
            scanned.started += any(map(is_of_crawl_start, digests))
            if any(map(is_of_crawl_end, digests)):
                scanned.ended.append(scanned.started)
            if version:
                scanned.versions.append((version, scanned.started))
    scanned.count = records.count
    return scanned
