"""What the captures say of the archive's doings: enough to make the catalog again.

Everything that the catalog knows of a post and that its file does not say goes into a WARC
`metadata` record before the file is written; what the file does say is left out.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.catalog import CatalogEntry, PostRow
from archive.errors import ArchiveError
from archive.warc import day_of, read_records, warc_files

_IN_THE_FILE = ("text", "length", "pictures")
NOTED = tuple(each.name for each in fields(PostRow) if each.name not in _IN_THE_FILE)
"""Columns of ``posts`` that the captures tell of."""

CRAWL = "urn:finews:crawl"
"""Target of the records that tell of crawls."""

PICTURE = "urn:finews:picture"
"""Target of the records that tell which file an address's picture is kept in."""


def target_of(info_code: str) -> str:
    """Target of the records that tell of an article."""
    return f"urn:finews:{info_code}"


def note_of(entry: CatalogEntry) -> tuple[str, dict[str, Any]]:
    """The target and the facts of the record for an entry of the catalog."""
    facts: dict[str, Any] = {"post": {name: getattr(entry.post, name) for name in NOTED}}
    if entry.securities is not None and not entry.same_version:
        facts["version"] = "new"
    if entry.revision is not None:
        facts["revision"] = asdict(entry.revision)
    if entry.changes:
        facts["changes"] = list(entry.changes)
    return target_of(entry.post.info_code), facts


def version_in_captures(warc: Path, row: PostRow) -> bytes | None:
    """The bytes of a version, from the captures of about the day on which it was archived.

    :param warc: folder of the WARC files.
    Those of other days come last: a clock that was wrong may have named them.

    :returns: None when they do not have it.
    """
    archived = datetime.fromisoformat(row.revised or row.first_seen)
    days = {f"{archived + timedelta(days=more):%Y%m%d}" for more in (-1, 0, 1)}
    for path in sorted(warc_files(warc), key=lambda path: day_of(path) not in days):
        for record in read_records(path, frozenset({"conversion"}), damaged=_pass_over):
            if sha256(record.payload).hexdigest() == row.sha256:
                return record.payload
    return None


def _pass_over(_: ArchiveError) -> None:
    """What is behind the damage may be what is wanted; `finews verify` tells of it."""


def is_of_new_version(facts: Mapping[str, Any]) -> bool:
    """Whether a record is of a version that was written; else the source was just looked at."""
    return facts.get("version") == "new"
