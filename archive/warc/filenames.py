"""Give and read the names of WARC files, such as ``finews-20261122-00001.warc.gz``.

A file has its name from the first record to the last. An earlier release wrote under other names:
``.warc.gz.part`` while a crawl ran, then ``.warc.gz.open`` until the file was finished. Such files
are read, and the next crawl renames them.
"""

import re
from pathlib import Path

from archive.storage import is_file, names_in

FINISHED = ".warc.gz"
FORMER_PART, FORMER_OPEN = ".warc.gz.part", ".warc.gz.open"
SOFTWARE = "finews"
_MARK = ".writing"
_OWN = re.compile(rf"{SOFTWARE}-([0-9]{{8}})-([0-9]{{5,}})(\..+)")
_DAY = re.compile("(?<=-)[0-9]{8}(?=-)")


def warc_files(folder: Path) -> list[Path]:
    """Return the WARC files of a folder, in the order in which they were written."""
    suffixes = (FINISHED, FORMER_OPEN, FORMER_PART)
    found = [folder / name for name in names_in(folder) if name.endswith(suffixes)]
    return sorted(filter(is_file, found), key=finished_name)


def finished_name(path: Path) -> str:
    """Return the name by which captures name a WARC file: the present one, also of an old file."""
    return f"{_stem(path)}{FINISHED}"


def mark_of(path: Path) -> Path:
    """Return the path of the empty file that marks a WARC file while a crawl writes to it."""
    return path.with_name(f"{_stem(path)}{_MARK}")


def is_being_written(path: Path) -> bool:
    """Return whether a crawl writes to a file, or was killed while it did; see `CaptureWriter`."""
    return path.name.endswith(FORMER_PART) or mark_of(path).exists()


def find_file(folder: Path, name: str) -> Path:
    """Return the path of a WARC file by the name with which captures name it."""
    file = folder / name
    for suffix in (FINISHED, FORMER_OPEN, FORMER_PART):
        path = renamed(file, suffix)
        if path.exists():
            return path
    return file


def is_ours(path: Path) -> bool:
    """Return whether a file has a name that `next_name` gives; other files are not read."""
    return _OWN.fullmatch(f"{_stem(path)}{FINISHED}") is not None


def is_found(path: Path) -> bool:
    """Return whether captures in a file can be found by the name with which they name it.

    They cannot where `next_name` gives no such name, or where `find_file` finds another file: the
    file is a copy under an old name next to the present one.
    """
    return is_ours(path) and find_file(path.parent, finished_name(path)) == path


def renamed(path: Path, suffix: str) -> Path:
    """Return the path with another suffix."""
    return path.with_name(f"{_stem(path)}{suffix}")


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def day_of(path: Path) -> str:
    """Return the day in the name of a file, such as ``20261122``; empty where it has none."""
    found = _DAY.search(path.name)
    return found[0] if found else ""


def own_files(folder: Path, suffix: str = FINISHED) -> list[Path]:
    """Return the files with a suffix that finews has named, in their order."""
    matches = filter(None, map(_OWN.fullmatch, names_in(folder)))
    own = [(match[1], int(match[2]), match[0]) for match in matches if match[3] == suffix]
    return [folder / name for *_, name in sorted(own)]


def marked_files(folder: Path) -> list[Path]:
    """Return the WARC files that a crawl writes, or wrote when it was killed."""
    return [renamed(mark, FINISHED) for mark in own_files(folder, _MARK)]


def next_name(newest: Path | None, day: str) -> str:
    """Return the name of the file after the newest one.

    :param day: on which the new file is started, such as ``20261122``.
    """
    match = _OWN.fullmatch(newest.name) if newest is not None else None
    number = int(match[2]) if match and match[1] == day else 0
    return f"{SOFTWARE}-{day}-{number + 1:05}{FINISHED}"
