"""The catalog's tables of pictures: those that posts show, and those that are stored."""

import json
import sqlite3

from archive.content import picture_address
from archive.storage import host_of
from archive.tables import Database

# Characters of the longest address that is recorded.
_LONGEST_ADDRESS = 2000


def create_pictures(db: Database) -> None:
    """Create the tables, and fill them from the posts."""
    for statement in _TABLES:
        db.execute(statement)
    illustrated = db.execute("SELECT info_code, pictures FROM posts WHERE pictures <> '[]'")
    for info_code, pictures in illustrated.fetchall():
        illustrate(db.conn, info_code, pictures)


def illustrate(connection: sqlite3.Connection, info_code: str, pictures: str) -> None:
    """Replace the picture addresses that are recorded for a post.

    :param pictures: addresses as the body writes them, a JSON array.
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
