"""The sitemap names every page, in files of a size that search engines read."""

from pathlib import Path

from lxml import etree

from archive.export.site.sitemap import parts
from tests.archive.export.site.conftest import ORIGINAL, publish

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def addresses(path: Path) -> list[str]:
    return [str(text) for text in etree.parse(path).xpath("//s:loc/text()", namespaces=NAMES)]


def test_it_names_every_page(sample_source: Path, sample_site: Path) -> None:
    files = addresses(sample_source / "sitemap.xml")
    named = {
        address.removeprefix(ORIGINAL)
        for part in files
        for address in addresses(sample_source / part.removeprefix(ORIGINAL))
    }
    pages = {path.relative_to(sample_site).as_posix() for path in sample_site.rglob("*.html")}
    shown = pages - {"404.html", "emnews/index.html", "index.html", "search/index.html"} | {""}
    assert {name.replace("%20", " ") for name in named} == shown


def test_each_month_has_a_file(sample_archive: Path, tmp_path: Path) -> None:
    publish(sample_archive, tmp_path)
    names = ["lists", "2021-12", "2022-05", "pages"]
    assert addresses(tmp_path / "sitemap.xml") == [
        f"{ORIGINAL}sitemap/{name}.xml" for name in names
    ]
    sizes = [len(addresses(tmp_path / "sitemap" / f"{name}.xml")) for name in names[1:-1]]
    assert sizes == [1, 21]
    assert f"Sitemap: {ORIGINAL}sitemap.xml\n" in (tmp_path / "robots.txt").read_text()


def test_a_month_with_too_many_posts_has_several_files() -> None:
    entries = [(f"{number}.html", "") for number in range(21)]
    found = dict(parts("2022-05", entries, most=8))
    assert {name: len(part) for name, part in found.items()} == {
        "2022-05": 8,
        "2022-05-2": 8,
        "2022-05-3": 5,
    }
    assert [entry for part in found.values() for entry in part] == entries
