"""What can go wrong in an archive.

FinewsError
├── Refused            input that is not taken in, by name
│   ├── InvalidInfoCode
│   └── InvalidArticle
└── ArchiveError       the archive itself cannot be read or written
    ├── ArchiveLocked
    ├── CatalogDamaged
    ├── CatalogMissing
    ├── StrayFolder
    └── MisshapenCatalog
"""

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any


class FinewsError(Exception):
    """Base of every error here; its text is one sentence that can be shown to a user.

    From process to process it goes as that sentence.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_of, (type(self), str(self))


def _made_of(kind: type[FinewsError], sentence: str) -> FinewsError:
    return kind.__new__(kind, sentence)


class Refused(FinewsError, ValueError):
    """The input is not taken in; nothing was stored."""


class InvalidInfoCode(Refused):
    """A text or address that names no article."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 120 else text[:117] + "..."
        super().__init__(f"{shown!r} names no article: an infoCode is NW and 15 to 20 digits")


class InvalidArticle(Refused):
    """An article that cannot be written as a post."""


class ArchiveError(FinewsError):
    """The archive folder or its catalog cannot be read or written."""


class ArchiveLocked(ArchiveError):
    """Another process writes to the archive.

    :param since: when it began, as far as that is known.
    """

    since: datetime | None = None

    def __init__(self, folder: Path, *, holder: str, since: datetime | None = None) -> None:
        self.since = since
        super().__init__(f"The archive {folder} is being written by {holder}; try again later.")


class StrayFolder(ArchiveError):
    """A folder has other things in it, and is no archive."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is not empty and is no archive; set FINEWS_ARCHIVE to an empty folder or a "
            f"new one, or make it an archive with `mkdir {shlex.quote(str(folder / '_posts'))}`."
        )


class CatalogDamaged(ArchiveError):
    """The catalog is no SQLite file, or one whose pages are damaged."""


class CatalogMissing(ArchiveError):
    """An archive has posts and no catalog, so nothing may be written to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The archive {folder} has posts and no catalog, so a crawl would take them for new "
            f"ones; run `finews rebuild {shlex.quote(str(folder))}` first."
        )


class MisshapenCatalog(ArchiveError):
    """A catalog lacks tables, columns or indexes that every released version of finews has made."""

    def __init__(self, path: Path, missing: Sequence[str]) -> None:
        more = f" and {len(missing) - 1} parts more" if len(missing) > 1 else ""
        super().__init__(
            f"The catalog {path} lacks its {missing[0]}{more}: a version before 0.1.0 has made it, "
            f"or somebody has changed it; `finews rebuild {shlex.quote(str(path.parent))}` "
            "makes it again from the files."
        )
