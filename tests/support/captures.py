"""Exchanges and WARC files, as a crawl writes them."""

from datetime import UTC, datetime
from pathlib import Path

from archive.warc import (
    CaptureWriter,
    Exchange,
    Record,
    read_records,
    warc_files,
)

NOW = datetime(2026, 11, 22, 12, 30, 1, 5, UTC)

FIRST = "finews-20261122-00001.warc.gz"


def exchange(body: bytes, url: str = "http://site.test/a?id=1&id=2#top") -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_headers=[("Host", "site.test"), ("User-Agent", "finews")],
        status=200,
        response_headers=[("Content-Type", "text/html"), ("Set-Cookie", "a"), ("Set-Cookie", "b")],
        body=body,
        received=NOW,
    )


def writer(folder: Path, now: datetime = NOW, most_bytes: int = 1 << 20) -> CaptureWriter:
    return CaptureWriter(folder, now, most_bytes=most_bytes, find_payload=lambda _: None)


def end(captures: CaptureWriter) -> None:
    """End a writer as the archive does, whose catalog then has all payloads."""
    captures.forget_payloads(captures.sync())
    captures.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def all_records(folder: Path) -> list[Record]:
    return [record for path in warc_files(folder) for record in read_records(path)]
