"""The journal: `metadata` records in the WARC files from which the catalog can be generated again.

Before a post is written, a record states everything that the catalog is to know about it and that
the post itself does not show. What the post shows is left out.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.catalog import CatalogEntry, PostRow, RevisionRow
from archive.errors import ArchiveError
from archive.warc import day_of, last_records, read_records, warc_files

_IN_THE_FILE = ("text", "length", "pictures")

#: Columns of ``posts`` that the journal records.
NOTED = tuple(each.name for each in fields(PostRow) if each.name not in _IN_THE_FILE)

#: Columns of ``revisions`` that the journal records.
NOTED_OF_REVISION = tuple(
    each.name for each in fields(RevisionRow) if each.name not in _IN_THE_FILE
)

#: Target of the records about crawls, a URI.
CRAWL = "urn:finews:crawl"

#: Target of the records about pictures, a URI: which file stores the picture of which address.
PICTURE = "urn:finews:picture"


def last_finished_crawl(warc: Path) -> int:
    """Return the number of the crawl whose end is among the last records; 0 where none is.

    :param warc: folder of the WARC files.
    """
    for record in reversed(last_records(warc, frozenset({"metadata"}))):
        if record.url == CRAWL and "ended" in record.facts:
            return int(record.facts["id"])
    return 0


def target_of(info_code: str) -> str:
    """Return the target of the records about an article, a URI."""
    return f"urn:finews:{info_code}"


def facts_of(entry: CatalogEntry) -> tuple[str, dict[str, Any]]:
    """Return the target and the facts of the record for an entry of the catalog."""
    facts: dict[str, Any] = {"post": {name: getattr(entry.post, name) for name in NOTED}}
    if entry.is_new_version:
        facts["version"] = "new"
    if entry.revision is not None:
        facts["revision"] = {name: getattr(entry.revision, name) for name in NOTED_OF_REVISION}
    if entry.presence:
        facts["changes"] = [entry.presence]
    return target_of(entry.post.info_code), facts


def version_in_captures(warc: Path, row: PostRow) -> bytes | None:
    """Return the bytes of a version from the WARC files.

    The files of about the day on which the version was archived are read first. The others follow,
    because a wrong clock may have named a file.

    :param warc: folder of the WARC files.
    :returns: None when no file has the version.
    """
    archived = datetime.fromisoformat(row.revised or row.first_seen)
    days = {f"{archived + timedelta(days=more):%Y%m%d}" for more in (-1, 0, 1)}
    for path in sorted(warc_files(warc), key=lambda path: day_of(path) not in days):
        for record in read_records(path, frozenset({"conversion"}), damaged=_ignore):
            if sha256(record.payload).hexdigest() == row.sha256:
                return record.payload
    return None


def _ignore(_: ArchiveError) -> None:
    """Ignore damage: the version may be behind it, and `finews verify` reports it."""


def is_of_new_version(facts: Mapping[str, Any]) -> bool:
    """Return whether a record is of a version that was written, not of a check of the source."""
    return facts.get("version") == "new"
