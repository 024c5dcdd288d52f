"""WARC files read a piece at a time give every record once, whatever the payloads look like."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.process_pool import Workers
from archive.warc import read_records, warc_files
from archive.warc.parallel_reader import Records, pieces_of, scan
from archive.warc.records import exchange_records
from tests.support.captures import end, exchange, writer

#: Whole records. Among bytes that cannot be compressed they stay as they are.
INNER = exchange_records(exchange(b"inner"), "", None)

payloads = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.binary(min_size=200, max_size=300).map(lambda noise: noise + INNER + noise),
        st.just(INNER * 40),
    ),
    max_size=8,
)


def offsets(records: Records) -> tuple[list[tuple[int, bytes]], list[str]]:
    return [(record.offset, record.payload) for record in records.read()], records.damage


def stored(body: bytes) -> bytes:
    """A record whose member is not compressed, so that its payload lies open."""
    both = gzip.decompress(exchange_records(exchange(body), "", None))
    return gzip.compress(both[: both.rindex(b"WARC/1.1")], 0)


@given(
    bodies=payloads,
    piece=st.integers(50, 3000),
    damaged=st.none() | st.integers(0, 20000),
    torn=st.none() | st.integers(0, 20000),
)
@settings(max_examples=60)
def test_pieces_have_the_records_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    bodies: list[bytes],
    piece: int,
    damaged: int | None,
    torn: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    data = bytearray(b"".join(map(stored, bodies)))[:torn]
    if damaged is not None and damaged < len(data):
        data[damaged] ^= 0xFF
    for number in (1, 2):
        (folder / f"finews-20261122-{number:05}.warc.gz").write_bytes(data)
    told: list[str] = []
    expected = [
        (record.offset, record.payload)
        for path in warc_files(folder)
        for record in read_records(path, damaged=lambda error: told.append(str(error)))
    ]
    with Workers(1) as workers:
        found = list(scan(pieces_of(warc_files(folder), piece), offsets, workers))
    assert [each for records, _ in found for each in records] == expected
    assert [each for _, damage in found for each in damage] == told


def test_files_that_the_archive_wrote_are_cut_into_pieces(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    for number in range(50):
        captures.capture(exchange(b"%d" % number))
    end(captures)
    with Workers(1) as workers:
        pieces = pieces_of(warc_files(tmp_path), 1000)
        counts = [len(records) for records, _ in scan(pieces, offsets, workers)]
    assert sum(counts) == 101
    assert len(counts) > 20
