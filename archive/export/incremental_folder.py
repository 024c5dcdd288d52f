"""A folder of exported files that a second export touches only where something has changed.

What the folder holds of ours, and what each file was made of, stands in `.finews-export.json` in
it. Files that are not named there are never written over and never removed.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from archive.errors import FinewsError
from archive.progress import Progress, silent

_RECORD = ".finews-export.json"
_LOCK = ".finews-export.lock"
_INCOMING = ".finews-export.part"


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that should be there.

    :param made_of: a digest of all that goes into it; see `digest`.
    :param make: its bytes; None where it cannot be made. Called only where `made_of` is new, or
        where the file was changed by somebody else.
    """

    made_of: str
    make: Callable[[], bytes | None]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export has done, in files."""

    written: int
    removed: int
    untouched: int


def digest(*parts: object) -> str:
    """A hash of what a file is made of."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def planned(data: bytes) -> Planned:
    """A file whose bytes are known."""
    return Planned(sha256(data).hexdigest()[:32], lambda: data)


def export_to(
    folder: Path,
    files: Mapping[PurePosixPath, Planned],
    progress: Progress = silent,
    *,
    seal: tuple[PurePosixPath, bytes] | None = None,
) -> ExportResult:
    """Bring a folder up to date: write what is new or has changed, remove what is not wanted.

    Files appear in the order given, each whole or not at all. An export that was ended early is
    taken up by the next one.

    :param folder: is made where it is not there.
    :param seal: a file among `files`, and the bytes that stand in its place while others are
        being changed; a reader that comes in between can so know that they do not fit together.
    :raises FinewsError: when a file that is not ours is in the way, when another export is at
        work in the folder, or when the disk refuses. The next export puts it right.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            return _Export(folder, files).run(progress, seal)
    except OSError as error:
        raise FinewsError(f"Could not export to {folder}: {error.strerror or error}.") from error


class _Export:
    def __init__(self, folder: Path, files: Mapping[PurePosixPath, Planned]) -> None:
        self._folder = folder
        self._files = {str(path): plan for path, plan in files.items()}
        record = _read_record(folder)
        self._whole: bool = record["whole"]
        self._ours: dict[str, list[Any]] = record["files"]

    def run(self, progress: Progress, seal: tuple[PurePosixPath, bytes] | None) -> ExportResult:
        stale = [name for name in self._files if not self._is_as_it_should_be(name)]
        gone = [name for name in self._ours if name not in self._files]
        if self._whole and not stale and not gone:
            return ExportResult(0, 0, len(self._files))
        self._refuse_to_overwrite(stale)
        self._begin(stale)
        written = 0
        if seal is not None:
            name = str(seal[0])
            self._write(name, seal[1])
            stale = [*(other for other in stale if other != name), name]
        self._incoming.mkdir(exist_ok=True)
        for name in progress("files", stale):
            written += self._bring(name)
        for name in gone:
            self._remove(name)
        self._incoming.rmdir()
        self._note(whole=True)
        return ExportResult(written, len(gone), len(self._files) - written)

    @property
    def _incoming(self) -> Path:
        return self._folder / _INCOMING

    def _is_as_it_should_be(self, name: str) -> bool:
        known = self._ours.get(name)
        if known is None or known[0] != self._files[name].made_of:
            return False
        return known[1:] == _look(self._folder / name)

    def _refuse_to_overwrite(self, stale: list[str]) -> None:
        for name in stale:
            if name not in self._ours and os.path.lexists(self._folder / name):
                raise FinewsError(
                    f"{self._folder / name} is there and not of an export, so it is left alone:"
                    " move it away, or export to another folder."
                )

    def _begin(self, stale: list[str]) -> None:
        """From here on the folder is half made, and whatever is written is known to be ours."""
        self._ours |= {name: ["", None] for name in stale}
        self._note(whole=False)

    def _bring(self, name: str) -> bool:
        """Make a file; whether it had to be written."""
        plan, path = self._files[name], self._folder / name
        data = plan.make()
        if data is None:
            self._remove(name)
            return False
        changed = path.is_symlink() or not path.is_file() or path.read_bytes() != data
        if changed:
            self._write(name, data)
        self._ours[name] = [plan.made_of, *_look(path)]
        return changed

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        staged = self._incoming / "file"
        staged.write_bytes(data)
        staged.replace(path)

    def _remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)
        self._ours.pop(name, None)
        for parent in PurePosixPath(name).parents[:-1]:
            try:
                (self._folder / parent).rmdir()
            except OSError:
                break  # there is more in it

    def _note(self, *, whole: bool) -> None:
        record = {"whole": whole, "files": self._ours}
        staged = self._folder / f"{_RECORD}.part"
        with staged.open("w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self._folder / _RECORD)


def _look(path: Path) -> list[int]:
    """Size and time of change of a file; empty where there is none."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [status.st_size, status.st_mtime_ns]


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / _RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        files = dict(record["files"])
        if any(name.startswith("/") or ".." in PurePosixPath(name).parts for name in files):
            raise ValueError("it names files outside of the folder, which could be removed")
        return {"whole": bool(record["whole"]), "files": files}
    except FileNotFoundError:
        return {"whole": False, "files": {}}
    except (ValueError, TypeError, KeyError) as error:
        raise FinewsError(
            f"{path}, which says what of {folder} is exported, cannot be read;"
            " delete the folder and export anew."
        ) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("a") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise FinewsError(f"Another export is at work in {folder}; try again later.") from None
        yield
