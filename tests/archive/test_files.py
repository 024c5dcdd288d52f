"""Reading files ahead changes nothing but the time that it takes to read them."""

import os
from pathlib import Path

import pytest

from archive.files import bytes_if_there, read_ahead


def test_what_is_read_ahead_is_asked_of_the_disk_and_then_read_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    advise = os.posix_fadvise

    def note(descriptor: int, start: int, length: int, advice: int) -> None:
        asked.append((os.fstat(descriptor).st_size, advice))
        advise(descriptor, start, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", note)
    post, gone, pipe = (tmp_path / name for name in ("post.md", "gone.md", "pipe"))
    post.write_bytes(b"post")
    os.mkfifo(pipe)
    open_files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    read_ahead([gone, pipe, tmp_path, post])
    assert (4, os.POSIX_FADV_WILLNEED) in asked
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == open_files
    assert bytes_if_there(post) == b"post"
    assert bytes_if_there(gone) is None


def test_where_the_system_cannot_read_ahead_files_are_read_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fadvise")
    (tmp_path / "post.md").write_bytes(b"post")
    read_ahead([tmp_path / "post.md"])
    assert bytes_if_there(tmp_path / "post.md") == b"post"
