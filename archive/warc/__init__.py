"""Write and read captures: what sites sent, in WARC 1.1 files (ISO 28500:2017).

Each record is a gzip member. A file has its final name from its first record, a ``warcinfo``, and
only grows; `CaptureWriter` describes how it is marked while a crawl writes to it.

- An exchange with a site is a ``response`` record and its ``request``. A payload that was captured
  before, or that the server states to be unchanged, is a ``revisit`` record that names the first
  one.
- A version of a post is a ``conversion`` record, to the byte.
- What the archive knows about a version besides is a ``metadata`` record, a JSON object. The
  catalog can be generated again from these, see `archive.writing.journal`.
"""

from archive.warc.filenames import (
    SOFTWARE,
    day_of,
    find_file,
    finished_name,
    is_being_written,
    is_found,
    is_ours,
    warc_files,
)
from archive.warc.parallel_reader import WORTH_WORKERS, Records, pieces_of, scan
from archive.warc.reader import (
    Damaged,
    Reading,
    Record,
    header_fields,
    last_records,
    read_record,
    read_records,
    read_response,
)
from archive.warc.records import (
    MOST_BYTES,
    Exchange,
    conversion_record,
    not_modified_record,
    payload_digest,
    resource_record,
    warcinfo_record,
)
from archive.warc.writer import CaptureWriter
