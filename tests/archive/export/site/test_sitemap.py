"""The sitemap names every page, in files of a size that search engines read."""

from pathlib import Path

import pytest
from lxml import etree

from archive.export.site import sitemap
from tests.archive.export.site.conftest import ORIGINAL, publish

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def addresses(path: Path) -> list[str]:
    return [str(text) for text in etree.parse(path).xpath("//s:loc/text()", namespaces=NAMES)]


def test_it_names_every_page(sample_source: Path, sample_site: Path) -> None:
    parts = addresses(sample_source / "sitemap.xml")
    named = {
        address.removeprefix(ORIGINAL)
        for part in parts
        for address in addresses(sample_source / part.removeprefix(ORIGINAL))
    }
    pages = {path.relative_to(sample_site).as_posix() for path in sample_site.rglob("*.html")}
    shown = pages - {"404.html", "emnews/index.html", "index.html", "search/index.html"} | {""}
    assert {name.replace("%20", " ") for name in named} == shown


def test_a_month_with_too_many_posts_is_several_files(
    sample_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "_MAX_ADDRESSES", 8)
    publish(sample_archive, tmp_path)
    names = ["lists", "2021-12", "2022-05", "2022-05-2", "2022-05-3", "pages"]
    parts = addresses(tmp_path / "sitemap.xml")
    assert parts == [f"{ORIGINAL}sitemap/{name}.xml" for name in names]
    sizes = [len(addresses(tmp_path / "sitemap" / f"{name}.xml")) for name in names[1:-1]]
    assert sizes == [1, 8, 8, 5]
    assert f"Sitemap: {ORIGINAL}sitemap.xml\n" in (tmp_path / "robots.txt").read_text()
