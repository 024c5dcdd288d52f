"""The adapter to the private parts of Datasette 0.65: its databases, their threads and connections.

`tests/archive/browse/test_upstream.py` fails when Datasette no longer needs a part of it.
"""

import asyncio
import re
import sqlite3
import threading
from collections.abc import Callable
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


class CatalogDatabase(Database):
    """Sorts the posts of a table's page to the end, keeps visitors' mistakes out of the log, and
    reads the file that is there now.

    Datasette 0.65 sorts a table's first page by one column, and those that follow by the key as
    well (https://github.com/simonw/datasette/issues/2019 is about that code). Of posts that are
    alike in that column, such as those of one second, a reader who turns pages would get some twice
    and some never. It also prints whatever SQL fails, the visitor's words included; what is not
    their doing is printed where it is answered. And it makes an address of the path as it is,
    whatever characters it has, and keeps a connection for good.

    :param folder: the archive's.
    """

    def __init__(self, datasette: "Datasette", folder: Path) -> None:
        super().__init__(datasette, str(folder / CATALOG))
        self._folder = folder
        self._of_thread = threading.local()

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open the catalog for reading; nothing of ours writes to it.

        :raises ArchiveError: when it is not there, or not a catalog of this release.
        """
        assert not write
        connection = open_catalog(self._folder, check_same_thread=False)
        self._all_file_connections.append(connection)
        return connection

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with a connection, in a thread of Datasette's.

        :raises ArchiveError: when the catalog is not there any more.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.ds.executor, lambda: fn(self._connection()))

    def _connection(self) -> sqlite3.Connection:
        """The thread's connection to the file that is there now."""
        opened = self._of_thread.__dict__
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
        """What Datasette asks."""
        options["log_sql_errors"] = False
        return await super().execute(sorted_to_the_end(sql), *arguments, **options)


class InternalDatabase(Database):
    """Datasette's own database of tables and columns, in memory, whose connections it would leave
    open (https://github.com/simonw/datasette/pull/2928)."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Open a connection that `close` closes."""
        connection: sqlite3.Connection = super().connect(write)
        self._all_file_connections.append(connection)
        return connection


def sorted_to_the_end(sql: str) -> str:
    """Datasette's query for the first page of posts with the key as its last term of ORDER BY;
    any other SQL as it is."""
    return _FIRST_PAGE.sub(r"\g<0>, info_code", sql)


def close(datasette: "Datasette") -> None:
    """Wait for what is being asked, then close every connection; Datasette 0.65 has no way to."""
    datasette.executor.shutdown()
    for database in datasette.databases.values():
        database.close()
