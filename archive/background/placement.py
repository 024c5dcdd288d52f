"""Find the captures of exchanges that were sent to the subprocess before it had written them.

The crawl numbers the exchanges that it sends. An answer of the subprocess brings the places, file
and offset, of those that it has written since.
"""

from array import array
from bisect import bisect_right
from dataclasses import replace
from operator import itemgetter

from archive.capture import Capture
from archive.errors import ArchiveError

#: The place of an exchange that the archive could not store.
LOST = ("", -1)

_NOT_KNOWN_YET = ""


def provisional(number: int, *, url: str, fetched: str) -> Capture:
    """Return a capture with the number of its exchange; `Places.of` returns the real one."""
    return Capture(url=url, file=_NOT_KNOWN_YET, offset=number, fetched=fetched)


class Places:
    """The places of the exchanges of a crawl, in their order; eight bytes for each."""

    def __init__(self) -> None:
        # The number of the first exchange in each file, and the file's name.
        self._files: list[tuple[int, str]] = []
        self._offsets = array("q")

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, file: str, offset: int) -> None:
        """Add the place of the next exchange."""
        if not self._files or self._files[-1][1] != file:
            self._files.append((len(self._offsets), file))
        self._offsets.append(offset)

    def of(self, capture: Capture) -> Capture:
        """Return the real capture for a `provisional` one; return any other as it is.

        :raises IndexError: when the place is not known yet.
        :raises ArchiveError: when the exchange could not be stored.
        """
        if capture.file != _NOT_KNOWN_YET:
            return capture
        offset = self._offsets[capture.offset]
        _, file = self._files[bisect_right(self._files, capture.offset, key=itemgetter(0)) - 1]
        if (file, offset) == LOST:
            raise ArchiveError(f"The response of {capture.url} could not be stored.")
        return replace(capture, file=file, offset=offset)
