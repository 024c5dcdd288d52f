"""Opens the SQLite files of an archive for reading, also where nothing can be written."""

import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Self

from archive.errors import ArchiveError
from archive.storage.files import require_archive

CATALOG = "catalog.db"
_BUSY_SECONDS = 30.0
_MEMORY = Path(":memory:")

_TABLES = frozenset(
    {
        *("posts", "editions", "post_files", "revisions", "changes", "posts_search"),
        "posts_per_media",
        *("mentions", "securities", "illustrations", "pictures", "crawls"),
    }
)
"""Tables and views of a catalog that pages and exports read."""


def plain(database: Path) -> Path:
    """Return a path that SQLite takes for no address, whatever it begins with.

    ``:memory:`` stays what it is.
    """
    return database if database == _MEMORY else database.absolute()


def is_writable(database: Path) -> bool:
    """Return whether this process may write a database and the files that SQLite puts beside it."""
    return os.access(database, os.W_OK) and os.access(database.parent, os.W_OK)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error means that a file is damaged, or no database at all.

    A file that is busy, locked or not readable just now is none of that.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary one of an extended code
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def sqlite_errors(
    action: str, remedy: str = "", damage: type[ArchiveError] = ArchiveError
) -> Iterator[None]:
    """Raise an error of SQLite in this block as an `ArchiveError` of one sentence.

    :param action: what failed, such as "Could not read the catalog news/catalog.db".
    :param remedy: what to do about a damaged file.
    :param damage: what is raised for a damaged file.
    """
    try:
        yield
    except sqlite3.Error as error:
        if not is_damage(error):
            raise ArchiveError(f"{action}: {error}.") from error
        advice = f"; {remedy}" if remedy else ""
        raise damage(f"{action}: {error}{advice}.") from error


class TemporaryDatabase:
    """A file without a name, gone when it is closed, so that memory does not grow with the rows.

    :param schema: statements that create its tables.
    :param purpose: what it is for, in the error of a disk without room: "list the files".
    :raises ArchiveError: when its block is left because of an error of SQLite.
    """

    def __init__(self, schema: str, purpose: str) -> None:
        self._purpose = purpose
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(f"PRAGMA journal_mode = OFF; {schema}; BEGIN;")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        self._db.close()
        if isinstance(error, sqlite3.Error):
            raise ArchiveError(f"Could not {self._purpose}: {error}.") from error


def connect_read_only(
    database: Path, *, timeout: float = _BUSY_SECONDS, check_same_thread: bool = True
) -> sqlite3.Connection:
    """Connect to a database without writing to it.

    In a folder that cannot be written the file is opened as immutable, because SQLite would create
    an index of the write-ahead log beside it.

    :raises sqlite3.Error: when it cannot be opened, or when its last changes are in a write-ahead
        log that SQLite cannot read there.
    """
    address = f"{database.resolve().as_uri()}?mode=ro"
    if _is_immutable(database):
        address += "&immutable=1"
    elif _has_content(_beside(database, "-wal")) and not (
        is_writable(database) or _beside(database, "-shm").exists()
    ):
        raise sqlite3.OperationalError(
            f"its last changes are in {database.name}-wal, which SQLite reads only in a folder that"
            " it can write; copy the archive to one"
        )
    return sqlite3.connect(
        address,
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=check_same_thread,
    )


def identity_of(database: Path) -> tuple[object, ...]:
    """Return a value that changes when a connection to a database no longer shows what is there.

    :raises OSError: when the file is not there.
    """
    status = database.stat()
    identity = (status.st_dev, status.st_ino)
    if _is_immutable(database):  # then SQLite notices no change by itself
        return *identity, status.st_mtime_ns, status.st_size
    return identity


def open_catalog(folder: Path, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """Connect to the catalog of an archive without writing to it.

    :raises ArchiveError: when there is no archive, or no catalog of this release in it.
    """
    require_archive(folder)
    catalog = folder / CATALOG
    if not catalog.is_file():
        raise ArchiveError(
            f"The archive {folder} has no catalog.db; `finews rebuild {shlex.quote(str(folder))}` "
            "generates it from the files."
        )
    with ExitStack() as failing:
        with sqlite_errors(f"Could not read the catalog {catalog}"):
            connection = connect_read_only(catalog, check_same_thread=check_same_thread)
            failing.callback(connection.close)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if missing := _TABLES - tables:
            raise ArchiveError(
                f"The catalog {catalog} has no {min(missing)}: it is none of an archive, or an old"
                f" one; `finews verify {shlex.quote(str(folder))}` brings it up to date, or names"
                " what does."
            )
        failing.pop_all()
    return connection


def _is_immutable(database: Path) -> bool:
    """Whether nothing can change a database here, and nothing waits to be written to it."""
    waiting = (_beside(database, suffix) for suffix in ("-wal", "-journal"))
    return not is_writable(database) and not any(map(_has_content, waiting))


def _has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _beside(database: Path, suffix: str) -> Path:
    file = database.resolve()
    return file.with_name(file.name + suffix)


def damage_of(catalog: Path) -> list[str]:
    """What SQLite finds wrong with a database, a sentence each; empty when all is well.

    :raises ArchiveError: when it cannot be read just now, as one that another program has locked.
    """
    try:
        with closing(connect_read_only(catalog)) as connection:
            told = [row[0] for row in connection.execute("PRAGMA quick_check")]
    except sqlite3.Error as error:
        if not is_damage(error):
            raise ArchiveError(f"Could not read the catalog {catalog}: {error}.") from error
        return [str(error)]
    return [] if told == ["ok"] else told
