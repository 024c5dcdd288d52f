"""What the files of an archive show by themselves, read in other processes.

What is imported here is imported by each of these processes: of the archive as little as will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from archive.integrity.journal_digests import (
    RecordedVersion,
    Statement,
    recorded_by,
    tells_of_begin,
    tells_of_end,
)
from archive.storage import read_many
from archive.warc import Records

_KINDS = frozenset({"response", "revisit", "metadata"})


class Hashed(NamedTuple):
    """A file.

    :param path: below the archive's folder.
    :param sha256: None where it is not there after all.
    """

    path: str
    sha256: str | None


def hashed(folder: Path, paths: Sequence[str]) -> list[Hashed]:
    """The hashes of files.

    :raises OSError: when one of them cannot be read.
    """
    contents = read_many([folder / path for path in paths])
    return [
        Hashed(path, None if data is None else sha256(data).hexdigest())
        for path, data in zip(paths, contents, strict=True)
    ]


class Response(NamedTuple):
    """A `response` or `revisit` record.

    :param digest: of its payload; empty for a `revisit`.
    """

    offset: int
    url: str
    fetched: str
    digest: str


@dataclass(slots=True)
class Captured:
    """What the records of a piece of a WARC file are.

    :param records: how many.
    :param payloads: offset of the first response with each, by its digest.
    :param revisits: offset and digest of each that names the payload which it revisits.
    :param versions: of posts that records are of, in their order, each with how many crawls began
        before it in the piece.
    :param began: how many crawls began.
    :param ended: of which crawls the end is recorded, counted like those of `versions`.
    :param damage: what was wrong with records that could not be read, a sentence each.
    """

    path: Path
    records: int
    responses: list[Response]
    payloads: dict[str, int]
    revisits: list[tuple[int, str]]
    told: list[Statement]
    versions: list[tuple[RecordedVersion, int]]
    damage: list[str]
    began: int = 0
    ended: list[int] = field(default_factory=list)


def captured(records: Records) -> Captured:
    """What the records are."""
    found = Captured(records.path, 0, [], {}, [], [], [], records.damage)
    for record in records.read(_KINDS):
        at, digest = record.offset, record.digest
        if record.kind == "response":
            found.responses.append(Response(at, record.url, record.date, digest))
            if record.payload:
                found.payloads.setdefault(digest, at)
        elif record.kind == "revisit":
            found.responses.append(Response(at, record.url, record.date, ""))
            if digest:
                found.revisits.append((at, digest))
        else:
            recorded = recorded_by(record)
            found.told += recorded.statements
            found.began += any(map(tells_of_begin, recorded.statements))
            if any(map(tells_of_end, recorded.statements)):
                found.ended.append(found.began)
            if recorded.version:
                found.versions.append((recorded.version, found.began))
    found.records = records.count
    return found
