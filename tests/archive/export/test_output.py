"""What a command writes arrives where it should, or one sentence says why not."""

import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.errors import FinewsError
from archive.export.output import STANDARD_OUTPUT, output_to
from tests.support.articles import ARTICLE, CODE
from tests.support.mounts import mounted
from tests.support.requirements import lacking

FINEWS = f"{sys.executable} -m archive.cli"


@pytest.fixture
def news(archive: Path) -> Path:
    """An archive with one post."""
    with Archive(archive) as opened:
        opened.add(ARTICLE)
    return archive


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ("/bin/sh", "-c", f"{FINEWS} {command}"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def device(path: Path, minor: int) -> Path:
    """Make a device of the test's own, such as 3 for null and 7 for full: one of the machine's
    would be lost if the test failed."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
    except PermissionError:
        lacking("only root can make a device")
    return path


def refusal(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a command ends with."""
    assert ended.returncode == 1, ended
    *_, sentence = ended.stderr.splitlines()
    assert sentence.startswith("Error: "), ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    return sentence


@pytest.mark.parametrize("command", ["stats", "export posts", "verify", "rebuild"])
def test_closed_and_full_standard_output_are_one_sentence(news: Path, command: str) -> None:
    closed = refusal(shell(f"{command} news >&-", news.parent))
    assert closed.startswith("Error: Standard output is closed")
    full = refusal(shell(f"{command} news >/dev/full", news.parent))
    assert full == "Error: Could not write standard output: No space left on device."


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_a_file_that_cannot_be_written_is_one_sentence(news: Path, format_: str) -> None:
    ended = shell(f"export news --format {format_} -o missing/x", news.parent)
    assert refusal(ended) == "Error: Could not write missing/x: No such file or directory."
    device(news.parent / "device", 7)
    ended = shell(f"export news --format {format_} -o device", news.parent)
    assert refusal(ended) == "Error: Could not write device: No space left on device."
    with mounted(news.parent / "full", "size=4k") as full:
        (full / "x").write_bytes(b"the old one")
        ended = shell(f"export news --format {format_} -o full/x", news.parent)
        assert refusal(ended) == "Error: Could not write full/x: No space left on device."
        assert (full / "x").read_bytes() == b"the old one"
        assert names_in(full) == {"x"}


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_pipes_and_devices_stay_what_they_are(news: Path, format_: str) -> None:
    pipe = news.parent / "pipe"
    os.mkfifo(pipe)
    arrived: list[bytes] = []
    reader = threading.Thread(target=lambda: arrived.append(pipe.read_bytes()))
    reader.start()
    assert shell(f"export news --format {format_} -o pipe", news.parent).returncode == 0
    reader.join(timeout=10)
    assert pipe.is_fifo()
    assert CODE.encode() in arrived[0]
    null = device(news.parent / "null", 3)
    for place in ("null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        ended = shell(f"export news --format {format_} -o {place} | wc -c", news.parent)
        assert ended.stderr == "1 post exported.\n"
        assert (int(ended.stdout) > 0) == (place != "null")
    assert null.is_char_device()
    (news.parent / "x").write_bytes(b"line\n")
    assert shell("export news -o /dev/stdout >>x", news.parent).returncode == 0
    assert CODE.encode() in (news.parent / "x").read_bytes()


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "device").symlink_to(device(tmp_path / "null", 3))
    for name in ("link", "device"):
        with output_to(tmp_path / name, tmp_path / "news") as out:
            out.write(b"new")
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "null").is_char_device()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with suppress(ZeroDivisionError), output_to(tmp_path / "file", tmp_path / "news") as out:
        out.write(b"new")
        raise ZeroDivisionError
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names_in(tmp_path) == {"file"}


def test_what_killed_exports_leave_is_removed_and_what_running_ones_write_is_not(
    tmp_path: Path,
) -> None:
    file, news = tmp_path / "file", tmp_path / "news"
    (tmp_path / ".finews-export.left").write_bytes(b"ne")
    os.mkfifo(tmp_path / ".finews-export.pipe")
    (tmp_path / ".finews-export.link").symlink_to(device(tmp_path / "null", 3))
    with output_to(file, news) as first:
        assert not (tmp_path / ".finews-export.left").exists()
        with output_to(file, news) as second:
            second.write(b"second")
        first.write(b"first")
    assert file.read_bytes() == b"first"
    assert (tmp_path / "null").is_char_device()


@pytest.mark.parametrize("place", ["catalog.db", "_posts/x", "warc/x", ".lock", "x", "link"])
def test_nothing_in_the_archive_is_written_over(news: Path, place: str) -> None:
    before = (news / "catalog.db").read_bytes()
    link = news.parent / "link"
    link.symlink_to(news / "catalog.db")
    target = link if place == "link" else news / place
    with pytest.raises(FinewsError, match="is in the archive"), output_to(target, news):
        pass
    assert (news / "catalog.db").read_bytes() == before


def test_standard_output_may_be_in_the_archive(
    news: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(news)
    with output_to(STANDARD_OUTPUT, Path()) as out:
        out.write(b"posts")
    assert capsysbinary.readouterr().out == b"posts"
