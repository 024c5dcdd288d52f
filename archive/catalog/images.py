"""The catalog's tables of pictures: which posts have which, and which files are kept of them."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sqlite_utils import Database

from archive.content import picture_address
from archive.storage import Picture, host_of

_LONGEST_ADDRESS = 2000


def create_pictures(db: Database) -> None:
    """Add the tables, filled with what the posts have."""
    for statement in _TABLES:
        db.execute(statement)
    illustrated = db.execute("SELECT info_code, pictures FROM posts WHERE pictures <> '[]'")
    for info_code, pictures in illustrated.fetchall():
        illustrate(db.conn, info_code, pictures)


def illustrate(connection: sqlite3.Connection, info_code: str, pictures: str) -> None:
    """Bring the rows of a post to what its newest version has.

    :param pictures: as the bodies write their addresses, a JSON array.
    """
    addresses = {
        address: host
        for source in json.loads(pictures)
        if (address := picture_address(source)) and len(address) <= _LONGEST_ADDRESS
        if (host := host_of(address))
    }
    connection.execute("DELETE FROM illustrations WHERE info_code = ?", [info_code])
    connection.executemany(
        "INSERT INTO illustrations (info_code, address, host) VALUES (?, ?, ?)",
        [(info_code, *about) for about in addresses.items()],
    )


def keep(connection: sqlite3.Connection, picture: Picture) -> None:
    """Note that a picture is kept."""
    connection.execute(_KEEP, asdict(picture))


def lose(connection: sqlite3.Connection, digest: str) -> None:
    """Note that the picture with a hash is kept no more: the next crawl asks for it."""
    connection.execute("DELETE FROM pictures WHERE sha256 = ?", [digest])


def missing(connection: sqlite3.Connection, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Info code and address of the pictures at some hosts that are not kept, the newest first."""
    yield from connection.execute(_MISSING, [json.dumps(list(hosts))])


_TABLES = (
    """
    CREATE TABLE pictures (
        address TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL,
        type TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        fetched TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE illustrations (
        info_code TEXT NOT NULL REFERENCES posts(info_code),
        address TEXT NOT NULL,
        host TEXT NOT NULL,
        PRIMARY KEY (info_code, address)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX pictures_by_hash ON pictures (sha256)",
)
_KEEP = """
    INSERT OR REPLACE INTO pictures (address, sha256, type, bytes, fetched)
    VALUES (:address, :sha256, :type, :bytes, :fetched)
"""
# Walks the key backwards, so that who wants just the newest does not pay for the rest.
_MISSING = """
    SELECT info_code, address FROM illustrations AS have
    WHERE host IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM pictures WHERE pictures.address = have.address)
    ORDER BY info_code DESC, address DESC
"""
