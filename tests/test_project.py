"""The project itself: its packages, its settings, its documents."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from crawler.sources import Sources
from settings import base, cluster
from tests.conftest import ROOT


@pytest.mark.parametrize("package", ["archive", "cluster", "crawler", "demo", "settings"])
def test_packages_are_the_projects_own_from_anywhere(package: str, tmp_path: Path) -> None:
    """Scrapy appends the project's root to `sys.path`, so a foreign `settings` would win."""
    code = f"import {package}; print({package}.__file__)"
    found = subprocess.run(
        (sys.executable, "-c", code), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(ROOT)


def test_settings_name_components_that_are_there() -> None:
    tables = (base.ITEM_PIPELINES, base.SPIDER_MIDDLEWARES, base.EXTENSIONS)
    names = [name for table in tables for name in table]
    keepers = [base.FINEWS_ARCHIVE_CLASS, cluster.FINEWS_ARCHIVE_CLASS]
    for name in [*names, *keepers, base.REQUEST_FINGERPRINTER_CLASS]:
        module, _, component = name.rpartition(".")
        assert hasattr(importlib.import_module(module), component), name


def test_the_sources_are_right() -> None:
    sources = Sources.load(Path(base.FINEWS_SOURCES))
    assert sources.mirror.site == "https://finews.withounder.com/"
    assert [address.split("/")[2] for address in sources.share.api] == [
        "finews.zning.xyz",
        "choicewzp1.eastmoney.com",
        "app.jg.eastmoney.com",
    ]


def test_a_good_guest_by_default() -> None:
    assert base.ROBOTSTXT_OBEY
    assert base.AUTOTHROTTLE_ENABLED
    assert base.DOWNLOAD_DELAY >= 1
    assert base.CONCURRENT_REQUESTS_PER_DOMAIN == 1


def test_dependencies_are_pinned_without_addresses() -> None:
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    pinned = {pin.partition("==")[0].lower().replace("_", "-") for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    for requirement in wanted:
        assert re.split(r"[<>=\[]", requirement)[0].lower() in pinned, requirement


def test_no_sql_has_numbered_placeholders() -> None:
    """For ``?1`` and a sequence, Python 3.12 warns until 3.12.3
    (https://github.com/python/cpython/issues/117995)."""
    modules = [
        path for name in ("archive", "crawler", "cluster") for path in (ROOT / name).rglob("*.py")
    ]
    found = {
        path: re.findall(r"[ (,]\?[0-9]", path.read_text(encoding="utf-8")) for path in modules
    }
    assert not {path: each for path, each in found.items() if each}


def test_no_class_name_has_two_meanings() -> None:
    """Scrapy wants each of its commands to be called `Command`."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for package in ("archive", "cluster", "crawler", "settings"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name != "Command":
                    places[node.name].add(path.relative_to(ROOT).as_posix())
    assert not {name: found for name, found in places.items() if len(found) > 1}
