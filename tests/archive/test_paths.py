"""An archive's path may have any characters, in every command."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.archive import Archive
from archive.browse.plugin import open_site
from archive.cli import main
from tests.support.articles import ARTICLE, CODE

SPECIAL = "#?%&;:=+*[]{}()<>|~$`'\"\\,!@^ \t\n-_.\x7f\u3000\u00a0证券e\u0301🧨A2"
NAMES = st.text(SPECIAL, min_size=1, max_size=12).filter(lambda name: set(name) != {"."})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with one post."""
    folder = tmp_path_factory.mktemp("archives") / "news"
    with Archive(folder) as archive:
        archive.add(ARTICLE)
    return folder


@contextmanager
def working_in_new_folder() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


async def front_page_of(folder: Path) -> httpx.Response:
    site = open_site(folder)
    try:
        transport = httpx.ASGITransport(site.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/")
    finally:
        site.close()


@settings(max_examples=10)
@given(NAMES)
@example("a #1")
@example("a?mode=rwc")
@example("100%23")
@example("-o")
@example("file:x")
@example("新闻 存档")
@example(os.fsdecode(b"gbk-\xd0\xc2\xce\xc5"))
def test_every_command_reads_and_writes_the_archive_that_is_named(
    template: Path, name: str
) -> None:
    with working_in_new_folder() as here:
        shutil.copytree(template, name)
        assert run("stats", "--", name).startswith("archive")
        assert " 0 wrong." in run("verify", "--", name)
        run("rebuild", "--", name)
        assert json.loads(run("export", "posts", "--", name))["info_code"] == CODE
        page = asyncio.run(front_page_of(Path(name)))
        assert page.status_code == 200
        assert ARTICLE.title in page.text
        assert names_in(here) == {name}
        run("import", "--archive", "copy", "--", name)
        run("import", f"--archive={name}.2", "--", "copy")
        run("export", "posts", f"--output={name}.jsonl", "--", f"{name}.2")
        run("export", "posts", "--format=parquet", f"--output={name}.parquet", "--", name)
        run("export", "site", "--", f"{name}.site", name)
        run("export", "feed", "--", f"{name}.feed", name)
        made = {name + suffix for suffix in ("", ".2", ".jsonl", ".parquet", ".site", ".feed")}
        assert names_in(here) == {*made, "copy"}


def test_so_do_the_commands_that_are_used_less(template: Path) -> None:
    name = os.fsdecode(b"-a #1?%23\n\xd0\xc2")
    with working_in_new_folder() as here:
        shutil.copytree(template, name)
        run("export", "versions", f"--output={name}.versions", "--", name)
        run("export", "changes", f"--output={name}.changes", "--", name)
        run("export", "posts", f"--by-day={name}.days", "--", name)
        run("export", "wacz", f"--output={name}.wacz", "--", name)
        run("watch", f"--archive={name}", "history")
        run("init", "--", f"{name}.project")
        suffixes = ("", ".versions", ".changes", ".days", ".wacz", ".project")
        assert names_in(here) == {name + suffix for suffix in suffixes}
