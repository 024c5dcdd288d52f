"""Export a dataset: Parquet files by day of publication, a card, and checksums.

The folder has ``README.md``, the card; ``SHA256SUMS``; and the files, such as
``data/day=2026-09-12/part-0.parquet``. The day is that of publication in Shanghai.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import file_digest
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from archive.clock import utc_iso, utc_now
from archive.errors import ArchiveError
from archive.export.output import folder_to
from archive.export.parquet import Record, TypedRecords, load_pyarrow, write_parquet

_CARD, _SUMS, _DATA = "README.md", "SHA256SUMS", "data"


@dataclass(slots=True)
class _Summary:
    """What a dataset has, as far as it is written.

    :param causes: number of records by the cause of their version.
    :param stored: when the archive stored the first and the last of them.
    """

    records: int = 0
    days: list[str] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)
    stored: tuple[str, str] | None = None

    def noting(self, found: Iterable[Record]) -> Iterator[Record]:
        """Yield records, and note what they are."""
        for record in found:
            at = record.get("seen_from") or record.get("revised") or record["first_seen"]
            first, last = self.stored or (at, at)
            self.stored = min(first, at), max(last, at)
            self.causes[record["cause"]] += 1
            self.records += 1
            yield record


def write_dataset(records: TypedRecords, folder: Path, target: Path, selection: str) -> int:
    """Write records as a dataset; return their number.

    :param folder: of the archive.
    :param target: of the dataset; an older dataset there is replaced when this one is complete.
    :param selection: of the records, in words; empty for all.
    :raises FinewsError: when pyarrow is not installed, or the folder cannot be written.
    """
    load_pyarrow()
    summary = _Summary()
    with folder_to(target, folder, marker=_SUMS) as new:
        (new / _DATA).mkdir()
        for day, of_day in groupby(summary.noting(records.found), key=_day_of):
            path = new / _DATA / f"day={day}" / "part-0.parquet"
            path.parent.mkdir()
            with path.open("wb") as out:
                write_parquet(of_day, out, records.fields_of)
                out.flush()
                os.fsync(out.fileno())
            summary.days.append(day)
        card = _card(summary, records, selection or "all")
        (new / _CARD).write_text(card, encoding="utf-8")
        sums = "".join(_sums(new))
        (new / _SUMS).write_text(sums, encoding="utf-8")
    return summary.records


def _day_of(record: Record) -> str:
    try:
        return date.fromisoformat(record["published"][:10]).isoformat()
    except ValueError as error:
        raise ArchiveError(
            f"The catalog has {record['published']!r} as the time of {record['info_code']};"
            " `finews verify --repair` generates the row again from the files."
        ) from error


def _sums(folder: Path) -> Iterator[str]:
    """Yield the lines of the checksums, which ``sha256sum --check`` reads."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            yield f"{file_digest(file, 'sha256').hexdigest()}  {path.relative_to(folder)}\n"


def _card(summary: _Summary, records: TypedRecords, selection: str) -> str:
    pyarrow = load_pyarrow()
    rows = [
        f"| `{each.name}` | `{each.type}` | {each.metadata[b'description'].decode()} |"
        for each in (*records.fields_of(pyarrow), _day_field(pyarrow))
    ]
    first, last = (summary.days[0], summary.days[-1]) if summary.days else ("none", "none")
    stored = " to ".join(summary.stored) if summary.stored else "none"
    causes = [f"| `{cause}` | {number} |" for cause, number in sorted(summary.causes.items())]
    return _TEMPLATE.format(
        kind=records.kind,
        selection=selection,
        written=utc_iso(utc_now()),
        version=version("finews-archive"),
        records=summary.records,
        days=len(summary.days),
        first=first,
        last=last,
        stored=stored,
        causes="\n".join(causes),
        fields="\n".join(rows),
    )


def _day_field(pyarrow: Any) -> Any:
    meaning = "day of `published` in Shanghai; in the names of the folders"
    return pyarrow.field("day", pyarrow.string(), metadata={"description": meaning})


_TEMPLATE = """---
pretty_name: Chinese financial news, {kind}
language: [zh]
configs:
- config_name: default
  data_files: data/*/*.parquet
---
# Chinese financial news: {kind}

| | |
| --- | --- |
| records | {records}, one for each of the {kind} |
| selection | {selection} |
| published | {first} to {last}, {days} days |
| stored by the archive | {stored} |
| written | {written}, by finews {version} |

## Two clocks

`published` is the time that the publisher states. The archive cannot check it, and publishers move
it. `seen_from`, `first_seen` and `revised` are the times at which the archive stored something:
only they show what could be known at a time. An article that states 09:00 may have been stored at
09:40, and its figures corrected at 11:00. For a test of what was known at a minute, select by the
clock of the archive.

## Load it

```python
import pyarrow.dataset
data = pyarrow.dataset.dataset("data", partitioning="hive")
data.to_table(filter=pyarrow.dataset.field("day") == "{first}")
```

pandas: `pandas.read_parquet("data")`. DuckDB: `SELECT * FROM 'data/*/*.parquet'`.
`sha256sum --check SHA256SUMS` checks that all files are complete.

## Causes

Why the versions of the records exist. Publishers made only those that are `edited` or
`corrected_in_list`.

| cause | records |
| --- | --- |
{causes}

## Fields

| field | type | meaning |
| --- | --- | --- |
{fields}

## Licence

The texts belong to their publishers. This dataset grants no rights to them: what you may do with it
follows from the law and from the publishers' terms.
"""
