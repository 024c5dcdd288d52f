"""Remembers what is costly to count over the whole catalog."""

import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

_FRESH_SECONDS = 5.0
"""An answer this young is given even though the catalog has changed: a crawl commits often."""
_KEPT_SECONDS = 600.0
"""An answer this old is made anew even though nothing changed: some depend on the time of day."""
_ENTRIES = 512

T = TypeVar("T")


class Cache:
    """Answers by key, for as long as the catalog stays as it was.

    The version of the catalog is which its two files are, and when and how far they were written.
    SQLite's own `data_version` would not do: it is a number of one connection, and Datasette has
    several.
    """

    def __init__(self, catalog: Path) -> None:
        self._files = (catalog, catalog.with_name(catalog.name + "-wal"))
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[float, object, Any]] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer for `key`, made by `make` when none is fresh. May be called from threads."""
        version = tuple(map(_state, self._files))
        now = time.monotonic()
        with self._lock:
            made, of_version, answer = self._answers.get(key, (0.0, None, None))
        if of_version is not None:
            age = now - made
            if age < _FRESH_SECONDS or (age < _KEPT_SECONDS and of_version == version):
                result: T = answer
                return result
        result = make()
        with self._lock:
            if len(self._answers) >= _ENTRIES:
                self._answers.clear()
            self._answers[key] = (now, version, result)
        return result


def _state(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)
