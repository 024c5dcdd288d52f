"""Many files are read as each by itself, in less time."""

import os
import stat
from pathlib import Path

import pytest

from archive.storage.files import bytes_if_there, read_many


def test_the_disk_is_asked_for_all_files_before_the_first_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    advise = os.posix_fadvise

    def note(descriptor: int, start: int, length: int, advice: int) -> None:
        asked.append((os.fstat(descriptor).st_size, advice))
        advise(descriptor, start, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", note)
    posts = [tmp_path / f"{size}.md" for size in (3, 0, 5)]
    for size, post in zip((3, 0, 5), posts, strict=True):
        post.write_bytes(b"?" * size)
    open_files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    contents = read_many(posts)
    assert next(contents) == b"???"
    assert asked == [(size, os.POSIX_FADV_WILLNEED) for size in (3, 0, 5)]
    assert [*contents] == [b"", b"?????"]
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == open_files


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    post, gone, pipe, door = (tmp_path / name for name in ("post.md", "gone.md", "pipe", "door"))
    post.write_bytes(b"post")
    os.mkfifo(pipe)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    strange = [gone, tmp_path, post / "below", door, pipe, loop, post]
    os.mknod(door, stat.S_IFSOCK | 0o600)
    assert [*read_many(strange)] == [*[None] * 6, b"post"]
    assert [*map(bytes_if_there, strange)] == [*[None] * 6, b"post"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    for read in (bytes_if_there, lambda path: [*read_many([path])]):
        with pytest.raises(OSError, match="name too long") as told:
            read(path)
        assert told.value.filename == str(path)


def test_where_the_system_cannot_be_asked_files_are_read_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fadvise")
    (tmp_path / "post.md").write_bytes(b"post")
    assert [*read_many([tmp_path / "post.md"])] == [b"post"]
