"""Captures: standard WARC files, whole after any kill."""

import gzip
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.capture import Capture
from archive.errors import ArchiveError
from archive.warc import (
    CaptureWriter,
    find_file,
    is_being_written,
    read_record,
    read_records,
    warc_files,
)
from archive.warc.filenames import mark_of
from archive.warc.records import (
    conversion_record,
    exchange_records,
    has_digest,
    payload_digest,
)
from tests.support.captures import FIRST, NOW, all_records, end, exchange, names, writer


@given(bodies=st.lists(st.binary(max_size=2000), max_size=8))
@settings(max_examples=40)
def test_what_was_received_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    captures = writer(folder)
    kept = [captures.capture(exchange(body)) for body in bodies]
    end(captures)
    first = {}
    for body, capture in zip(bodies, kept, strict=True):
        record = read_record(find_file(folder, capture.file), capture.offset)
        assert (record.url, record.date) == (capture.url, capture.fetched)
        assert capture.url == "http://site.test/a?id=1&id=2"
        assert (record.status, record.headers[1:]) == (
            200,
            (("Set-Cookie", "a"), ("Set-Cookie", "b")),
        )
        if body in first and body:
            assert (record.kind, record.payload) == ("revisit", b"")
        else:
            assert (record.kind, record.payload) == ("response", body)
        first[body] = capture


def test_two_independent_readers_find_nothing_wrong(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    for body in (b"one", b"two", b"one", b"", gzip.compress(b"sent compressed")):
        captures.capture(exchange(body))
    captures.write_facts("urn:finews:NW1", {"title": "央行"}, NOW)
    end(captures)
    end(writer(tmp_path, NOW + timedelta(days=1)))
    (name,) = names(tmp_path)
    assert name == "finews-20261122-00001.warc.gz"
    for reader in ("warcio", "fastwarc"):
        command = (Path(sys.executable).with_name(reader), "check", tmp_path / name)
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
    assert "12 records were verified" in checked.stdout


def test_a_file_has_its_name_from_the_first_record_and_a_mark_while_it_is_written(
    tmp_path: Path,
) -> None:
    captures = writer(tmp_path)
    capture = captures.capture(exchange(b"one"))
    path, mark = tmp_path / FIRST, tmp_path / "finews-20261122-00001.writing"
    assert names(tmp_path) == [path.name, mark.name]
    assert is_being_written(path)
    end(captures)
    assert names(tmp_path) == [path.name]
    assert not is_being_written(path)
    before = path.read_bytes()
    captures = writer(tmp_path)
    second = captures.capture(exchange(b"two"))
    assert mark.exists()
    end(captures)
    assert second.file == capture.file == path.name
    assert path.read_bytes().startswith(before)

    tomorrow = writer(tmp_path, NOW + timedelta(days=1))
    tomorrow.capture(exchange(b"three"))
    end(tomorrow)
    assert names(tmp_path) == [path.name, "finews-20261123-00001.warc.gz"]
    kinds = [record.kind for record in all_records(tmp_path)]
    pair = ["response", "request"]
    assert kinds == ["warcinfo", *pair, *pair, "warcinfo", *pair]


@pytest.mark.parametrize("suffix", [".open", ".part"])
def test_a_file_of_a_former_release_is_read_and_gone_on_with(tmp_path: Path, suffix: str) -> None:
    captures = writer(tmp_path)
    one = captures.capture(exchange(b"one"))
    end(captures)
    former = (tmp_path / FIRST).rename(tmp_path / f"{FIRST}{suffix}")
    assert warc_files(tmp_path) == [former]
    assert find_file(tmp_path, one.file) == former
    assert is_being_written(former) is (suffix == ".part")
    again = writer(tmp_path)
    told = again.sync()
    assert told == ({} if suffix == ".open" else {payload_digest(b"one"): one})
    assert again.capture(exchange(b"two")).file == FIRST
    end(again)
    assert names(tmp_path) == [FIRST]
    assert len(all_records(tmp_path)) == 5


@pytest.mark.parametrize("suffix", [".open", ".part"])
def test_a_file_of_a_former_release_takes_no_other_files_place(tmp_path: Path, suffix: str) -> None:
    captures = writer(tmp_path)
    captures.capture(exchange(b"one"))
    end(captures)
    copy = tmp_path / f"{FIRST}{suffix}"
    copy.write_bytes((tmp_path / FIRST).read_bytes()[:-9])
    before = (tmp_path / FIRST).read_bytes()
    end(writer(tmp_path, NOW + timedelta(days=1)))
    assert (tmp_path / FIRST).read_bytes() == before
    assert copy.read_bytes() == before[:-9]


def test_a_copy_that_was_made_while_a_crawl_wrote_is_not_gone_on_with(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    captures.capture(exchange(b"one"))
    second = captures.capture(exchange(b"two"))
    end(captures)
    path = tmp_path / FIRST
    whole = path.read_bytes()
    for size in range(second.offset, len(whole)):
        path.write_bytes(whole[:size])
        told: list[ArchiveError] = []
        list(read_records(path, damaged=told.append))
        captures = writer(tmp_path)
        captures.capture(exchange(b"three"))
        end(captures)
        added = tmp_path / "finews-20261122-00002.warc.gz"
        assert added.exists() is bool(told)
        assert path.read_bytes()[:size] == whole[:size]
        added.unlink(missing_ok=True)


@pytest.mark.parametrize(
    "name",
    [
        "finews-20261122-00001.backup.warc.gz",
        "finews-20261122-x.warc.gz",
        "finews-29991231-1.warc.gz",
        "ours-29991231-00001.warc.gz",
        "ours.writing",
        "finews-20261122-00001.copy.writing",
    ],
)
def test_a_foreign_file_names_and_stops_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"foreign")
    captures = writer(tmp_path)
    assert captures.capture(exchange(b"one")).file == FIRST
    end(captures)
    assert names(tmp_path) == sorted([FIRST, name])
    assert (tmp_path / name).read_bytes() == b"foreign"


def test_a_link_to_a_file_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "warc", tmp_path / "elsewhere.warc.gz"
    captures = writer(folder)
    captures.capture(exchange(b"one"))
    end(captures)
    path = folder / FIRST
    before = path.rename(elsewhere).read_bytes()
    path.symlink_to(elsewhere)
    with pytest.raises(ArchiveError, match="is a symbolic link"):
        writer(folder)
    assert elsewhere.read_bytes() == before


def test_a_file_that_a_wrong_clock_has_named_grows_for_a_day_only(tmp_path: Path) -> None:
    ahead = writer(tmp_path, datetime(2062, 1, 1, tzinfo=UTC))
    ahead.write_facts("urn:finews:crawl", {}, datetime(2062, 1, 1, tzinfo=UTC))
    end(ahead)
    for hours in (0, 1, 24):
        captures = writer(tmp_path, NOW + timedelta(hours=hours))
        captures.write_facts("urn:finews:crawl", {}, NOW + timedelta(hours=hours))
        end(captures)
    assert names(tmp_path) == [f"finews-20620101-0000{number}.warc.gz" for number in (1, 2, 3)]


def test_a_mark_without_its_file_is_removed(tmp_path: Path) -> None:
    (tmp_path / "finews-20261122-00001.writing").touch()
    end(writer(tmp_path))
    assert names(tmp_path) == []


def test_a_new_day_begins_a_new_file_in_the_middle_of_a_crawl(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    before = captures.capture(exchange(b"before midnight"))
    captures.write_facts("urn:finews:crawl", {}, NOW + timedelta(hours=12))
    captures.write_facts("urn:finews:crawl", {}, NOW)  # a clock that was put back
    names_of_both = ["finews-20261122-00001.warc.gz", "finews-20261123-00001.warc.gz"]
    assert [path.name for path in warc_files(tmp_path)] == names_of_both
    end(captures)
    assert names(tmp_path) == names_of_both
    again = writer(tmp_path)
    after = again.capture(exchange(b"with a clock that was put back"))
    end(again)
    assert [before.file, after.file] == [names_of_both[0], "finews-20261123-00002.warc.gz"]
    kinds = [record.kind for record in all_records(tmp_path)]
    pair = ["response", "request"]
    assert kinds == ["warcinfo", *pair, "warcinfo", "metadata", "metadata", "warcinfo", *pair]


@pytest.mark.parametrize("most_bytes", [1000, 1 << 20])
def test_a_payload_that_the_catalog_did_not_learn_of_is_told_after_the_kill(
    tmp_path: Path, most_bytes: int
) -> None:
    captures = writer(tmp_path, most_bytes=most_bytes)
    kept = [captures.capture(exchange(body)) for body in (b"one", b"two", b"")]
    assert all(map(is_being_written, warc_files(tmp_path)))
    captures.close()  # as after a write that the disk refused
    assert all(map(is_being_written, warc_files(tmp_path)))
    again = writer(tmp_path, most_bytes=most_bytes)
    assert list(again.sync().values()) == kept[:2]
    again.close()
    again = writer(tmp_path, NOW + timedelta(days=1), most_bytes=most_bytes)
    assert again.capture(exchange(b"one")).file.startswith("finews-20261123-")
    told = again.sync()
    assert list(told.values()) == kept[:2]
    again.forget_payloads(told)
    assert again.sync() == {}
    again.close()
    assert not any(map(is_being_written, warc_files(tmp_path)))
    assert [record.kind for record in all_records(tmp_path)][-2] == "revisit"


def test_files_are_limited_in_size(tmp_path: Path) -> None:
    captures = writer(tmp_path, most_bytes=2000)
    kept = [captures.capture(exchange(str(number).encode())) for number in range(9)]
    end(captures)
    assert len(names(tmp_path)) > 2
    assert [path.stat().st_size < 4000 for path in tmp_path.iterdir()]
    for number, capture in enumerate(kept):
        path = find_file(tmp_path, capture.file)
        assert read_record(path, capture.offset).payload == str(number).encode()


def test_a_payload_of_an_earlier_crawl_is_a_revisit(tmp_path: Path) -> None:
    first = Capture(
        url="http://site.test/", file="f.warc.gz", offset=3, fetched="2026-01-01T00:00Z"
    )
    captures = CaptureWriter(tmp_path, NOW, find_payload=lambda _: first)
    capture = captures.capture(exchange(b"one"))
    assert captures.sync() == {}
    end(captures)
    assert read_record(find_file(tmp_path, capture.file), capture.offset).kind == "revisit"


def test_wherever_a_crawl_is_killed_whole_records_stay_and_half_ones_go(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    offsets = [captures.capture(exchange(str(number).encode())).offset for number in range(5)]
    end(captures)
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    for cut in [*range(0, len(data), 97), *offsets, *(offset + 1 for offset in offsets)]:
        path.write_bytes(data[:cut])
        mark_of(path).touch()
        captures = writer(tmp_path)
        again = captures.capture(exchange(b"after the kill"))
        end(captures)
        (path,) = tmp_path.iterdir()
        records = list(read_records(path))
        whole = [record for record in records if record.kind == "response"]
        expected = [str(number).encode() for number, at in enumerate(offsets) if at < cut]
        got = [record.payload for record in whole]
        assert got[-1] == b"after the kill"
        assert got[:-1] in (expected, expected[:-1])
        assert read_record(path, again.offset).payload == b"after the kill"
        path.unlink()


def as_warcio(value: str) -> str:
    """A value as warcio decodes it."""
    try:
        return value.encode("latin-1").decode().strip()
    except UnicodeDecodeError:
        return value.strip()


@given(
    body=st.binary(max_size=2000),
    headers=st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z][A-Za-z-]{0,10}", fullmatch=True),
            st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20),
        )
    ),
    url=st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFFFF, exclude_categories=["Cs"])),
)
@example(body=b"", headers=[("A", "=0;\x80")], url="")
@example(body=b"", headers=[("A", "\x80"), ("A", "\xc2\x80")], url="")
@settings(max_examples=60)
def test_records_are_read_as_warcio_reads_them(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, headers: list[tuple[str, str]], url: str
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    captures = writer(folder)
    sent = replace(exchange(body), response_headers=headers)
    captures.capture(sent)
    captures.capture(sent)
    captures.write_facts(f"urn:{url}", {"title": url}, NOW)
    captures.write(conversion_record("urn:finews:NW1", body, NOW), NOW)
    end(captures)
    (path,) = folder.iterdir()
    with path.open("rb") as file:
        for mine, theirs in zip(all_records(folder), ArchiveIterator(file), strict=True):
            http = theirs.http_headers
            assert (mine.kind, mine.payload) == (theirs.rec_type, theirs.content_stream().read())
            assert mine.url == (theirs.rec_headers.get_header("WARC-Target-URI") or "")
            assert mine.date == theirs.rec_headers.get_header("WARC-Date")
            assert mine.digest == (theirs.rec_headers.get_header("WARC-Payload-Digest") or "")
            assert [(name, as_warcio(value)) for name, value in mine.headers] == [
                (name, value.strip()) for name, value in (http.headers if http else ())
            ]
            assert mine.status == (200 if mine.kind in {"response", "revisit"} else None)


@given(
    lines=st.lists(
        st.binary(max_size=40).filter(lambda line: line.strip() and b"\n" not in line), max_size=6
    ),
    body=st.binary(max_size=50),
)
@example(lines=[b"X: \xd0\xc2\r", b" folded", b"no colon", b":", b"\r:"], body=b"\r\n\r\n")
@settings(max_examples=60)
def test_a_head_is_read_back_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], body: bytes
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    head = b"".join(line + b"\r\n" for line in [b"HTTP/1.0 200 \xb3\xc9", *lines])
    captures = writer(folder)
    for _ in range(2):
        captures.capture(replace(exchange(body), response_head=head))
    end(captures)
    for record in all_records(folder):
        if record.kind in {"response", "revisit"}:
            assert (record.heading + b"\r\n", record.status) == (head, 200)
            assert record.payload == (body if record.kind == "response" else b"")


def test_a_statement_that_nothing_has_changed_is_a_revisit(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    first = captures.capture(exchange(b"list"))
    unchanged = replace(
        exchange(b""), status=304, response_head=b"HTTP/1.1 304 \xb3\xc9\r\nETag: x\r\n"
    )
    captures.capture(replace(unchanged, unchanged=payload_digest(b"list")))
    captures.capture(replace(unchanged, unchanged=payload_digest(b"lost")))
    captures.capture(unchanged)
    end(captures)
    records = all_records(tmp_path)[3:]
    assert [record.kind for record in records] == ["revisit", "request", "metadata"] * 3
    digests = [record.digest for record in records if record.kind == "revisit"]
    assert digests == [payload_digest(b"list"), "", ""]
    answers = {record.payload for record in records if record.kind == "metadata"}
    assert answers == {b"HTTP/1.1 304 \xb3\xc9\r\nETag: x\r\n\r\n"}
    with (tmp_path / FIRST).open("rb") as file:
        revisits = [
            each.rec_headers for each in ArchiveIterator(file) if each.rec_type == "revisit"
        ]
    about = [
        tuple(headers.get_header(f"WARC-Refers-To-{name}") for name in ("Target-URI", "Date"))
        for headers in revisits
    ]
    assert about == [(first.url, first.fetched), (first.url, None), (first.url, None)]
    for reader in ("warcio", "fastwarc"):
        command = (Path(sys.executable).with_name(reader), "check", tmp_path / FIRST)
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


@given(payload=st.binary(max_size=50), place=st.integers(0, 36), instead=st.characters())
def test_just_its_own_digest_is_one_of_a_payload(payload: bytes, place: int, instead: str) -> None:
    digest = payload_digest(payload)
    assert has_digest(payload, digest)
    changed = digest[:place] + instead + digest[place + 1 :]
    assert has_digest(payload, changed) is (changed == digest)
    for other in ("", digest[:-1], digest + "A", digest + "\n", digest.lower(), digest[5:]):
        assert not has_digest(payload, other)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"payload", b"pay1oad", "its block does not match its digest"),
        (b"WARC-Block-Digest", b"X-ARC-Block-Digest", "its payload does not match its digest"),
        (b"Content-Length: ", b"Content-Length: 1", "its length is not the one in its header"),
        (b"Content-Length: ", b"Content-Length: x", "its length is not the one in its header"),
        (b"WARC/1.1", b"WARC/9.9", "a WARC version"),
    ],
)
def test_a_record_that_is_not_what_it_says_is_told(
    tmp_path: Path, before: bytes, after: bytes, reason: str
) -> None:
    member = gzip.decompress(exchange_records(exchange(b"payload"), "", None))
    response = member[: member.index(b"WARC/1.1", 1)]
    assert before in response
    changed = response.replace(before, after)
    if b"Block-Digest" in before:
        changed = changed.replace(b"payload", b"pay1oad")
    path = tmp_path / "finews-20261122-00001.warc.gz"
    path.write_bytes(gzip.compress(changed))
    with pytest.raises(ArchiveError, match=rf"{path.name} has no record at 0: .*{reason}\.$"):
        list(read_records(path))


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n\r"])
def test_a_record_without_its_end_is_told(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "finews-20261122-00001.warc.gz"
    head = b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n"
    path.write_bytes(gzip.compress(head + end))
    with pytest.raises(ArchiveError, match="its length is not the one in its header"):
        list(read_records(path))
    path.write_bytes(gzip.compress(head + b"\r\n\r\n"))
    assert [record.payload for record in read_records(path)] == [b""]


def test_damage_of_any_byte_is_told_with_its_place(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    captures.capture(exchange(b"zero"))
    capture = captures.capture(exchange(b"one" * 100))
    end(captures)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for place in range(capture.offset, capture.offset + 300, 7):
        if place - capture.offset in range(4, 10):
            continue  # gzip's own time and flags, which say nothing
        data = bytearray(whole)
        data[place] ^= 0xFF
        path.write_bytes(data)
        with pytest.raises(ArchiveError, match=path.name):
            list(read_records(path))
        with pytest.raises(ArchiveError, match=path.name):
            read_record(path, capture.offset)
    path.write_bytes(whole)
    with pytest.raises(ArchiveError, match="no record at"):
        read_record(path, len(whole) + 5)
    assert read_record(path, capture.offset).payload == b"one" * 100


def test_of_a_damaged_file_only_the_damaged_record_is_lost(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    bodies = [bytes([65 + number]) * 50 + gzip.compress(b"inner" * 9) for number in range(6)]
    offsets = [captures.capture(exchange(body)).offset for body in bodies]
    end(captures)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for place in range(offsets[2], offsets[2] + 300, 11):
        if place - offsets[2] in range(4, 10):
            continue  # gzip's own time and flags, which say nothing
        data = bytearray(whole)
        data[place] ^= 0xFF
        path.write_bytes(data)
        told: list[str] = []
        records = list(read_records(path, damaged=lambda error, told=told: told.append(str(error))))
        payloads = [record.payload for record in records if record.kind == "response"]
        assert payloads == bodies[:2] + bodies[3:]
        assert len(told) == 1
        assert f" at {offsets[2]}" in told[0]
        assert told[0].isprintable()


def test_what_is_whole_behind_damage_is_not_cut_off(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    offsets = [captures.capture(exchange(str(number).encode())).offset for number in range(3)]
    end(captures)
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[offsets[1] + 30] ^= 0xFF
    path.write_bytes(data + data[:100])
    mark_of(path).touch()
    end(writer(tmp_path))
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == data
    assert read_record(path, offsets[2]).payload == b"2"
