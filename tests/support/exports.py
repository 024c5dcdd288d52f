"""Exports of posts, as `finews export posts` writes them."""

from pathlib import Path
from typing import IO

from archive.export.output import write_lines
from archive.export.parquet import write_parquet
from archive.export.records import post_records
from archive.progress import Progress, silent
from archive.search import EVERYTHING, Query


def export_jsonl(
    folder: Path, out: IO[bytes], query: Query = EVERYTHING, progress: Progress = silent
) -> int:
    """Write posts as JSON Lines; return their number."""
    with post_records(folder, query, progress) as records:
        return write_lines(records.found, out)


def export_parquet(folder: Path, out: IO[bytes], query: Query = EVERYTHING) -> int:
    """Write posts as a Parquet file; return their number."""
    with post_records(folder, query) as records:
        return write_parquet(records.found, out, records.fields_of)
