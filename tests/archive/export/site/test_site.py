"""The site that Jekyll makes of an export: the original's pages, and nothing that does not work."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import etree
from parsel import Selector

from archive.archive import Archive
from archive.article_id import InfoCode
from archive.errors import FinewsError
from archive.importing import import_posts
from archive.search.query import Query
from tests.archive.export.site.conftest import ORIGINAL, build, publish
from tests.conftest import SAMPLES
from tests.support.hostile_articles import hostile_articles


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def links(site: Path, base: str = ORIGINAL) -> Iterator[tuple[Path, str]]:
    """Every address of the site's own that its files name, with the file that names it."""
    for page in pages(site):
        place = urljoin(base, page.relative_to(site).as_posix())
        for href in Selector(page.read_text(encoding="utf-8")).css("[href]::attr(href)").getall():
            address = urljoin(place, href)
            if address.startswith(base) or not href.startswith(("http", "//", "javascript")):
                yield page, address
    for file in site.rglob("*.xml"):
        tree = etree.parse(file)
        for address in tree.xpath("//*[local-name()='loc']/text() | //*/@href"):
            yield file, str(address)


def file_of(address: str, site: Path, base: str = ORIGINAL) -> Path:
    assert address.startswith(base), address
    path = unquote(urlsplit(address).path).removeprefix(urlsplit(base).path)
    return site / (f"{path}index.html" if not path or path.endswith("/") else path)


def listed(page: Path) -> list[str]:
    return Selector(page.read_text(encoding="utf-8")).css("section li a::attr(href)").getall()


def test_posts_are_sources_as_they_stand(sample_source: Path) -> None:
    exported = {path.name: path.read_bytes() for path in (sample_source / "_posts").rglob("*.md")}
    assert exported == {path.name: path.read_bytes() for path in (SAMPLES / "posts").iterdir()}


def test_every_page_of_the_original_is_at_its_address(sample_site: Path) -> None:
    original = {path.relative_to(SAMPLES / "site") for path in (SAMPLES / "site").rglob("*.*")}
    assert len(original) > 30
    ours = {path.relative_to(sample_site) for path in sample_site.rglob("*.*")}
    assert original - ours == set()


def test_every_link_leads_somewhere(sample_site: Path) -> None:
    found = list(links(sample_site))
    assert len(found) > 300
    for page, address in found:
        assert file_of(address, sample_site).is_file(), (page, address)


def test_a_category_lists_all_its_posts_even_with_spaces_in_its_name(sample_site: Path) -> None:
    for folder in (
        "21shijijingjibaodao  nancailicaitong",
        "anxinguojizhengquan(xianggang)",
        "emnews",
    ):
        shown = listed(sample_site / "category" / f"{folder}.html")
        place = sample_site.joinpath(*folder.lower().split())
        posts = {path.relative_to(sample_site).as_posix() for path in place.rglob("NW*.html")}
        posts |= {path.relative_to(sample_site).as_posix() for path in place.rglob("2*.html")}
        assert {unquote(href).lstrip("/") for href in shown} == posts
        assert len(shown) == len(posts) > 0


def test_home_has_every_media_with_its_newest_posts(sample_site: Path) -> None:
    home = Selector((sample_site / "index.html").read_text(encoding="utf-8"))
    names = home.css(".media h2 a::text").getall()
    assert len(names) == 15
    assert "21世纪经济报道  南财理财通新闻" in names
    newest = home.css(".newest li a::attr(href)").getall()
    assert len(newest) == 19


def test_rolling_news_is_where_its_posts_say_too(sample_site: Path) -> None:
    moved = (sample_site / "emnews" / "index.html").read_text(encoding="utf-8")
    assert 'content="0; url=/category/emnews.html"' in moved


def test_below_a_path_every_link_stays_below_it(sample_archive: Path, tmp_path: Path) -> None:
    base = "https://example.org/news/"
    assert publish(sample_archive, tmp_path / "site", address=base.rstrip("/")) == []
    site = build(tmp_path / "site")
    for page, address in links(site, base):
        assert file_of(address, site, base).is_file(), (page, address)
    assert "finews.withounder.com" not in (site / "index.html").read_text(encoding="utf-8")


def test_a_site_of_a_day_has_that_day_only(sample_archive: Path, tmp_path: Path) -> None:
    publish(sample_archive, tmp_path / "site", Query(since="2021-12-29", until="2021-12-30"))
    site = build(tmp_path / "site")
    assert [path.name for path in site.rglob("2021/*/*/*.html")] == ["NW202112292230175548.html"]
    assert [path.name for path in (site / "category").iterdir()] == ["jingjiguanchawang.html"]
    assert not (site / "emnews").exists()


BROKEN = {
    "2022-05-28-NW202205280000000001.md": (
        '---\ntitle: "他说"好"了"\ndate: 2022-05-28 01:02:03 +0800\n'
        "categories: hexunwang\ntags: 和讯网新闻\n---\n<p>甲</p>"
    ).encode(),
    "2022-05-28-NW202205280000000002.md": b"---\nlayout: post\n",
    "-202205262391921712.md": "---\ntitle: \ndate:  +0800\n---\n<p>乙</p>".encode(),
    "2022-05-28-NW202205280000000003.md": "---\ntitle: 标题\ntags: 中文\n---\n<p>丙</p>".encode(
        "gbk"
    ),
    "2022-05-28-NW202205280000000004.md": "---\ntitle: 标题\n---\n".encode(),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[str]]:
    """An archive of posts that nobody would wish for, its site, and what the export told."""
    folder = tmp_path_factory.mktemp("hostile")
    with Archive(folder / "news") as archive:
        archive.add_many(list(hostile_articles()))
    (folder / "broken").mkdir()
    for name, data in BROKEN.items():
        (folder / "broken" / name).write_bytes(data)
    import_posts(folder / "news", [folder / "broken"])
    told = publish(folder / "news", folder / "site", title='"{{ x }}" <b> \\')
    return folder / "news", build(folder / "site"), told


def test_whatever_posts_hold_every_one_has_its_page(
    hostile: tuple[Path, Path, list[str]],
) -> None:
    _, site, _ = hostile
    shown = {InfoCode(path.stem) for path in site.rglob("*/*/*/*.html")}
    assert {article.info_code for article in hostile_articles()} <= shown
    assert {InfoCode.from_address(name) for name in BROKEN} <= shown
    assert not list(site.parent.glob("x*"))
    for page, address in links(site):
        if file_of(address, site).suffix in {".html", ".xml"}:
            assert file_of(address, site).is_file(), (page, address)


def test_only_what_cannot_stand_is_written_anew(hostile: tuple[Path, Path, list[str]]) -> None:
    archive, site, told = hostile
    source = site.with_name("site")
    kept = {path.name: path.read_bytes() for path in (archive / "_posts").rglob("*.md")}
    same = [name for name, data in kept.items() if data in _sources(source)]
    unservable = {"../../x", "a/b", ".", "a b a", "_x", "a:title", "x~", "%2e%2e", "#x", "a?b"}
    unservable |= {"长" * 80, ".."}
    anew = {article.info_code for article in hostile_articles() if article.category in unservable}
    anew |= {InfoCode.from_address(name) for name in BROKEN}
    assert {InfoCode.from_address(name) for name in kept} - anew == set(
        map(InfoCode.from_address, same)
    )
    assert {line.partition(":")[0] for line in told} == anew


def _sources(source: Path) -> set[bytes]:
    return {path.read_bytes() for path in (source / "_posts").rglob("*.md")}


def test_a_post_that_is_written_anew_says_what_could_be_read(
    hostile: tuple[Path, Path, list[str]],
) -> None:
    _, site, _ = hostile
    page = (site / "hexunwang/2022/05/28/NW202205280000000001.html").read_text(encoding="utf-8")
    assert '<h1>他说"好"了</h1>' in page
    assert "<p>甲</p>" in page
    assert "返回和讯网新闻" in page


def test_bodies_are_in_their_pages_to_the_byte(hostile: tuple[Path, Path, list[str]]) -> None:
    _, site, _ = hostile
    page_of = {InfoCode(path.stem): path for path in site.rglob("*/*/*/*.html")}
    for article in hostile_articles():
        if article.category == "emnews" and article.body.startswith("> "):
            continue  # the file of rolling news cannot tell this from a digest
        page = page_of[article.info_code].read_bytes().decode()
        assert f"</h1>\n\n{article.body.strip(chr(10))}" in page or article.digest, article


def test_a_page_that_would_lead_readers_away_shows_its_text(tmp_path: Path) -> None:
    leading = "<p>甲&amp;乙</p><META http-equiv=refresh content='0;url=http://x/'><meta"
    (article, *_) = hostile_articles()
    with Archive(tmp_path / "news") as archive:
        archive.add(replace(article, body=leading, title="<meta>题"))
    publish(tmp_path / "news", tmp_path / "site")
    (page,) = build(tmp_path / "site").rglob("NW*.html")
    text = page.read_text(encoding="utf-8")
    assert "<h1>题</h1>\n\n甲&amp;乙&lt;meta\n" in text
    assert "refresh" not in text


def test_a_lost_post_is_left_out_by_name(sample_archive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "news"
    shutil.copytree(sample_archive, archive)
    (lost,) = (archive / "_posts").rglob("*NW202112292230175548.md")
    lost.unlink()
    assert publish(archive, tmp_path / "site") == [
        "NW202112292230175548: its file is lost, so it is left out; `finews verify --repair` may"
        " restore it"
    ]
    lost.write_bytes((SAMPLES / "posts" / lost.name).read_bytes())
    assert publish(archive, tmp_path / "site") == []
    assert (tmp_path / "site" / "_posts" / "2021" / "12" / lost.name).is_file()


@pytest.mark.parametrize(
    "address", ["news.example.org", "ftp://x/", "http://", "https://x/?a", "https://x/\n"]
)
def test_what_is_no_address_is_refused(sample_archive: Path, tmp_path: Path, address: str) -> None:
    with pytest.raises(FinewsError, match="is no address to publish at"):
        publish(sample_archive, tmp_path / "site", address=address)
    assert not (tmp_path / "site").exists()
