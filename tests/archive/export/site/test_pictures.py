"""A site that carries the pictures that the archive keeps."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree, html

from archive.archive import Archive
from archive.content import picture_address
from archive.content.carried_images import as_written
from archive.search.query import Query
from archive.storage.images import picture_of
from demo.pictures import jpeg
from tests.archive.export.site.conftest import build, publish
from tests.support.browser import Browser
from tests.support.feeds import NAMES
from tests.support.folders import changed, snapshot
from tests.support.hostile_articles import hostile_articles
from tests.support.serving import serving

BASE = "https://name.github.io/finews/"
AT = "https://dfscdn.dfcfw.com/download"
TRICKY = (rf"{AT}/\0.jpg", f"{AT}/'.jpg", f"{AT}/{{{{x}}}}.jpg", f"{AT}/涨停\u2028板.jpg#x")
AT_A, LATER, LOST = f"{AT}/a.jpg", f"{AT}/later.jpg", f"{AT}/lost.jpg"
KEPT = (AT_A, f"{AT}/a.jpg?size=1&x=2", f"{AT}/b.jpg", LOST)
#: What an attribute or a filter could take for its end, or for something else.
LEFT = TRICKY[:2]
BODY = (
    f'<p>甲</p><center><img src="{AT}/a.jpg" alt="图"></center>'
    f"<img src='{AT}/a.jpg?size=1&amp;x=2'><img src=\"//dfscdn.dfcfw.com/download/b.jpg\">"
    f'<img src="{AT}/a.jpg?size=1&x=2"><img src="{LOST}"><p>"{AT}/a.jpg"</p>'
    + "".join(f'<img src="{address}">' for address in TRICKY)
)


def data_of(address: str) -> bytes:
    """What is kept of a picture; two have the same bytes."""
    return jpeg("twins" if address.endswith(("x=2", "b.jpg")) else address)


def path_of(address: str) -> str:
    return picture_of(address, data_of(address), "").path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three posts: two have pictures, of which one is the same, and of another the file is lost."""
    folder = tmp_path_factory.mktemp("illustrated") / "news"
    first, second, third, *_ = hostile_articles()
    with Archive(folder) as archive:
        archive.add_many(
            [
                replace(first, body=BODY),
                replace(
                    second,
                    published=second.published.replace(year=2022),
                    body=f'<p>乙</p><img src="{AT}/a.jpg"><img src="{LATER}">',
                ),
                third,
            ]
        )
        for address in (*KEPT, *TRICKY, LATER):
            archive.store_picture(address, data_of(address))
    (folder / path_of(LOST)).unlink()
    return folder


@pytest.fixture(scope="module")
def site(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their site, built, below a path."""
    folder = tmp_path_factory.mktemp("carrying")
    assert publish(archive, folder / "site", address=BASE, with_pictures=True) == []
    (folder / "host").mkdir()
    return build(folder / "site").rename(folder / "host" / "finews")


def media_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.glob("media/*/*")}


def images(source: str) -> list[str]:
    return [str(address) for address in html.fromstring(source).xpath("//img/@src")]


def shown(address: str, written: str, base: str = "/finews") -> str:
    return f"{base}/{path_of(address)}#{written}"


#: Sources of the pictures of BODY.
IN_BODY = [
    *(AT_A, f"{AT}/a.jpg?size=1&x=2", "//dfscdn.dfcfw.com/download/b.jpg"),
    *(f"{AT}/a.jpg?size=1&x=2", LOST, *TRICKY),
]


def expected(base: str) -> list[str]:
    carried = {written: shown(picture_address(written) or "", written, base) for written in IN_BODY}
    return [written if written in (LOST, *LEFT) else carried[written] for written in IN_BODY]


def test_a_page_shows_the_sites_own_files_and_says_where_they_are_from(site: Path) -> None:
    (page,) = site.rglob("2021/*/*/NW202112290000000000.html")
    text = page.read_text(encoding="utf-8")
    assert images(text) == expected("/finews")
    assert f'<p>"{AT_A}"</p>' in text
    assert BODY in as_written(text)


def test_the_feed_shows_them_too(site: Path) -> None:
    bodies = etree.parse(site / "feed.xml").xpath("//a:content/text()", namespaces=NAMES)
    (body,) = [text for text in bodies if "甲" in text]
    assert images(body) == expected(BASE.rstrip("/"))
    assert BODY in as_written(body)


def test_it_has_the_files_of_its_posts_and_no_others(
    archive: Path, site: Path, tmp_path: Path
) -> None:
    addresses = [AT_A, f"{AT}/a.jpg?size=1&x=2", f"{AT}/b.jpg", *TRICKY[2:], LATER]
    assert media_in(site) == {path_of(address) for address in addresses}
    for path in media_in(site):
        assert (site / path).read_bytes() == (archive / path).read_bytes()
    publish(archive, tmp_path / "site", Query(since="2022"), with_pictures=True)
    assert media_in(tmp_path / "site") == {path_of(AT_A), path_of(LATER)}


def test_without_the_option_pictures_stay_where_they_are(archive: Path, tmp_path: Path) -> None:
    publish(archive, tmp_path / "site", with_pictures=True)
    publish(archive, tmp_path / "site")
    assert not (tmp_path / "site" / "media").exists()
    assert not (tmp_path / "site" / "_data" / "pictures").exists()
    assert "/media/" not in (tmp_path / "site" / "feed.xml").read_text(encoding="utf-8")


def test_a_picture_that_comes_later_touches_what_shows_it(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "news"
    shutil.copytree(archive, copy)
    site = tmp_path / "site"
    publish(copy, site, with_pictures=True)
    before = snapshot(site)
    publish(copy, site, with_pictures=True)
    assert snapshot(site) == before
    with Archive(copy) as opened:
        opened.store_picture(LOST, data_of(LOST))
    publish(copy, site, with_pictures=True)
    assert changed(before, snapshot(site)) == {
        path_of(LOST),
        *("_config.yml", "_data/pictures/2021-12.yml", "feed.xml", "feed/2021-12-29.xml"),
    }


def test_a_damaged_picture_is_left_out_by_name(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "news"
    shutil.copytree(archive, copy)
    (copy / path_of(LATER)).write_bytes(b"damaged")
    told = publish(copy, tmp_path / "site", with_pictures=True)
    assert told == [
        f"NW202112290000000001: its picture {copy / path_of(LATER)} is damaged, so it is left out;"
        " run `finews verify`"
    ]
    assert path_of(LATER) not in media_in(tmp_path / "site")


def test_browsers_show_them(site: Path, browser: Browser) -> None:
    with serving(site.parent) as address:
        browser.get(f"{address}/finews/jingjiguanchawang/2022/12/29/NW202112290000000001.html")
        script = "return [...document.images].map(image => [image.src, image.naturalWidth])"
        drawn = browser.execute_script(script)
    assert drawn == [[address + shown(one, one), 384] for one in (AT_A, LATER)]
