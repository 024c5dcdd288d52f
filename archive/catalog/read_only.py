"""The catalog of an archive that can only be read."""

from pathlib import Path

from sqlite_utils import Database

from archive.catalog.migrations import catalog_migrations, missing_parts
from archive.catalog.reader import CatalogReader
from archive.errors import ArchiveError, MisshapenCatalog
from archive.storage import connect_read_only


class ReadOnlyCatalog(CatalogReader):
    """Reads a catalog over one connection and writes nothing, not even a newer shape.

    :raises MisshapenCatalog: when it lacks tables or columns that every released version has made.
    :raises ArchiveError: from every method, when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._access("open"):
            self._reader = connect_read_only(path)
            catalog = Database(self._reader)
            outdated = bool(catalog_migrations.pending(catalog))
            missing = missing_parts(catalog)
        if outdated:
            self.close()
            raise ArchiveError(
                f"The catalog {path} is of an older release and cannot be brought up to date here; "
                "copy the archive to a folder that can be written."
            )
        if missing:
            self.close()
            raise MisshapenCatalog(path, missing)
