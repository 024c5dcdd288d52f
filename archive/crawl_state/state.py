"""The crawl state: all tables of the file that crawls share between runs."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from archive.crawl_state import host_blocks, retries
from archive.crawl_state.host_blocks import HostBlocks, names_of
from archive.crawl_state.retries import Retries
from archive.crawl_state.state_file import Tables

# The rows of a crawl state, by table.
StateRows = dict[str, list[dict[str, Any]]]

_TABLES: Tables = {
    "validators": {"url": str, "etag": str, "last_modified": str, "payload": str, "read": str},
    **host_blocks.TABLES,
    **retries.TABLES,
}
# Column of each table that has the host, or an address at the host, of a row.
_HOST_IN = {
    "validators": "url",
    "blocks": "host",
    "answers": "host",
    "failures": "url",
    "pictures": "address",
}

# Column of a table with a time; of two rows for one host, the later time is stored.
_GROWS = {"blocks": "until", "answers": "last"}


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators that a server sent with a page (RFC 9110, section 8.8).

    :param payload: digest of the captured page; None when it was not captured.
    :param read: when the page was read, ISO 8601, UTC.
    """

    etag: str | None
    last_modified: str | None
    payload: str | None = None
    read: str | None = None


class CrawlState(HostBlocks, Retries):
    """Store validators of lists, blocked hosts, and failed articles and pictures.

    :param read_only: work on a copy in memory, and do not write the file.
    """

    _tables = _TABLES

    def validators_of(self, url: str) -> Validators | None:
        """Return the validators of a page whose articles were all read; None for other pages."""
        row = self._row(
            "SELECT etag, last_modified, payload, read FROM validators WHERE url = ?", url
        )
        return Validators(*row) if row else None

    def forget_validators(self, ended: str) -> None:
        """Delete the validators of pages that were read after the catalog's last good crawl.

        Such validators show that the catalog is older than this file, for example restored from a
        backup. It may lack the articles of those pages.

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
        """Return the rows for some hosts, as plain data.

        Failed articles without a page belong to every host.
        """
        names = {None, *(name for host in hosts for name in names_of(host))}
        return {
            table: [row for row in rows if _host_of(row[_HOST_IN[table]]) in names]
            for table, rows in self.all().items()
        }

    def merge(self, rows_by_table: StateRows) -> None:
        """Add the rows of another crawl state. No block becomes shorter.

        Tables and columns of a newer release are ignored.
        """
        self._blocks = self._failing = self._stored_answers = None
        with self._access():
            for table, columns in _TABLES.items():
                key = next(iter(columns))
                rows = [
                    {name: value for name, value in row.items() if name in columns}
                    for row in rows_by_table.get(table, ())
                ]
                if last := _GROWS.get(table):
                    rows = [row for row in rows if row[last] > self._stored(table, last, row)]
                self._db.table(table).upsert_all(rows, pk=key)

    def _stored(self, table: str, column: str, row: Mapping[str, Any]) -> str:
        """Return the stored value of a column for the host of a row; empty without such a host."""
        stored = self._row(f"SELECT {column} FROM {table} WHERE host = ?", row["host"])  # noqa: S608
        return str(stored[0]) if stored else ""


def _host_of(address: str | None) -> str | None:
    if address is None or "://" not in address:
        return address
    return urlsplit(address).hostname
