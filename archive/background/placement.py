"""Where exchanges are kept that were handed over before anybody knew where."""

from array import array
from bisect import bisect_right
from dataclasses import replace
from operator import itemgetter

from archive.capture import Capture
from archive.errors import ArchiveError

LOST = ("", -1)
"""Of an exchange that the archive could not keep."""

_NOT_KNOWN_YET = ""


def ahead(number: int, *, url: str, fetched: str) -> Capture:
    """The capture of an exchange, by its number; `Places.of` tells where it really is."""
    return Capture(url=url, file=_NOT_KNOWN_YET, offset=number, fetched=fetched)


class Places:
    """File and offset of the exchanges of a crawl, in their order; eight bytes for each."""

    def __init__(self) -> None:
        self._files: list[tuple[int, str]] = []
        """Number of the first exchange in each, and name."""
        self._offsets = array("q")

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, file: str, offset: int) -> None:
        """The next exchange is kept there."""
        if not self._files or self._files[-1][1] != file:
            self._files.append((len(self._offsets), file))
        self._offsets.append(offset)

    def of(self, capture: Capture) -> Capture:
        """A capture that was made `ahead`, with its place; any other as it is.

        :raises IndexError: when the place is not known yet.
        :raises ArchiveError: when it has none.
        """
        if capture.file != _NOT_KNOWN_YET:
            return capture
        offset = self._offsets[capture.offset]
        _, file = self._files[bisect_right(self._files, capture.offset, key=itemgetter(0)) - 1]
        if (file, offset) == LOST:
            raise ArchiveError(f"The answer of {capture.url} could not be kept.")
        return replace(capture, file=file, offset=offset)
