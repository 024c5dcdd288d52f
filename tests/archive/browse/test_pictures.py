"""The article page shows the pictures that are kept, and asks nobody else for them."""

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.browse.plugin import open_site
from archive.storage.images import picture_of
from demo.pictures import jpeg, png
from tests.archive.browse.conftest import article

CODE = "NW202112299000000004"
HOST = "https://dfscdn.dfcfw.com/download"
KEPT, MISSING = f"{HOST}/kept.jpg?a=1&b=2", f"{HOST}/missing.jpg"
PICTURE = jpeg("kept")
DIGEST = picture_of(KEPT, PICTURE, "").sha256
Visit = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    with Archive(folder) as archive:
        (folder / "secret.jpg").write_bytes(PICTURE)
        archive.add(
            article(
                CODE,
                body=f'<p>央行</p><img src="{KEPT.replace("&", "&amp;")}"><img src="{MISSING}">'
                f'<img src="/pictures/{DIGEST}.jpg" id="forged"><a href="/pictures/x.jpg">x</a>',
            )
        )
        archive.store_picture(KEPT, PICTURE)
    return folder


@pytest.fixture(params=["/", "/finews/"])
def visit(folder: Path, request: pytest.FixtureRequest) -> Iterator[Visit]:
    site = open_site(folder, base_url=request.param)
    below = request.param.rstrip("/")
    yield lambda path: asyncio.run(site.client.get(path.removeprefix(below)))
    site.close()


def test_kept_pictures_are_shown_from_here(visit: Visit) -> None:
    page = Selector(visit(f"/catalog/posts/{CODE}").text)
    ours, theirs = page.css(".body img")
    assert theirs.attrib["src"] == MISSING
    assert ours.attrib["src"].endswith(f"/pictures/{DIGEST}.jpg")
    assert page.css(".body a:has(img)::attr(href)").getall() == [MISSING]
    answer = visit(ours.attrib["src"])
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_feeds_show_them_too(visit: Visit) -> None:
    feed = ElementTree.fromstring(visit("/news.atom").content)  # noqa: S314 (our own)
    content = feed.findtext(".//{http://www.w3.org/2005/Atom}content", "")
    sources = [image.attrib["src"] for image in Selector(content).css("img")]
    assert len(sources) == 2
    assert sources[0].startswith("http://localhost/")
    assert sources[0].endswith(f"/pictures/{DIGEST}.jpg")


@pytest.mark.parametrize(
    "name",
    [
        f"{DIGEST}.png",
        f"{DIGEST.upper()}.jpg",
        f"{'0' * 64}.jpg",
        DIGEST,
        f"{DIGEST}.jpg%00",
        "../secret.jpg",
        "..%2fsecret.jpg",
        "%2e%2e%2fcatalog.db",
        f"{DIGEST[:2]}/{DIGEST}.jpg",
    ],
)
def test_nothing_else_is_served(visit: Visit, name: str) -> None:
    answer = visit(f"/pictures/{name}")
    assert answer.status_code in {302, 404}  # Datasette mends percent signs before it looks
    if answer.is_redirect:
        assert visit(answer.headers["location"]).status_code == 404


def test_files_that_the_catalog_does_not_have_are_not_served(folder: Path, visit: Visit) -> None:
    stranger = picture_of("x", png("stranger"), "")
    path = folder / stranger.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png("stranger"))
    assert visit(f"/pictures/{path.name}").status_code == 404


def test_a_kept_picture_that_is_lost_is_not_found(folder: Path, visit: Visit) -> None:
    path = folder / picture_of(KEPT, PICTURE, "").path
    path.unlink()
    assert visit(f"/pictures/{DIGEST}.jpg").status_code == 404
    path.write_bytes(PICTURE)
