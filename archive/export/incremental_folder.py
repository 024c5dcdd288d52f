"""Export files into a folder, and write again only the files that have changed.

The file `.finews-export.json` in the folder records the exported files, each with a digest of its
inputs. Files that it does not name are never overwritten and never removed.
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
from archive.storage import require_file, require_folder

_RECORD = ".finews-export.json"
_LOCK = ".finews-export.lock"
_INCOMING = ".finews-export.part"


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that an export should contain.

    :param inputs_digest: digest of all inputs of the file; see `digest`.
    :param generate: returns the bytes of the file, or None when it cannot be generated. Called only
        when `inputs_digest` is new, or when somebody else has changed the file.
    """

    inputs_digest: str
    generate: Callable[[], bytes | None]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The number of files that an export has written, removed, and left unchanged."""

    written: int
    removed: int
    untouched: int


def digest(*parts: object) -> str:
    """Return a hash of the inputs of a file."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def planned(data: bytes) -> Planned:
    """Return the plan for a file whose bytes are known."""
    return Planned(sha256(data).hexdigest()[:32], lambda: data)


def export_to(
    folder: Path,
    files: Mapping[PurePosixPath, Planned],
    progress: Progress = silent,
    *,
    seal: tuple[PurePosixPath, bytes] | None = None,
) -> ExportResult:
    """Update a folder: write files that are new or have changed, remove exported files not listed.

    Files are written in the given order, each atomically. The next export completes one that was
    interrupted.

    :param folder: created when it does not exist.
    :param seal: a path among `files`, and the bytes that the file has while others change. A reader
        recognises by them that the folder is incomplete.
    :raises FinewsError: when a file of somebody else has the name of an exported file, when
        something else is in the place of the export's own files, when another export runs in the
        folder, or when writing fails. The next export completes the folder.
    """
    for path in (folder, folder / _INCOMING):
        require_folder(path)
    for name in (_RECORD, f"{_RECORD}.part", _LOCK, f"{_INCOMING}/file"):
        require_file(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            return _Export(folder, files).run(progress, seal)
    except OSError as error:
        place = error.filename2 or error.filename or folder
        raise FinewsError(f"Could not export to {place}: {error.strerror or error}.") from error


class _Export:
    def __init__(self, folder: Path, files: Mapping[PurePosixPath, Planned]) -> None:
        self._folder = folder
        self._files = {str(path): plan for path, plan in files.items()}
        record = _read_record(folder)
        self._complete: bool = record["whole"]
        self._exported: dict[str, list[Any]] = record["files"]

    def run(self, progress: Progress, seal: tuple[PurePosixPath, bytes] | None) -> ExportResult:
        stale = [name for name in self._files if not self._is_current(name)]
        gone = [name for name in self._exported if name not in self._files]
        if self._complete and not stale and not gone:
            return ExportResult(0, 0, len(self._files))
        self._refuse_to_overwrite(stale)
        # Recorded first: after a kill, these files are known to be exported.
        self._exported |= {name: ["", None] for name in stale}
        self._write_record(complete=False)
        written = 0
        if seal is not None:
            name = str(seal[0])
            self._write(name, seal[1])
            stale = [*(other for other in stale if other != name), name]
        self._incoming.mkdir(exist_ok=True)
        for name in progress("files", stale):
            written += self._update(name)
        for name in gone:
            self._remove(name)
        self._incoming.rmdir()
        self._write_record(complete=True)
        return ExportResult(written, len(gone), len(self._files) - written)

    @property
    def _incoming(self) -> Path:
        return self._folder / _INCOMING

    def _is_current(self, name: str) -> bool:
        recorded = self._exported.get(name)
        if recorded is None or recorded[0] != self._files[name].inputs_digest:
            return False
        return recorded[1:] == _size_and_time(self._folder / name)

    def _refuse_to_overwrite(self, stale: list[str]) -> None:
        for name in stale:
            if name not in self._exported and os.path.lexists(self._folder / name):
                raise FinewsError(
                    f"{self._folder / name} exists and no export has written it, so it is not"
                    " overwritten: move it away, or export to another folder."
                )

    def _update(self, name: str) -> bool:
        """Generate a file; return whether it was written."""
        plan, path = self._files[name], self._folder / name
        data = plan.generate()
        if data is None:
            self._remove(name)
            return False
        changed = path.is_symlink() or not path.is_file() or path.read_bytes() != data
        if changed:
            self._write(name, data)
        self._exported[name] = [plan.inputs_digest, *_size_and_time(path)]
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
        self._exported.pop(name, None)
        for parent in PurePosixPath(name).parents[:-1]:
            try:
                (self._folder / parent).rmdir()
            except OSError:
                break  # the folder is not empty

    def _write_record(self, *, complete: bool) -> None:
        record = {"whole": complete, "files": self._exported}
        staged = self._folder / f"{_RECORD}.part"
        with staged.open("w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self._folder / _RECORD)


def _size_and_time(path: Path) -> list[int]:
    """Return a file's size in bytes and modification time in nanoseconds; empty when missing."""
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
            f"{path}, the list of exported files, cannot be read: {error}."
            f" Delete the folder {folder} and export again."
        ) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("a") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise FinewsError(f"Another export is running in {folder}; try again later.") from None
        yield
