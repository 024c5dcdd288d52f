"""The reference says what the code says."""

import re
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.catalog.rows import PostRow
from archive.cli import main
from archive.commands.help import translate_click
from archive.translation import Language, language
from crawler.arguments import FinewsArguments
from crawler.exit_status import ExitStatus
from settings import base
from tests.archive.browse.conftest import article
from tests.archive.test_translation import written
from tests.conftest import ROOT
from tests.faults.matrix import page as faults_page
from tests.support.chinese_pages import CATALOGUE, NoHalf, catalogue, half_of, translated_page
from tests.support.reference import PAGES, commands_of, page, parameters
from tests.support.search_examples import EXAMPLES

REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str, request: pytest.FixtureRequest) -> None:
    path = REFERENCE / f"{name}.md"
    if request.config.getoption("--write-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(name), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == page(name), "say pytest --write-golden"


def test_each_generated_page_is_in_chinese_too(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = request.config.getoption("--write-golden")
    blocks, used, missing = catalogue(), set[str](), set[str]()

    def translate(block: str) -> str | None:
        half = half_of(block, blocks)
        used.update([block] if half else ())
        return block if block in missing else half

    monkeypatch.setenv("LANGUAGE", "zh")
    translate_click()
    with language(Language.CHINESE):
        texts = {f"reference/{name}.md": page(name) for name in PAGES}
    pages = {**texts, "faults.md": faults_page()}
    while pages:
        path, text = next(iter(pages.items()))
        try:
            expected = translated_page(text, translate)
        except NoHalf as error:
            missing.add(str(error))
            continue
        place = ROOT / "docs" / "zh" / path
        if writes:
            place.write_text(expected, encoding="utf-8")
        assert missing or place.read_text(encoding="utf-8") == expected, "run pytest --write-golden"
        del pages[path]
    if writes:
        for block in {each.id for each in blocks if each.id} - used:
            blocks.delete(block)
        for block in missing:
            blocks.add(block)
        CATALOGUE.write_bytes(written(blocks))
    assert missing == set(), "run pytest --write-golden, and translate"
    assert {each.id for each in catalogue() if each.id} == used & {each.id for each in blocks}


def test_no_other_pages_are_there() -> None:
    for folder in (REFERENCE, ROOT / "docs" / "zh" / "reference"):
        assert {path.stem for path in folder.glob("*.md")} == set(PAGES)


def test_every_setting_of_finews_is_explained() -> None:
    text = page("settings")
    names = [name for name in vars(base) if name.startswith("FINEWS_")]
    assert len(names) > 10
    for name in names:
        assert re.search(rf"^{name} = ", text, re.MULTILINE), name


def test_every_argument_every_command_and_every_status_is_named() -> None:
    assert set(parameters(FinewsArguments)) == set(FinewsArguments.model_fields)
    arguments, commands, statuses = map(page, ("arguments", "commands", "exit-statuses"))
    for field in FinewsArguments.model_fields:
        assert f"| `{field}` | " in arguments
    for name, _ in commands_of(main, "finews"):
        assert f"\n## {name}\n" in commands
    for status in ExitStatus:
        assert re.search(rf"^\| {status} \| \w.+ \|$", statuses, re.MULTILINE)


def test_every_column_is_named() -> None:
    catalog = page("catalog")
    for column in PostRow.__slots__:
        assert f"| `{column}` | " in catalog


@pytest.mark.parametrize(("query", "found", "not_found"), EXAMPLES)
def test_an_example_of_a_search_is_right(
    tmp_path: Path, query: str, found: str, not_found: str
) -> None:
    codes = {"NW202112290000000001": found, "NW202112290000000002": not_found}
    with Archive(tmp_path) as archive:
        archive.add_many(
            [article(code, title=title, body="<p>正文</p>") for code, title in codes.items()]
        )
        hits = archive.search(query)
        assert [hit.info_code for hit in hits] == ["NW202112290000000001"]
