"""Markup that a template writes into an attribute of the head is no part of the article."""

from pathlib import Path

import frontmatter
import pytest
from lxml import html

from bench.extraction import MOST_FOREIGN, MOST_OF_THE_TEXT, compared
from crawler.declarations.answers import Answer
from crawler.extraction import extract
from crawler.extraction.spill import without_spilled_text
from tests.crawler.extraction.test_shapes import LINES, TEXT, TITLE

SAMPLES = Path(__file__).parents[2] / "samples"
POSTS = {path.stem[len("2022-05-20-") :]: path for path in (SAMPLES / "posts").glob("*.md")}
PAGES = [path for path in sorted((SAMPLES / "site").rglob("*.html")) if path.stem in POSTS]
#: The template of these pages writes the article into `og:description`.
assert len(PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parts[-5]}-{page.stem}")
def test_a_sample_page_has_the_text_of_its_post(page: Path) -> None:
    post = frontmatter.load(str(POSTS[page.stem]))
    body, _, _ = post.content.partition("\n\n<http")  # links that the archive adds
    text = html.fromstring(f"<div>{body}</div>").text_content()
    expected, _, _ = text.partition("（文章来源")  # the credit is no text

    article = extract(Answer("https://finews.example/", page.read_bytes()))

    assert article.title == post["title"]
    assert str(article.published)[:16] == str(post["date"])[:16].replace(" ", "T")
    recall, foreign, _ = compared(expected, article.body.text)
    assert foreign <= MOST_FOREIGN
    assert recall >= MOST_OF_THE_TEXT


@pytest.mark.parametrize(
    "spilled",
    [
        '<meta property="og:description" content="<p class="first">' + LINES[0] + '</p>">',
        '<meta name=description content="<div><section class="a">' + LINES[0] + '">',
        f"<p>{LINES[0]}</p>",
        '<noscript><img src="/count.gif"></noscript>' + LINES[0],
    ],
)
def test_what_stands_in_the_head_is_not_taken(spilled: str) -> None:
    time = '<meta property="article:published_time" content="2026-09-30T13:10:00+08:00">'
    page = (
        f'<html lang="zh"><head><title>{TITLE}</title>{spilled}{time}</head><body class="a">'
        f'<div class="nav">首页</div><div id="a"><h1>{TITLE}</h1>{TEXT}</div></body></html>'
    )
    article = extract(Answer("https://www.caixun.example/a/1.html", page.encode()))
    assert article.body.text.splitlines() == LINES
    assert article.title == TITLE
    assert str(article.published)[:16] == "2026-09-30T13:10"
    assert article.lang == "zh"


@pytest.mark.parametrize(
    "page",
    [
        "<html><head><title>一</title></head><body><p>二</p></body></html>",
        "<html><body><p>二</p></body></html>",
        "<title>一</title><p>二</p>",
        "<html><head><p>二</p></head></html>",
        "</head><body><head>",
    ],
)
def test_other_pages_stay_as_they_are(page: str) -> None:
    assert without_spilled_text(page) == page
