"""Read the rows of JSON Lines, CSV and TSV, and continue behind those that cannot be read."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from archive.errors import Refused
from archive.storage import require_file
from crawler.declarations.paths import PathError, parse_json
from crawler.importing.mapping import InvalidMapping, Mapping

#: The most characters of a line, and of a field of CSV.
_MOST_CHARACTERS = 16 << 20

_DELIMITERS = (",", ";", "\t", "|")
_GZIP = b"\x1f\x8b"
_UTF_8 = "utf-8-sig"
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Row:
    """A row.

    :param number: of a line in JSON Lines; in CSV, of the row behind the header.
    :param values: by column or key; None where they cannot be read.
    :param problem: why not.
    """

    number: int
    values: dict[str, Any] | None
    problem: str = ""


def is_csv(path: Path) -> bool:
    """Report whether a table is CSV or TSV, by its name, and not JSON Lines."""
    return path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv"))


def rows_of(path: Path, mapping: Mapping) -> Iterator[Row]:
    """Yield the rows of a table.

    :raises InvalidMapping: when CSV does not have the columns of the mapping.
    :raises Refused: when the rest of the file cannot be read.
    :raises OSError: when the file cannot be read.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            stream = cast("BinaryIO", gzip.open(file)) if packed else file  # noqa: SIM115
            encoding = mapping.encoding or _encoding_of(stream)
            text = io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="")
            with text:
                lines = _Lines(text, encoding)
                yield from _of_csv(path, lines, mapping) if is_csv(path) else _of_json(lines)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise Refused(f"{path} cannot be read to its end: {error}.") from error


def _encoding_of(stream: BinaryIO) -> str:
    """Return UTF-16 for a stream that begins with its byte order mark, and else UTF-8."""
    beginning = stream.read(2)
    stream.seek(0)
    return "utf-16" if beginning in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else _UTF_8


class _Lines:
    """The lines of a text, of which one that cannot be read does not end the iteration."""

    def __init__(self, text: TextIO, encoding: str) -> None:
        self._text = text
        self._encoding = encoding

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        """Return the next line.

        :raises Refused: when it is too long, or not in the encoding.
        """
        line = self._text.readline(_MOST_CHARACTERS)
        if not line:
            raise StopIteration
        if len(line) == _MOST_CHARACTERS and not line.endswith("\n"):
            while (rest := self._text.readline(_MOST_CHARACTERS)) and not rest.endswith("\n"):
                pass
            raise Refused(f"it is longer than {_MOST_CHARACTERS:,} characters")
        if _UNDECODED.search(line):
            name = self._encoding.removesuffix("-sig")
            raise Refused(f"it is not in {name}; `encoding` in a mapping names another encoding")
        return line


def _of_json(lines: _Lines) -> Iterator[Row]:
    number = 0
    while True:
        number += 1
        try:
            line = next(lines)
            if line.strip():
                yield Row(number, _object(line))
        except StopIteration:
            return
        except (Refused, PathError) as error:
            yield Row(number, None, str(error))


def _object(line: str) -> dict[str, Any]:
    value = parse_json(line)
    if not isinstance(value, dict):
        raise PathError("it is no JSON object")
    return value


def _of_csv(path: Path, lines: _Lines, mapping: Mapping) -> Iterator[Row]:
    csv.field_size_limit(_MOST_CHARACTERS)
    try:
        first = next(lines, "")
        delimiter = mapping.delimiter or _delimiter_of(first, mapping)
        reader = csv.reader(chain([first], lines), delimiter=delimiter)
        header = next(reader, [])
    except (Refused, csv.Error) as error:
        raise Refused(f"{path} has a header that cannot be read: {error}.") from error
    _check_header(path, header, mapping)
    number = 0
    while True:
        number += 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except (Refused, csv.Error) as error:
            yield Row(number, None, str(error))
            continue
        if not values:
            number -= 1
        elif len(values) != len(header):
            problem = f"it has {len(values)} values, and the header has {len(header)}"
            yield Row(number, None, problem)
        else:
            yield Row(number, dict(zip(header, values, strict=True)))


def _delimiter_of(header: str, mapping: Mapping) -> str:
    """Return the delimiter with which a header has most columns of a mapping."""

    def known(delimiter: str) -> int:
        columns = next(csv.reader([header], delimiter=delimiter), [])
        return len(set(columns).intersection(mapping.columns))

    return max(_DELIMITERS, key=known)


def _check_header(path: Path, header: list[str], mapping: Mapping) -> None:
    for column in mapping.columns:
        if header.count(column) != 1:
            number = "no column" if column not in header else "more than one column"
            has = ", ".join(map(repr, header)) or "none"
            raise InvalidMapping(f"{path} has {number} {column!r}; its columns are: {has}.")
