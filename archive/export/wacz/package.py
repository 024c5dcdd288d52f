"""Write the ZIP file of a WACZ, and the list of its files."""

import hashlib
import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from archive.storage import Closing
from archive.warc import SOFTWARE

_VERSION = "1.1.1"
#: Number of the extra field of ZIP for times.
_EXTENDED_TIMESTAMP = 0x5455

#: The earliest time that ZIP can record.
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


class Resource(Closing):
    """A file of a package, open for writing; `size` is the number of bytes written so far.

    :param done: receives the description of the file for the package when the file is closed.
    """

    def __init__(
        self, out: IO[bytes], path: str, done: Callable[[dict[str, object]], None]
    ) -> None:
        self.size = 0
        self._out = out
        self._path = path
        self._done = done
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._out.write(data)
        self._hash.update(data)
        self.size += len(data)

    def close(self) -> None:
        """Close the file, and describe it to the package."""
        self._out.close()
        self._done(
            {
                "name": self._path.rpartition("/")[2],
                "path": self._path,
                "hash": f"sha256:{self._hash.hexdigest()}",
                "bytes": self.size,
            }
        )


class Package:
    """A WACZ file, open for writing; it is complete at the end of the block.

    :param out: output, not necessarily seekable.
    :param title: title of the collection.
    :param created: time of writing, aware.
    """

    def __init__(self, out: IO[bytes], *, title: str, created: datetime) -> None:
        self._zip = ZipFile(out, "w")
        self._title = title
        self._created = created.astimezone(UTC)
        self._resources: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        with self._zip:
            if failed is None:
                self._describe()

    def add(self, path: str, *, compressed: bool = False) -> Resource:
        """Begin a file of the package; only one may be open at a time."""
        out = self._zip.open(self._entry(path, compressed), "w", force_zip64=True)
        return Resource(out, path, self._resources.append)

    def _entry(self, path: str, compressed: bool) -> ZipInfo:
        info = ZipInfo(path, max(self._created, _EARLIEST).timetuple()[:6])
        info.compress_type = ZIP_DEFLATED if compressed else ZIP_STORED
        # Python writes ZIP64 sizes into the local header only. ReplayWeb.page reads the length of
        # that header only where the central header has an extra field: here, the file's time.
        modified = int(self._created.timestamp()) & 0xFFFFFFFF
        info.extra = struct.pack("<HHBI", _EXTENDED_TIMESTAMP, 5, 1, modified)
        return info

    def _describe(self) -> None:
        package = {
            "profile": "data-package",
            "title": self._title,
            "created": f"{self._created:%Y-%m-%dT%H:%M:%SZ}",
            "wacz_version": _VERSION,
            "software": SOFTWARE,
            "resources": self._resources,
        }
        described = json.dumps(package, ensure_ascii=False, indent=1).encode()
        digest = {
            "path": "datapackage.json",
            "hash": f"sha256:{hashlib.sha256(described).hexdigest()}",
        }
        self._zip.writestr(self._entry("datapackage.json", compressed=True), described)
        entry = self._entry("datapackage-digest.json", compressed=True)
        self._zip.writestr(entry, json.dumps(digest))
