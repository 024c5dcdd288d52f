"""Cache the results of queries that read the whole catalog."""

import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

#: Seconds after which a result is computed again although the catalog has not changed: some results
#: depend on the time of day.
_MAX_SECONDS = 600.0

#: Number of results in the cache.
_MAX_ENTRIES = 512

T = TypeVar("T")


class Cache:
    """Results by key, valid while the catalog does not change.

    The version of the catalog is inode, modification time and size of its two files. SQLite's
    `data_version` is of no use: it belongs to one connection, and Datasette has several.

    :param fresh_seconds: for which a result is returned although the catalog has changed: a crawl
        commits often.
    """

    def __init__(
        self,
        catalog: Path,
        *,
        fresh_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = (catalog, catalog.with_name(catalog.name + "-wal"))
        self._fresh_seconds, self._clock = fresh_seconds, clock
        self._lock = threading.Lock()
        self._results: dict[Hashable, tuple[float, object, Any]] = {}

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the result for `key`; call `compute` when none is fresh. Safe in threads."""
        version = tuple(map(_state, self._files))
        now = self._clock()
        with self._lock:
            computed, of_version, cached = self._results.get(key, (0.0, None, None))
        if of_version is not None:
            age = now - computed
            if age < self._fresh_seconds or (age < _MAX_SECONDS and of_version == version):
                result: T = cached
                return result
        result = compute()
        with self._lock:
            if len(self._results) >= _MAX_ENTRIES:
                self._results.clear()
            self._results[key] = (now, version, result)
        return result


def _state(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)
