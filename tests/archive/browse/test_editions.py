"""An article that was published as two posts has one page, which offers both."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from archive.browse.plugin import open_site
from archive.importing import import_posts
from tests.conftest import SAMPLES

CODE = "NW202205202300000042"
ROW = f"/catalog/posts/{CODE}"
DIGEST = "国检集团稳步减持人民币与银行"

Get = Callable[[str], httpx.Response]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the sample posts."""
    folder = tmp_path_factory.mktemp("news")
    import_posts(folder, [SAMPLES / "posts"])
    return folder


@pytest.fixture
def get(archive: Path) -> Iterator[Get]:
    """Get a page."""
    site = open_site(archive)
    yield lambda path: asyncio.run(site.client.get(path))
    site.close()


def test_the_page_is_the_medias_and_leads_to_the_rolling_news(get: Get) -> None:
    page = get(ROW)
    assert page.status_code == 200
    assert DIGEST in page.text
    assert f"2022-05-20-{CODE}.md" in page.text
    assert f'href="{ROW}?edition=rolling"' in page.text
    other = get(f"{ROW}?edition=rolling")
    assert "_posts/2022/05/2022-05-20-202205202300000042.md" in other.text
    assert (
        "/security/1.601318" in other.text.partition('<div class="body">')[2].partition("</div>")[0]
    )
    assert f'href="{ROW}"' in other.text


@pytest.mark.parametrize(
    ("edition", "name"),
    [("", f"2022-05-20-{CODE}.md"), ("?edition=rolling", "2022-05-20-202205202300000042.md")],
)
def test_each_file_can_be_had(get: Get, edition: str, name: str) -> None:
    file = get(f"{ROW}/versions/1{edition}")
    assert file.content == (SAMPLES / "posts" / name).read_bytes()


def test_a_search_finds_the_article_once(get: Get) -> None:
    page = get("/news?q=国检集团稳步减持")
    assert page.text.count(f'href="{ROW}"') == 1


def test_an_article_with_one_post_offers_no_other(get: Get) -> None:
    page = get("/catalog/posts/NW202205202300000055?edition=media")
    assert page.status_code == 200
    assert "发布了两次" not in page.text
