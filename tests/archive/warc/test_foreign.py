"""What others put into an archive's folder: links, copies, records that unpack to gigabytes."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from isal import isal_zlib

from archive.archive import Archive
from archive.errors import ArchiveError
from archive.integrity.rebuild import rebuild
from archive.integrity.repair import repair
from archive.integrity.verify import Wrong, verify
from archive.warc import read_record, read_records, warc_files
from archive.warc.records import conversion_record
from tests.support.articles import ARTICLE, CODE
from tests.support.captures import NOW, all_records, end, exchange, names, writer
from tests.support.exports import export_jsonl

GIGABYTE = 1 << 30


def archived(folder: Path) -> Path:
    with Archive(folder) as archive:
        archive.add(ARTICLE)
    return folder


@pytest.mark.parametrize(
    "room", [".incoming", ".lock", "warc", "_posts", "revisions", "catalog.db", "crawl-state.db"]
)
@pytest.mark.parametrize("write", [Archive, rebuild, lambda folder: repair(folder, [])])
def test_nothing_is_written_through_a_link(
    archive: Path, room: str, write: Callable[[Path], object]
) -> None:
    archived(archive)
    outside = archive.parent / "outside"
    if (archive / room).exists():
        (archive / room).rename(outside)
    else:
        outside.mkdir()
    (archive / room).symlink_to(outside)
    if outside.is_dir():
        (outside / "somebody's").write_text("of somebody else")
    before = {path: path.stat().st_mtime_ns for path in outside.rglob("*")}
    with pytest.raises(ArchiveError, match=f"{room} is a symbolic link, and nothing is written"):
        write(archive)
    assert {path: path.stat().st_mtime_ns for path in outside.rglob("*")} == before


@pytest.mark.parametrize("link", ["_posts/2021", "_posts/2021/12"])
def test_no_post_is_written_or_removed_through_a_link(archive: Path, link: str) -> None:
    archived(archive)
    outside = (archive / link).rename(archive.parent / "outside")
    (archive / link).symlink_to(outside)
    before = {path: path.read_bytes() for path in outside.rglob("*.md")}
    with Archive(archive) as opened:
        later = ARTICLE.published.replace(year=2022)
        for changed in (replace(ARTICLE, title="新"), replace(ARTICLE, published=later)):
            with pytest.raises(ArchiveError, match="is a symbolic link"):
                opened.add(changed)
    assert {path: path.read_bytes() for path in outside.rglob("*.md")} == before


def test_no_capture_is_written_through_a_link(archive: Path) -> None:
    archived(archive)
    (path,) = warc_files(archive / "warc")
    outside = path.rename(archive.parent / "outside")
    path.symlink_to(outside)
    before = outside.read_bytes()
    with pytest.raises(ArchiveError, match="is a symbolic link"):
        Archive(archive)
    assert outside.read_bytes() == before


def test_the_archive_itself_may_be_a_link(archive: Path) -> None:
    archived(archive.parent / "elsewhere")
    archive.symlink_to("elsewhere")
    assert not verify(archived(archive)).problems


def test_a_copy_is_never_taken_for_the_file_that_it_is_a_copy_of(tmp_path: Path) -> None:
    captures = writer(tmp_path)
    captures.capture(exchange(b"one"))
    end(captures)
    end(writer(tmp_path, NOW + timedelta(days=1)))
    (whole,) = warc_files(tmp_path)
    for suffix in (".open", ".part"):
        copy = whole.with_name(whole.name + suffix)
        copy.write_bytes(b"half a copy")
        before = whole.read_bytes()
        again = writer(tmp_path, NOW + timedelta(days=1))
        again.capture(exchange(b"two"))
        end(again)
        assert whole.read_bytes() == before
        assert copy.read_bytes() == b"half a copy"
        copy.unlink()


def test_a_clock_that_was_wrong_once_does_not_stop_new_files_by_day(tmp_path: Path) -> None:
    future = datetime(2099, 1, 1, tzinfo=UTC)
    wrong = writer(tmp_path, future)
    wrong.capture(replace(exchange(b"in the far future"), received=future))
    end(wrong)
    for day in range(3):
        for crawl in range(2):
            captures = writer(tmp_path, NOW + timedelta(days=day))
            captures.capture(
                replace(exchange(b"%d %d" % (day, crawl)), received=NOW + timedelta(days=day))
            )
            end(captures)
    assert names(tmp_path) == [f"finews-20990101-0000{number}.warc.gz" for number in (1, 2, 3, 4)]
    bodies = [record.payload for record in all_records(tmp_path) if record.kind == "response"]
    assert bodies[1:] == [b"0 0", b"0 1", b"1 0", b"1 1", b"2 0", b"2 1"]


def test_a_record_that_unpacks_to_gigabytes_is_told_in_bounded_memory(archive: Path) -> None:
    archived(archive)
    (path,) = warc_files(archive / "warc")
    offset = path.stat().st_size
    member = isal_zlib.compressobj(wbits=31)
    bomb = [member.compress(b"WARC/1.1\r\nContent-Length: 1073741824\r\n\r\n")]
    zeros = bytes(1 << 20)
    bomb += [member.compress(zeros) for _ in range(GIGABYTE >> 20)]
    with path.open("ab") as file:
        file.write(b"".join([*bomb, member.flush()]))
        file.write(conversion_record(f"urn:finews:{CODE}", b"behind it", NOW))
    reading = (
        "import sys; from pathlib import Path;"
        "from archive.integrity.verify import verify;"
        "print(*verify(Path(sys.argv[1])).problems, sep='\\n');"
        # `ru_maxrss` would begin with what this process had when it started the other one.
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    ended = subprocess.run(
        (sys.executable, "-c", reading, archive), capture_output=True, text=True, check=True
    )
    (problem, kilobytes) = ended.stdout.splitlines()
    assert problem.startswith(Wrong.CAPTURE_DAMAGED)
    assert f"at {offset} that unpacks to more than 128 MB" in problem
    assert int(kilobytes) < GIGABYTE >> 10
    with pytest.raises(ArchiveError, match="unpacks to more than"):
        read_record(path, offset)
    *_, last = read_records(path, damaged=lambda _: None)
    assert last.payload == b"behind it"


def test_an_answer_that_no_one_could_read_again_is_not_kept(archive: Path) -> None:
    with Archive(archive) as opened, pytest.raises(ArchiveError, match="more than 128 MB"):
        opened.capture(exchange(bytes(129 << 20)))


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, endless])
@pytest.mark.parametrize("in_the_place_of_a_post", [False, True])
def test_pipes_and_devices_are_no_posts(
    archive: Path, make: Callable[[Path], None], in_the_place_of_a_post: bool
) -> None:
    archived(archive)
    (post,) = (archive / "_posts").rglob("*.md")
    bytes_before = post.read_bytes()
    if in_the_place_of_a_post:
        post.unlink()
        make(post)
    else:
        make(post.with_name("2021-12-29-NW202112292230999999.md"))
    with BytesIO() as out:
        assert export_jsonl(archive, out) == 1
    problems = verify(archive).problems
    wrong = Wrong.FILE_LOST if in_the_place_of_a_post else Wrong.ROW_LOST
    assert [each.wrong for each in problems] == [wrong]
    repair(archive, problems)
    left = [] if in_the_place_of_a_post else problems
    assert verify(archive).problems == left
    rebuilt = rebuild(archive)
    assert (rebuilt.posts, len(rebuilt.strange)) == (1, len(left))
    assert post.read_bytes() == bytes_before
