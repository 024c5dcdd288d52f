"""The rendered pages against pages that the real Jekyll rendered."""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from demo.articles import ROLLING_SLUG, SHANGHAI, Article
from demo.body import Block, Body, api_html
from demo.mirror import STRAY_LINKS, rendered_site
from demo.post import expected_post

SAMPLES = Path(__file__).parents[1] / "samples"
BUILT = datetime(2026, 11, 29, 23, 57, 59, tzinfo=SHANGHAI)
SAMPLE_PAGES = sorted(
    f"/{page.relative_to(SAMPLES / 'site').as_posix()}"
    for page in (SAMPLES / "site").rglob("*")
    if page.is_file()
)
SAMPLE_POSTS = sorted(post.name for post in (SAMPLES / "posts").iterdir())

_BLOCK = re.compile(
    r"(\s*)(<!-- EM_StockImg_Start -->.*?<!-- EM_StockImg_End -->"
    r"|<center>.*?</center>|<table.*?</table>|<p.*?</p>)",
    re.DOTALL,
)
_FRONT = re.compile(r"categories: (.*)\ntags: (.*)\n---\n(?:> (.*)\n)?")


def body_of(html: str) -> Body:
    body = tuple(Block(block, before) for before, block in _BLOCK.findall(html))
    assert api_html(body) == html
    return body


def sample_articles() -> list[Article]:
    articles = []
    for path in (SAMPLES / "posts").iterdir():
        name = path.stem.split("-", 3)[3]
        code = f"NW{name.removeprefix('NW')}"
        answer = (SAMPLES / "share_api" / f"{code}.json").read_bytes()
        facts = json.loads(answer)
        front = _FRONT.search(path.read_text())
        assert front is not None
        body = facts["content" if front[1] == ROLLING_SLUG else "text"]
        articles.append(
            Article(
                info_code=code,
                title=facts["title"],
                published=datetime.fromisoformat(facts["showtime"]).replace(tzinfo=SHANGHAI),
                media=facts["from"],
                slug=front[1],
                tag=front[2],
                body=body_of(body),
                answer=answer,
                digest=front[3] or "",
            )
        )
    return sorted(articles, key=lambda article: article.published)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return dict(rendered_site(sample_articles(), BUILT))


def test_there_are_samples() -> None:
    assert len(SAMPLE_POSTS) == 22
    assert {"/index.html", "/feed.xml", "/404.html"} < set(SAMPLE_PAGES)


@pytest.mark.parametrize("path", SAMPLE_PAGES)
def test_a_page_is_what_jekyll_makes_of_the_same_articles(path: str, pages: dict[str, str]) -> None:
    page = pages[path].replace(STRAY_LINKS, "")
    assert page == (SAMPLES / "site" / path.lstrip("/")).read_text()


@pytest.mark.parametrize("name", SAMPLE_POSTS)
def test_an_expected_post_is_the_real_post(name: str) -> None:
    (article,) = (article for article in sample_articles() if article.file_name == name)
    assert expected_post(article) == (SAMPLES / "posts" / name).read_bytes()
