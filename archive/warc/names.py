"""The names of WARC files: ``finews-20261122-00001.warc.gz``, and what their ends say."""

import re
from pathlib import Path

PART, OPEN, FINISHED = ".warc.gz.part", ".warc.gz.open", ".warc.gz"
SOFTWARE = "finews"
_DAY = re.compile("(?<=-)[0-9]{8}(?=-)")
_OURS = re.compile(rf"{SOFTWARE}-(?P<day>[0-9]{{8}})-(?P<number>[0-9]{{5,9}})", re.ASCII)


def warc_files(folder: Path) -> list[Path]:
    """The WARC files of a folder, in the order in which they were written."""
    found = [path for suffix in (FINISHED, OPEN, PART) for path in folder.glob(f"*{suffix}")]
    return sorted(filter(Path.is_file, found), key=finished_name)


def finished_name(path: Path) -> str:
    """The name that a WARC file has when it is finished; captures are known by it."""
    return f"{_stem(path)}{FINISHED}"


def is_being_written(path: Path) -> bool:
    """Whether a crawl writes to a file, or was killed when it did; see `CaptureWriter`."""
    return path.name.endswith(PART)


def find_file(folder: Path, name: str) -> Path:
    """The path of a WARC file by the name that it has when it is finished."""
    finished = folder / name
    for suffix in (FINISHED, OPEN, PART):
        path = renamed(finished, suffix)
        if path.exists():
            return path
    return finished


def is_ours(path: Path) -> bool:
    """Whether a file has a name that `next_name` gives; what others hold is not looked at."""
    return _OURS.fullmatch(_stem(path)) is not None


def is_found(path: Path) -> bool:
    """Whether captures in a file are found by the name that they are known by. They are not where
    the name is none that `next_name` gives, or where another file is found instead, one that
    somebody has copied back.
    """
    return is_ours(path) and find_file(path.parent, finished_name(path)) == path


def renamed(path: Path, suffix: str) -> Path:
    """The path with another of the three ends."""
    return path.with_name(f"{_stem(path)}{suffix}")


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def day_of(path: Path) -> str:
    """The day that a file was begun, such as ``20261122``; empty where the name says none."""
    found = _DAY.search(path.name)
    return found[0] if found else ""


def next_name(folder: Path, day: str) -> str:
    """The name, without its end, of the next file of a day. Files of other names do not count."""
    ours = (_OURS.fullmatch(_stem(path)) for path in folder.iterdir())
    numbers = (int(name["number"]) for name in ours if name and name["day"] == day)
    return f"{SOFTWARE}-{day}-{max(numbers, default=0) + 1:05}"
