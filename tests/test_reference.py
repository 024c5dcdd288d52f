"""The reference says what the code says."""

import re
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.catalog.rows import PostRow
from archive.cli import main
from crawler.arguments import FinewsArguments
from crawler.exit_status import ExitStatus
from settings import base
from tests.archive.browse.conftest import article
from tests.conftest import ROOT
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


def test_no_other_pages_are_there() -> None:
    assert {path.stem for path in REFERENCE.glob("*.md")} == set(PAGES)


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
