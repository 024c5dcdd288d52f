"""The catalog's table of pictures: a row for each that an article has, kept or not."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sqlite_utils import Database

from archive.body import picture_address
from archive.media import Picture, host_of, media_path

_LONGEST_ADDRESS = 2000


def create_pictures(db: Database) -> None:
    """Add the table, filled with what the posts have."""
    for statement in _TABLE:
        db.execute(statement)
    illustrated = db.execute("SELECT info_code, pictures FROM posts WHERE pictures <> '[]'")
    for info_code, pictures in illustrated.fetchall():
        put_pictures(db.conn, info_code, pictures)


def put_pictures(connection: sqlite3.Connection, info_code: str, pictures: str) -> None:
    """Bring the rows of a post to what its newest version has.

    What was kept of an earlier version stays. What is kept of another post is kept of this one.

    :param pictures: as the bodies write their addresses, a JSON array.
    """
    addresses = {
        address: host
        for source in json.loads(pictures)
        if (address := picture_address(source)) and len(address) <= _LONGEST_ADDRESS
        if (host := host_of(address))
    }
    connection.execute(_DROP, [info_code, json.dumps(list(addresses))])
    connection.executemany(_ADD, [(info_code, *about) for about in addresses.items()])


def keep(connection: sqlite3.Connection, picture: Picture) -> None:
    """Note that a picture is kept, of every post that has it."""
    connection.execute(_KEEP, asdict(picture))


def lose(connection: sqlite3.Connection, digest: str) -> None:
    """Note that the picture with a hash is kept no more: the next crawl asks for it."""
    connection.execute(_LOSE, [digest])


def is_wanted(connection: sqlite3.Connection, address: str) -> bool:
    """Whether a post has the picture."""
    found = connection.execute("SELECT 1 FROM pictures WHERE address = ? LIMIT 1", [address])
    return found.fetchone() is not None


def missing(connection: sqlite3.Connection, hosts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Info code and address of the pictures at some hosts that are not kept, the newest first."""
    yield from connection.execute(_MISSING, [json.dumps(list(hosts))])


def kept(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Path below the archive's folder and SHA-256 of every file that is kept."""
    files = "SELECT DISTINCT sha256, type FROM pictures WHERE sha256 IS NOT NULL"
    for digest, kind in connection.execute(files):
        yield media_path(digest, kind), digest


_TABLE = (
    """
    CREATE TABLE pictures (
        info_code TEXT NOT NULL REFERENCES posts(info_code),
        address TEXT NOT NULL,
        host TEXT NOT NULL,
        sha256 TEXT,
        type TEXT,
        bytes INTEGER,
        fetched TEXT,
        PRIMARY KEY (info_code, address)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX pictures_by_address ON pictures (address)",
    "CREATE INDEX pictures_by_hash ON pictures (sha256) WHERE sha256 IS NOT NULL",
    "CREATE INDEX pictures_missing ON pictures (host) WHERE sha256 IS NULL",
)
_DROP = """
    DELETE FROM pictures WHERE info_code = ? AND sha256 IS NULL
    AND address NOT IN (SELECT value FROM json_each(?))
"""
_ADD = """
    INSERT OR IGNORE INTO pictures (info_code, address, host, sha256, type, bytes, fetched)
    SELECT ?1, ?2, ?3, sha256, type, bytes, fetched FROM (SELECT 1) LEFT JOIN (
        SELECT * FROM pictures WHERE address = ?2 AND sha256 IS NOT NULL LIMIT 1
    )
"""
_KEEP = """
    UPDATE pictures SET sha256 = :sha256, type = :type, bytes = :bytes, fetched = :fetched
    WHERE address = :address
"""
_LOSE = """
    UPDATE pictures SET sha256 = NULL, type = NULL, bytes = NULL, fetched = NULL
    WHERE sha256 = ?
"""
_MISSING = """
    SELECT info_code, address FROM pictures
    WHERE sha256 IS NULL AND host IN (SELECT value FROM json_each(?))
    ORDER BY info_code DESC, address
"""
