"""Golden pages: a saved answer, and beside it what its page object reads from it.

Answers are those of the sample site and, under `tests/golden/answers/`, single ones named after
their page object and article. Expected outputs are one JSON file each; `pytest --write-golden`
makes them anew, to be read in the diff.
"""

import json
import re
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse, XmlResponse

from archive.article_id import InfoCode
from archive.content import read_body
from archive.content.front_matter import parse_post
from crawler.pages.eastmoney_list import EastmoneyList
from crawler.pages.errors import PageError
from crawler.pages.feed import Feed
from crawler.pages.layouts import LAYOUTS, Layout, layout_of
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.pages.page import TextPage
from crawler.pages.share_answer import ShareAnswer
from tests.conftest import SAMPLES

GOLDEN = Path(__file__).parents[2] / "golden"
SITE = "https://finews.withounder.com"
API = "http://finews.zning.xyz/NewsData/GetNewsText.do?id="

LISTS = {
    "FastNewsList": "https://np-weblist.eastmoney.com/comm/web/getFastNewsList?sortEnd=&name=",
    "ColumnList": "https://np-listapi.eastmoney.com/comm/web/getNewsByColumns?page_index=1&name=",
}


def address_of(page: str, name: str) -> str:
    match page:
        case "PostPage":
            return f"{SITE}/2026/11/22/2026-11-20-{name}.html"
        case "ArticlePage":
            return f"https://finance.eastmoney.com/a/{name.removeprefix('NW')}.html"
        case _:
            return LISTS.get(page, API) + name


def cases() -> list[tuple[Layout, str, Path]]:
    """Page object, address and saved answer of every golden page."""
    site = SAMPLES / "site"
    found: list[tuple[Layout, str, Path]] = [
        (ListPage, f"{SITE}/", site / "index.html"),
        (Feed, f"{SITE}/feed.xml", site / "feed.xml"),
        (ListPage, f"{SITE}/404.html", site / "404.html"),
    ]
    for path in sorted((site / "category").iterdir()):
        found.append((ListPage, f"{SITE}/category/{path.name}", path))
    for path in sorted(site.glob("*/**/NW*.html")) + sorted(site.glob("emnews/**/*.html")):
        found.append((PostPage, f"{SITE}/{path.relative_to(site)}", path))
    for path in sorted((SAMPLES / "share_api").iterdir()):
        found.append((ShareAnswer, API + path.stem, path))
    for path in sorted((GOLDEN / "answers").iterdir()):
        page, _, name = path.stem.partition("-")
        found.append((LAYOUTS[page], address_of(page, name), path))
    return found


def response(address: str, path: Path) -> Response:
    kinds: dict[str, type[TextResponse]] = {".html": HtmlResponse, ".xml": XmlResponse}
    kind = kinds.get(path.suffix, TextResponse)
    return kind(address.replace(" ", "%20"), body=path.read_bytes(), encoding="utf-8")


def read(layout: Layout, response: Response) -> Any:
    """All that a page object reads from a response."""
    page = layout(response)
    if isinstance(page, TextPage):
        return page.text(InfoCode.from_address(response.url))
    if isinstance(page, PostPage):
        return page.facts()
    if isinstance(page, EastmoneyList):
        return {"entries": page.entries(), "next_page": page.next_page()}
    assert isinstance(page, Feed | ListPage)
    return page.links()


def as_json(value: object) -> Any:
    return json.loads(json.dumps(value, default=plain))


def plain(value: object) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


@pytest.mark.parametrize(
    ("page", "address", "path"), cases(), ids=lambda value: getattr(value, "stem", None)
)
def test_a_saved_answer_reads_as_it_did(
    page: Layout, address: str, path: Path, request: pytest.FixtureRequest
) -> None:
    try:
        actual = as_json(read(page, response(address, path)))
    except PageError as error:
        actual = {"error": type(error).__name__, "sentence": str(error)}
    expected = GOLDEN / page.__name__ / f"{path.stem}.json"
    if request.config.getoption("--write-golden"):
        expected.parent.mkdir(exist_ok=True)
        text = json.dumps(actual, ensure_ascii=False, indent=1)
        expected.write_text(text + "\n", encoding="utf-8")
    assert actual == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("page", "address", "path"), cases(), ids=lambda value: getattr(value, "stem", None)
)
def test_an_address_tells_which_page_object_reads_it(
    page: Layout, address: str, path: Path
) -> None:
    assert layout_of(response(address, path)) is page


@pytest.mark.parametrize("path", sorted((SAMPLES / "posts").iterdir()), ids=lambda path: path.stem)
def test_a_post_page_says_what_the_post_says(path: Path) -> None:
    post = parse_post(path.read_bytes(), path.name)
    name = path.name[len("2022-05-20-") :].replace(".md", ".html")
    (page,) = (SAMPLES / "site").rglob(name)
    address = f"{SITE}/{page.relative_to(SAMPLES / 'site')}"
    facts = PostPage(response(address, page)).facts()
    assert (facts.info_code, facts.title, facts.published) == (
        *(post.info_code, post.title, post.published),
    )
    assert (facts.category, facts.tag, facts.digest, facts.link) == (
        *(post.category, post.tag, post.digest, post.link),
    )
    rendered, written = read_body(facts.body), read_body(post.body)
    assert (rendered.pictures, rendered.securities) == (written.pictures, written.securities)
    # Jekyll's Markdown takes the tags of an indented chart for text, and escapes them.
    assert re.sub(r"(?m)^<p style.*></p>\n", "", rendered.text) == written.text
