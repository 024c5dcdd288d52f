"""The errors of an archive.

FinewsError
├── Refused            input that cannot be stored
│   ├── InvalidArticleId
│   │   └── InvalidInfoCode
│   └── InvalidArticle
├── InvalidQuery       a search that cannot be understood
├── NotArchived        an article, a security or a page that the archive does not have
└── ArchiveError       the archive itself cannot be read or written
    ├── ArchiveLocked
    ├── CatalogDamaged
    ├── CatalogMissing
    ├── CatalogOutdated
    ├── StrayFolder
    └── MisshapenCatalog
"""

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any


class FinewsError(Exception):
    """Base class of all errors here. Its text is one sentence that can be shown to a user.

    It is in English; `archive.sentences.translated` returns it in the language of the user.
    When it is pickled, only the class and the sentence go to the other process.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), str(self))


def _unpickled(kind: type[FinewsError], sentence: str) -> FinewsError:
    return kind.__new__(kind, sentence)


def shortened(text: str, most: int = 120) -> str:
    """Return at most so many characters of a foreign text, to be shown in a sentence."""
    return text if len(text) <= most else text[: most - 1] + "…"


class Refused(FinewsError, ValueError):
    """The input cannot be stored; nothing was written."""


class InvalidArticleId(Refused):
    """A text that identifies no article."""

    def __init__(self, text: str) -> None:
        super().__init__(self._sentence(repr(shortened(text))))

    @staticmethod
    def _sentence(text: str) -> str:
        return (
            f"{text} is no id of an article: it is NW and 15 to 20 digits, or the name of a "
            "source, a hyphen and the source's own id, such as cls-2487646"
        )


class InvalidInfoCode(InvalidArticleId):
    """A text or address that names no article of Eastmoney's."""

    @staticmethod
    def _sentence(text: str) -> str:
        return f"{text} names no article: an infoCode is NW and 15 to 20 digits"


class InvalidArticle(Refused):
    """An article that cannot be written as a post."""


class InvalidQuery(FinewsError, ValueError):
    """A search query that cannot be understood, or that is too large."""


class NotArchived(FinewsError, LookupError):
    """The archive does not have what was requested, or did not have it at the requested time."""


class ArchiveError(FinewsError):
    """The archive folder or its catalog cannot be read or written."""


class ArchiveLocked(ArchiveError):
    """Another process writes to the archive.

    :param holder: name of that process, such as ``process 4711``.
    :param since: when it took the lock, aware; None when unknown.
    """

    since: datetime | None = None

    def __init__(self, folder: Path, *, holder: str, since: datetime | None = None) -> None:
        self.since = since
        super().__init__(f"The archive {folder} is being written by {holder}; try again later.")


class StrayFolder(ArchiveError):
    """A folder has other files in it, and is no archive."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is not empty and is no archive; set FINEWS_ARCHIVE to an empty folder or a "
            f"new one, or make it an archive with `mkdir {shlex.quote(str(folder / '_posts'))}`."
        )


class CatalogDamaged(ArchiveError):
    """The catalog is a damaged SQLite file, or not an SQLite file."""


class CatalogMissing(ArchiveError):
    """An archive has posts and no catalog, so nothing may be written to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The archive {folder} has posts and no catalog, so a crawl would store every post "
            f"again; run `finews rebuild {shlex.quote(str(folder))}` first."
        )


class CatalogOutdated(ArchiveError):
    """A catalog is older than the files of its archive, so nothing may be written to it."""

    def __init__(self, folder: Path, crawl: int) -> None:
        super().__init__(
            f"The catalog of {folder} is older than the archive's files: it lacks crawl {crawl}, "
            "and another crawl would store what that one stored again; run "
            f"`finews verify --repair {shlex.quote(str(folder))}` first."
        )


class MisshapenCatalog(ArchiveError):
    """A catalog lacks tables, columns or indexes that every release of finews creates."""

    def __init__(self, path: Path, missing: Sequence[str]) -> None:
        more = f" and {len(missing) - 1} other parts" if len(missing) > 1 else ""
        super().__init__(
            f"The catalog {path} lacks its {missing[0]}{more}: a release before 0.1.0 wrote it, "
            f"or somebody has changed it; `finews rebuild {shlex.quote(str(path.parent))}` "
            "generates it again from the files."
        )
