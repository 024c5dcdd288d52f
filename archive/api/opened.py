"""An archive that is open for reading, as of any time."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from archive.clock import utc_iso
from archive.errors import ArchiveError
from archive.storage import named_rows

M = TypeVar("M", bound=BaseModel)

# Later than every time of the catalog.
_ALWAYS = "~"


@dataclass(frozen=True, slots=True)
class OpenedArchive:
    """A folder of an archive, and a connection to its catalog that only reads."""

    folder: Path
    connection: sqlite3.Connection

    def rows(self, sql: str, **values: object) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        return named_rows(self.connection, sql, **values).fetchall()


def until(as_of: datetime | None) -> str:
    """Return the last time of a question in the format of the catalog.

    :param as_of: aware; None for the present state, which has every time.
    """
    return _ALWAYS if as_of is None else utc_iso(as_of)


def validated(model: type[M], row: Mapping[str, Any] | sqlite3.Row, **more: Any) -> M:
    """Return a model with the values of a row of the catalog.

    :param more: values that replace those of the row.
    :raises ArchiveError: when the row makes no sense, because somebody changed the catalog.
    """
    try:
        return model.model_validate({**dict(row), **more})
    except ValidationError as error:
        wrong = ", ".join(str(each["loc"][0]) for each in error.errors() if each["loc"])
        raise ArchiveError(
            f"A row of the catalog has no valid {wrong}; `finews rebuild` generates it again."
        ) from error
