"""The table of addresses, by which feed, list, sitemap and shared link lead to one article."""

import json
import sqlite3
from collections.abc import Iterator

from archive.addresses import InvalidAddress, canonical_address
from archive.article_id import ArticleId, InfoCode
from archive.errors import InvalidInfoCode
from archive.tables import Database


def create_addresses(db: Database) -> None:
    """Create the table, and fill it from the posts."""
    db.execute(
        "CREATE TABLE addresses (address TEXT PRIMARY KEY, info_code TEXT REFERENCES"
        " posts(info_code)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX addresses_by_post ON addresses (info_code)")
    posts = db.execute(
        "SELECT info_code, link, addresses FROM post_files WHERE json_valid(addresses)"
    )
    for info_code, link, addresses in posts:
        record_addresses(db.conn, info_code, link, addresses)


def record_addresses(
    connection: sqlite3.Connection, info_code: str, link: str | None, addresses: str
) -> None:
    """Record that addresses lead to an article.

    An address of several articles, such as that of a list, leads to none.

    :param addresses: that the article was read from, a JSON array.
    """
    connection.executemany(
        _RECORD, [(own, info_code) for own in _own_addresses(info_code, link, addresses)]
    )


def article_at(connection: sqlite3.Connection, address: str) -> ArticleId | None:
    """Return the archived article that an address leads to; None without any.

    :raises InvalidAddress: when it is no address of the web.
    """
    known = "SELECT info_code FROM posts WHERE info_code = ?"
    if code := InfoCode.at_eastmoney(address):
        return code if connection.execute(known, [code]).fetchone() else None
    found = "SELECT info_code FROM addresses WHERE address = ?"
    row = connection.execute(found, [canonical_address(address)]).fetchone()
    return ArticleId(row[0]) if row and row[0] else None


def _own_addresses(info_code: str, link: str | None, addresses: str) -> Iterator[str]:
    """Yield the canonical addresses of an article.

    Without those that name another article of Eastmoney's by its code, and without those at
    Eastmoney's hosts, which name the article by themselves.
    """
    of_eastmoney = info_code.startswith("NW")
    for address in dict.fromkeys((link or "", *json.loads(addresses))):
        try:
            if not of_eastmoney or _may_lead_to(address, info_code):
                yield canonical_address(address)
        except InvalidAddress:
            continue


def _may_lead_to(address: str, info_code: str) -> bool:
    if InfoCode.at_eastmoney(address):
        return False
    try:
        return InfoCode.from_address(address) == info_code
    except InvalidInfoCode:
        return True


_RECORD = """
    INSERT INTO addresses (address, info_code) VALUES (?, ?)
    ON CONFLICT (address) DO UPDATE SET info_code = NULL
    WHERE info_code <> excluded.info_code
"""
