"""The catalog of an archive on read-only storage."""

from contextlib import ExitStack
from pathlib import Path

from archive.catalog.migrations import catalog_migrations, missing_parts
from archive.catalog.reader import CatalogReader
from archive.errors import ArchiveError, MisshapenCatalog
from archive.storage import connect_read_only
from archive.tables import Database


class ReadOnlyCatalog(CatalogReader):
    """A catalog that is only read, over one connection, and never migrated.

    :raises MisshapenCatalog: when it lacks tables or columns that every release creates.
    :raises ArchiveError: from every method, when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._access(), ExitStack() as failing:
            self._reader = connect_read_only(path)
            failing.callback(self._reader.close)
            catalog = Database(self._reader)
            if catalog_migrations.pending(catalog):
                raise ArchiveError(
                    f"The catalog {path} was written by an older release and cannot be updated "
                    "here; copy the archive to a writable folder."
                )
            if missing := missing_parts(catalog):
                raise MisshapenCatalog(path, missing)
            failing.pop_all()
