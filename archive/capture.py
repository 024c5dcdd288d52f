"""Where a response is kept: the provenance of a version."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A response in one of the archive's WARC files.

    :param file: name in ``warc/``, as it is when the file is finished.
    :param offset: of the record's gzip member, in bytes.
    :param fetched: ISO 8601, UTC; also the record's WARC-Date.
    """

    url: str
    file: str
    offset: int
    fetched: str
