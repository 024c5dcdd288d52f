"""Open the SQLite files of an archive for reading, also on read-only storage."""

import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Self

from archive.errors import ArchiveError
from archive.storage.files import require_archive
from archive.storage.paths import real_path

CATALOG = "catalog.db"
#: The file of what readers mark and of the notices that were sent: it cannot be generated again.
READER = "reader.db"

#: Seconds to wait for a database that another process is writing.
BUSY_SECONDS = 30.0
_MEMORY = Path(":memory:")

# Number of compiled statements that a connection keeps; the default of `sqlite3`.
_CACHED_STATEMENTS = 128

# Tables and views of a catalog that pages and exports read.
_TABLES = frozenset(
    {
        *("posts", "editions", "post_files", "revisions", "versions", "posts_search"),
        "posts_per_media",
        *("absences", "events", "mentions", "securities", "security_keys", "illustrations"),
        *("pictures", "crawls"),
    }
)


def plain(database: Path) -> Path:
    """Return a path that SQLite never reads as a URI, whatever the path begins with.

    ``:memory:`` is returned unchanged.
    """
    return database if database == _MEMORY else database.absolute()


def is_writable(database: Path) -> bool:
    """Return whether this process may write a database and the files that SQLite puts next to it.

    :param database: path of an SQLite file.
    """
    return os.access(database, os.W_OK) and os.access(database.parent, os.W_OK)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error means that a file is damaged or is not a database.

    A file that is busy, locked or temporarily unreadable is not damaged.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # primary code of an extended code
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def why(error: sqlite3.Error) -> str:
    """Return the reason of an error, as the end of a sentence."""
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return "the disk is full, and SQLite needs 32 kB next to a database to read it"
    return str(error)


@contextmanager
def sqlite_errors(
    action: str, remedy: str = "", damage: type[ArchiveError] = ArchiveError
) -> Iterator[None]:
    """Turn an error of SQLite in this block into an `ArchiveError` of one sentence.

    :param action: what failed, such as "Could not read the catalog news/catalog.db".
    :param remedy: what the user can do about a damaged file.
    :param damage: the class to raise for a damaged file.
    """
    try:
        yield
    except sqlite3.Error as error:
        if not is_damage(error):
            raise ArchiveError(f"{action}: {why(error)}.") from error
        advice = f"; {remedy}" if remedy else ""
        raise damage(f"{action}: {error}{advice}.") from error


class TemporaryDatabase:
    """A database in an unnamed temporary file, so that memory use does not grow with the rows.

    The file is deleted at the end of the block.

    :param schema: SQL statements that create the tables.
    :param purpose: what the database is used for, completes the error of a full disk: "Could not
        list the files".
    :raises ArchiveError: when an error of SQLite ends the block.
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


def connect(database: Path, *, shared: bool = False) -> sqlite3.Connection:
    """Connect to a database for reading and writing, from any thread; create it if it is missing.

    :param shared: threads use the connection at the same time. From Python 3.12 on, two that run
        the same SQL may get one cached statement, and so each other's rows
        (https://github.com/python/cpython/issues/118172).
    :raises sqlite3.Error: when the file cannot be opened.
    """
    _require_access(database, os.R_OK, "this user may not read it")
    _require_access(database, os.W_OK, "this user may not write it")
    return sqlite3.connect(
        plain(database),
        timeout=BUSY_SECONDS,
        check_same_thread=False,
        cached_statements=0 if shared else _CACHED_STATEMENTS,
    )


def _require_access(database: Path, mode: int, reason: str) -> None:
    """Name the reason for which SQLite would only report that it is unable to open a file."""
    if database.exists() and not os.access(database, mode):
        raise sqlite3.OperationalError(reason)


def connect_read_only(database: Path, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """Connect to a database without writing to it.

    In a read-only folder, the file is opened as immutable, because SQLite would otherwise create
    an index of the write-ahead log next to it.

    :raises sqlite3.Error: when the file cannot be opened, or when its last changes are in a
        write-ahead log that SQLite cannot read in this folder.
    """
    _require_access(database, os.R_OK, "this user may not read it")
    address = f"{real_path(database).as_uri()}?mode=ro"
    if _is_immutable(database):
        address += "&immutable=1"
    elif _has_content(_companion(database, "-wal")) and not (
        is_writable(database) or _companion(database, "-shm").exists()
    ):
        raise sqlite3.OperationalError(
            f"its last changes are in {database.name}-wal, which SQLite can read only in a writable"
            " folder; copy the archive to one"
        )
    return sqlite3.connect(
        address,
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=check_same_thread,
    )


def named_rows(
    connection: sqlite3.Connection, sql: str, /, *parameters: object, **named: object
) -> sqlite3.Cursor:
    """Return the rows that an SQL query finds, with named columns.

    :param parameters: in the order of the question marks; or `named`, for ``:name``.
    """
    found = connection.cursor()
    found.row_factory = sqlite3.Row
    return found.execute(sql, named or parameters)


def identity_of(database: Path) -> tuple[object, ...]:
    """Return a value that changes when an open connection no longer shows the present database.

    :raises OSError: when the file does not exist.
    """
    status = database.stat()
    identity = (status.st_dev, status.st_ino)
    if _is_immutable(database):  # SQLite does not notice changes of an immutable file
        return *identity, status.st_mtime_ns, status.st_size
    return identity


def open_catalog(folder: Path, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """Connect to the catalog of an archive without writing to it.

    :param folder: of the archive.
    :raises ArchiveError: when the folder is no archive, or has no catalog of this release.
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
                f"The catalog {catalog} has no {min(missing)}: it was written by an older release,"
                f" or is not a catalog; run `finews verify {shlex.quote(str(folder))}`, which"
                " updates it or reports how to."
            )
        failing.pop_all()
    return connection


@contextmanager
def reading_catalog(folder: Path) -> Iterator[sqlite3.Connection]:
    """Read one state of the catalog in this block, whatever is written meanwhile.

    :param folder: of the archive.
    :raises ArchiveError: when there is no catalog of this release, or it cannot be read.
    """
    with (
        sqlite_errors(f"Could not read the catalog of {folder}"),
        closing(open_catalog(folder)) as connection,
    ):
        connection.execute("BEGIN")
        yield connection


def _is_immutable(database: Path) -> bool:
    """Return whether a database is on read-only storage and has no unfinished changes."""
    waiting = (_companion(database, suffix) for suffix in ("-wal", "-journal"))
    return not is_writable(database) and not any(map(_has_content, waiting))


def _has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _companion(database: Path, suffix: str) -> Path:
    """Return the path of a file that SQLite puts next to a database, such as ``….db-wal``."""
    file = real_path(database)
    return file.with_name(file.name + suffix)


def damage_of(catalog: Path) -> list[str]:
    """Return the problems that SQLite finds in a database, a sentence each; empty without any.

    :raises ArchiveError: when the file is locked by another program, or cannot be read.
    """
    try:
        with closing(connect_read_only(catalog)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA quick_check")]
    except sqlite3.Error as error:
        if not is_damage(error):
            raise ArchiveError(f"Could not read the catalog {catalog}: {why(error)}.") from error
        return [str(error)]
    return [] if found == ["ok"] else found
