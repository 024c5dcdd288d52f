"""Write the index of the records in a WACZ: CDXJ lines, sorted, compressed in blocks (ZipNum)."""

import json
import re
import zlib
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from archive.export.wacz.package import Package
from archive.storage import TemporaryDatabase

#: Number of lines in a compressed block.
_LINES_IN_BLOCK = 300
_WWW = re.compile(r"www\d*\.", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Argument ``wbits`` of zlib for the gzip format.
_GZIP = 31
_BLOCKS, _INDEX = "index.cdx.gz", "index.idx"


class RecordPlace(NamedTuple):
    """The place of a record in the WARC files of a package; offset and length in bytes."""

    file: str
    offset: int
    length: int


class Index(TemporaryDatabase):
    """The lines of the index."""

    def __init__(self) -> None:
        schema = "CREATE TABLE lines (key TEXT, timestamp TEXT, about TEXT)"
        super().__init__(schema, "list the records")

    def add(
        self,
        place: RecordPlace,
        url: str,
        date: str,
        mime: str | None,
        status: int | None,
        digest: str,
    ) -> None:
        """Add the line of a record.

        :param date: the record's WARC-Date.
        """
        about = {
            "url": url,
            "mime": mime,
            "status": None if status is None else str(status),
            "digest": digest,
            "length": str(place.length),
            "offset": str(place.offset),
            "filename": place.file,
        }
        line = json.dumps({name: value for name, value in about.items() if value})
        self._db.execute(
            "INSERT INTO lines VALUES (?, ?, ?)", (key_of(url), timestamp_of(date), line)
        )

    def write(self, package: Package) -> None:
        """Write all lines, and an index of their blocks."""
        blocks = [f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': _BLOCKS})}\n"]
        with package.add(f"indexes/{_BLOCKS}") as out:
            lines = self._lines()
            while block := list(islice(lines, _LINES_IN_BLOCK)):
                begin = block[0].partition(" {")[0]
                data = zlib.compress("".join(block).encode(), wbits=_GZIP)
                about = {
                    "offset": out.size,
                    "length": len(data),
                    "digest": f"sha256:{sha256(data).hexdigest()}",
                }
                blocks.append(f"{begin} {json.dumps(about)}\n")
                out.write(data)
        with package.add(f"indexes/{_INDEX}", compressed=True) as out:
            out.write("".join(blocks).encode())

    def _lines(self) -> Iterator[str]:
        rows = self._db.execute("SELECT * FROM lines ORDER BY key, timestamp, about")
        return (f"{key} {timestamp} {about}\n" for key, timestamp, about in rows)


def timestamp_of(date: str) -> str:
    """Return a WARC-Date as 14 digits, such as ``20261122123001``."""
    return re.sub(r"[^0-9]", "", date)[:14]


def key_of(url: str) -> str:
    """Return the sort key of an address (SURT), in lower case.

    It has the labels of the host in reverse order, without ``www``, the path, and the sorted query.
    """
    url = url.lower()
    try:
        parts = urlsplit(url)
        host, port = _WWW.sub("", parts.hostname or "", count=1), parts.port
    except ValueError:
        return url
    if parts.scheme not in _DEFAULT_PORTS:
        return url
    key = ",".join(reversed(host.split(".")))
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        key += f":{port}"
    key += f"){parts.path or '/'}"
    return f"{key}?{'&'.join(sorted(parts.query.split('&')))}" if parts.query else key
