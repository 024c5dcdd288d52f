"""The adapter to the private parts of Datasette 0.65: its databases, their threads and connections.

`tests/archive/browse/test_upstream.py` fails when Datasette no longer needs a part of it.
"""

import asyncio
import re
import sqlite3
import threading
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datasette.database import Database, Results

from archive.errors import ArchiveError
from archive.storage import CATALOG, identity_of, open_catalog

if TYPE_CHECKING:
    from datasette.app import Datasette

T = TypeVar("T")

_FIRST_PAGE = re.compile(
    r"""
    \Aselect\ (?:\w+,\ )*\w+\ from\ posts\ (?:where\ (?:(?!\b(?:union|intersect|except)\b).)*\ )?
    order\ by\ (?!info_code)\w+(?:\ desc)?(?=\ limit\ \d+\Z)
    """,
    re.DOTALL | re.VERBOSE,
)


# Datasette's query for the number of filtered posts, and the milliseconds that it may take.
_COUNT = re.compile(r"select count\(\*\) from posts where ")
_COUNTING_MS = 250


class CatalogDatabase(Database):
    """The catalog, with a total order of posts, a log without visitors' SQL, and the current file.

    Datasette 0.65 differs in four points:

    - It sorts the first page of a table by one column, and later pages by the key as well
      (https://github.com/simonw/datasette/issues/2019 is about that code). Where posts are equal in
      that column, such as posts of one second, a reader would see some twice and some never.
    - It prints all SQL that fails, with the visitor's input. Here errors of the server are printed
      where they are answered.
    - It puts the path into a URI unescaped.
    - It uses a connection for ever, even when the file has been replaced.

    :param folder: the folder of the archive.
    """

    def __init__(self, datasette: "Datasette", folder: Path) -> None:
        super().__init__(datasette, str(folder / CATALOG))
        self._folder = folder
        self._local = threading.local()

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open the catalog for reading; the site never writes to it.

        :raises ArchiveError: when the catalog is missing, or is not of this release.
        """
        assert not write
        connection = open_catalog(self._folder, check_same_thread=False)
        self._all_file_connections.append(connection)
        return connection

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with a connection, in one of Datasette's threads.

        The thread has the reader's language.

        :raises ArchiveError: when the catalog has been removed.
        """
        loop = asyncio.get_running_loop()
        inherited = copy_context()
        return await loop.run_in_executor(
            self.ds.executor, lambda: inherited.run(fn, self._connection())
        )

    def _connection(self) -> sqlite3.Connection:
        """Return the thread's connection to the current file."""
        opened = self._local.__dict__
        try:
            identity = identity_of(Path(self.path))
        except OSError as error:
            raise ArchiveError(f"There is no catalog {self.path}: {error.strerror}.") from error
        if opened.get("identity") != identity:
            if old := opened.pop("connection", None):
                self._all_file_connections.remove(old)
                old.close()
            opened["connection"] = self.connect()
            self.ds._prepare_connection(opened["connection"], self.name)
            opened["identity"] = identity
        connection: sqlite3.Connection = opened["connection"]
        return connection

    async def execute(self, sql: str, *arguments: Any, **options: Any) -> Results:
        """Run a query of Datasette, with a total order of posts and no errors in the log.

        Posts are counted for a short time only: pages show an estimate instead.
        """
        options["log_sql_errors"] = False
        if _COUNT.match(sql):
            options.setdefault("custom_time_limit", _COUNTING_MS)
        return await super().execute(with_total_order(sql), *arguments, **options)


class InternalDatabase(Database):
    """Datasette's in-memory database of tables and columns, whose connections are closed here
    (https://github.com/simonw/datasette/pull/2928)."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open a connection, and record it for `close`."""
        connection: sqlite3.Connection = super().connect(write)
        self._all_file_connections.append(connection)
        return connection


def with_total_order(sql: str) -> str:
    """Add the key to ORDER BY in Datasette's query for the first page of posts.

    Other SQL is returned unchanged.
    """
    return _FIRST_PAGE.sub(r"\g<0>, info_code", sql)


def close(datasette: "Datasette") -> None:
    """Wait for running queries, then close every connection; Datasette 0.65 cannot do so."""
    datasette.executor.shutdown()
    for database in datasette.databases.values():
        database.close()
