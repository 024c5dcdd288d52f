"""What crawls remember of the sites between runs, see `archive.crawl_state.state_file`."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from archive.crawl_state import host_blocks, retries
from archive.crawl_state.host_blocks import HostBlocks, names_of
from archive.crawl_state.retries import Retries
from archive.crawl_state.state_file import Tables

StateRows = dict[str, list[dict[str, Any]]]
"""The rows of a crawl state, by table."""

_TABLES: Tables = {
    "validators": {"url": str, "etag": str, "last_modified": str, "payload": str, "read": str},
    **host_blocks.TABLES,
    **retries.TABLES,
}
_HOST_IN = {
    "validators": "url",
    "blocks": "host",
    "answers": "host",
    "failures": "url",
    "pictures": "address",
}
"""The column of each table that says which host a row is about."""

_GROWS = {"blocks": "until", "answers": "last"}
"""The column of a table whose later time is the one to keep."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of a page's version (RFC 9110, section 8.8).

    :param payload: digest of the version as it was captured; None where it was not.
    :param read: when that version was read, ISO 8601, UTC.
    """

    etag: str | None
    last_modified: str | None
    payload: str | None = None
    read: str | None = None


class CrawlState(HostBlocks, Retries):
    """Store validators of lists, blocked hosts, and articles and pictures to be tried again.

    :param read_only: work on a copy in memory, and leave the file alone.
    """

    _tables = _TABLES

    def validators_of(self, url: str) -> Validators | None:
        """Return the validators of a page whose articles were all read; None for other pages."""
        row = self._row(
            "SELECT etag, last_modified, payload, read FROM validators WHERE url = ?", url
        )
        return Validators(*row) if row else None

    def forget_validators(self, ended: str) -> None:
        """Forget the validators of pages that were read after the last good crawl in the catalog.

        The catalog is then another one than that crawl's, such as one from a backup, and may lack
        the articles of the lists.

        :param ended: when that crawl ended, ISO 8601, UTC; empty when there is none.
        """
        with self._access():
            self._db.table("validators").delete_where("coalesce(read, '~') > ?", [ended])

    def store_validators(self, found: Mapping[str, Validators]) -> None:
        """Store the validators of pages, by address."""
        rows = [{"url": url} | asdict(validators) for url, validators in found.items()]
        with self._access():
            self._db.table("validators").upsert_all(rows, pk="url")

    def all(self) -> StateRows:
        """Return all rows, as plain data."""
        with self._access():
            return {table: list(self._db.table(table).rows) for table in _TABLES}

    def rows_of_hosts(self, hosts: Collection[str]) -> StateRows:
        """Return the rows that are about some hosts, as plain data.

        Articles that failed and have no page of their own are anybody's.
        """
        names = {None, *(name for host in hosts for name in names_of(host))}
        return {
            table: [row for row in rows if _host_of(row[_HOST_IN[table]]) in names]
            for table, rows in self.all().items()
        }

    def merge(self, memory: StateRows) -> None:
        """Take over the rows of another crawl state. No block becomes shorter by it.

        Tables and columns of a newer release are left out.
        """
        self._blocks = self._failing = self._noted = None
        with self._access():
            for table, columns in _TABLES.items():
                key = next(iter(columns))
                rows = [
                    {name: value for name, value in row.items() if name in columns}
                    for row in memory.get(table, ())
                ]
                if last := _GROWS.get(table):
                    rows = [row for row in rows if row[last] > self._stored(table, last, row)]
                self._db.table(table).upsert_all(rows, pk=key)

    def _stored(self, table: str, column: str, row: Mapping[str, Any]) -> str:
        """Return what a column has for the host of a row; empty when there is no such host."""
        stored = self._row(f"SELECT {column} FROM {table} WHERE host = ?", row["host"])  # noqa: S608
        return str(stored[0]) if stored else ""


def _host_of(address: str | None) -> str | None:
    if address is None or "://" not in address:
        return address
    return urlsplit(address).hostname
