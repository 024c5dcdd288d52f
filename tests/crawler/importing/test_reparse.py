"""Articles of declared and undeclared sources are read again from their captures."""

import json
from pathlib import Path

import pytest

from tests.crawler.declarations.recorded import SOURCES
from tests.crawler.importing.conftest import Import, is_whole, posts
from tests.support.reparsing import reparse
from tests.support.source_answers import RECORDED
from tests.support.web_archives import Page, caixun, recorded, write_warc


def every_answer() -> list[Page]:
    """Return the recorded answers of all declared sources, and two pages of an undeclared one."""
    pages = [
        recorded(path.parent.name, name)
        for path in RECORDED.glob("*/expected.json")
        if path.parent.name not in ("captcha", "eastmoney")
        for name in json.loads(path.read_bytes())["files"]
    ]
    return [*pages, caixun(118), caixun(119)]


@pytest.fixture
def imported(run: Import, news: Path, tmp_path: Path) -> Path:
    run(write_warc(tmp_path / "a.warc.gz", every_answer()), "--source", "caixun")
    return news


def declared_anew(folder: Path, source: str, old: str, new: str) -> str:
    """Write a declaration with a change, and return the setting that names it."""
    text = (SOURCES / f"{source}.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{source}.toml").write_text(text.replace(old, new), encoding="utf-8")
    return f"{SOURCES},{folder}"


def test_nothing_changes_while_the_declarations_do_not(imported: Path) -> None:
    sources = set(posts(imported, "source"))
    assert sources >= {"caixun", "cls", "jin10", "nbd", "sina", "ths", "wscn"}
    assert set(posts(imported, "body_source")) == {"list", "page", "extraction"}
    count = len(posts(imported))
    assert reparse(imported) == (
        f"finews: {count} posts read again, 0 of them would change, 0 could not be read, "
        "0 have no captures.\n"
    )


def test_a_changed_declaration_is_shown_and_applied(imported: Path, tmp_path: Path) -> None:
    nbd = next(one for one in posts(imported) if one.startswith("nbd-"))
    folders = declared_anew(
        tmp_path, "nbd", '= ".g-article-top h1"', "= { path = 'h1', template = '改：{}' }"
    )
    shown = reparse(imported, nbd, FINEWS_DECLARATIONS=folders)
    assert f"{nbd}: title: " in shown
    assert "1 posts read again, 1 of them would change" in shown
    assert "1 of them were revised" in reparse(
        imported, nbd, apply=True, FINEWS_DECLARATIONS=folders
    )
    query = "cause, version, edits"
    found = dict(zip(posts(imported), posts(imported, query), strict=True))
    assert found[nbd] == ("read_anew", 2, "[]")
    assert is_whole(imported)


def test_what_is_read_no_more_is_named(imported: Path, tmp_path: Path) -> None:
    (cls,) = [one for one in posts(imported) if one == "cls-2492814"]
    folders = declared_anew(tmp_path, "cls", "script#__NEXT_DATA__", "script#__NUXT__")
    said = reparse(imported, cls, FINEWS_DECLARATIONS=folders)
    assert said.startswith(f"{cls}: https://www.cls.cn/detail/2492814 was not read by cls")
    assert "1 could not be read" in said
