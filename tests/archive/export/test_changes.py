"""The changes as a stream: what an archive learnt, in that order, each exactly once."""

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.cli import main
from archive.export.changes import export_changes
from archive.integrity.rebuild import rebuild
from archive.writing.commit import PlanWriter
from tests.support.articles import ARTICLE, CODE, MIRRORED, Clock, Killed, kill
from tests.support.catalogs import OTHER

FIRST = replace(ARTICLE, body="<p>增长5.3%。</p>")
EDITED = replace(FIRST, body="<p>增长5.8%。</p>")


def changes(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    ended = CliRunner().invoke(main, ["export", "changes", str(folder), *arguments])
    assert ended.exit_code == 0, ended.output
    return [json.loads(line) for line in ended.stdout.splitlines()]


def events(found: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["id"], each["version"], each["event"], each["classes"]) for each in found]


def test_every_change_comes_in_the_order_in_which_the_archive_learnt_it(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(replace(MIRRORED, body="<p>增 长5.3%。</p>"))
        archive.add(replace(ARTICLE, info_code=OTHER))
        archive.add(FIRST)
    found = changes(tmp_path)
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(EDITED)
        archive.mark_gone(CODE)
        archive.mark_gone(CODE)
        archive.add(EDITED)
        archive.add(EDITED)
    assert events(found) == [
        (CODE, 1, "first_seen", []),
        (OTHER, 1, "first_seen", []),
        (CODE, 2, "better_copy", []),
    ]
    more = changes(tmp_path, "--after", str(found[-1]["cursor"]))
    assert events(more) == [
        (CODE, 3, "edited", ["figures"]),
        (CODE, 3, "gone", []),
        (CODE, 3, "returned", []),
    ]
    assert more[0]["edits"] == [{"field": "figures", "before": "5.3%", "after": "5.8%"}]
    assert not changes(tmp_path, "--after", str(more[-1]["cursor"]))
    assert changes(tmp_path) == found + more
    rebuild(tmp_path)
    assert changes(tmp_path) == found + more


@pytest.mark.parametrize("step", ["mark_gone", "add"])
def test_what_a_kill_repeats_is_one_change(tmp_path: Path, step: str) -> None:
    """A record was written before the kill, and a row was not."""
    clock = Clock()
    with Archive(tmp_path, clock=clock) as archive:
        archive.add_many([FIRST, replace(ARTICLE, info_code=OTHER)])
    run = {
        "mark_gone": lambda archive: archive.mark_gone(CODE),
        "add": lambda archive: archive.add(EDITED),
    }[step]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlanWriter, "_put", kill)
        with pytest.raises(Killed), Archive(tmp_path, clock=clock) as archive:
            run(archive)
    with Archive(tmp_path, clock=clock) as archive:
        archive.mark_gone(OTHER)
        run(archive)
    found = changes(tmp_path)
    assert len(found) == 4
    rebuild(tmp_path)
    assert changes(tmp_path) == found


class Broken(io.BytesIO):
    """A pipe whose reader ends after some lines."""

    lines = 0

    def write(self, data: Any) -> int:
        if self.lines == 3:
            raise BrokenPipeError
        self.lines += 1
        return super().write(data)


def test_a_reader_that_ends_early_misses_nothing_while_a_crawl_writes(tmp_path: Path) -> None:
    codes = [InfoCode(f"NW20260922{number:010d}") for number in range(8)]

    def crawl() -> None:
        with Archive(tmp_path, clock=Clock()) as archive:
            for code in codes:
                archive.add(replace(FIRST, info_code=code))
                archive.add(replace(EDITED, info_code=code))
                archive.mark_gone(code)
                archive.add(replace(EDITED, info_code=code))

    def read(after: int) -> list[dict[str, Any]]:
        out = Broken()
        with suppress(BrokenPipeError):
            export_changes(tmp_path, out, after)
        return [json.loads(line) for line in out.getvalue().splitlines()]

    Archive(tmp_path).close()
    found: list[dict[str, Any]] = []
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(crawl)
        while True:
            ended = writing.done()
            more = read(found[-1]["cursor"] if found else 0)
            found += more
            if ended and not more:
                break
        writing.result()
    assert events(found) == [
        (code, version, event, classes)
        for code in codes
        for version, event, classes in (
            (1, "first_seen", []),
            (2, "edited", ["figures"]),
            (2, "gone", []),
            (2, "returned", []),
        )
    ]
    rebuild(tmp_path)
    assert changes(tmp_path) == found


def test_a_cursor_of_another_archive_is_refused(tmp_path: Path) -> None:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(FIRST)
    assert changes(tmp_path, "--after", "1") == []
    ended = CliRunner().invoke(main, ["export", "changes", str(tmp_path), "--after", "2"])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "has the cursor 1; there is none 2." in ended.stderr
