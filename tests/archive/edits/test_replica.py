"""The sources of one article, as the crawler reads them, have no edits between them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from scrapy.http import HtmlResponse, TextResponse

from archive.article import BodySource
from archive.article_id import InfoCode
from archive.content import read_body
from archive.edits import ComparedVersion, Edit, EditClass, edits_between
from bench.planted_edits import real_texts
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.eastmoney_article import ArticlePage
from crawler.pages.mirror_post import PostPage
from demo.article_api import ARTICLE_API_HOST, article_api_site
from demo.article_page import PAGE_HOST, article_page
from demo.articles import Article
from demo.body import api_html, media_body
from demo.exchange import Request
from demo.mirror import rendered_site
from demo.site import BUILT, made_up_site
from tests.conftest import MIRROR, ROOT, SAMPLES

MADE_UP = [one for one in made_up_site(articles=120).articles if not one.broken]


def of_share_api(article: Article, body: str) -> ComparedVersion:
    return ComparedVersion(
        title=article.title,
        body=body,
        published=article.published,
        body_source=BodySource.SHARE_API,
        securities=[security.code for security in read_body(body).securities],
        media=article.media,
        edition="rolling" if article.is_rolling else "media",
    )


def of_mirror(pages: Mapping[str, str]) -> Iterator[tuple[str, ComparedVersion]]:
    """Yield the versions of the mirror's post pages, as its page class reads them."""
    for path, page in pages.items():
        if "/20" not in path:
            continue
        facts = PostPage(HtmlResponse(f"https://{MIRROR}{path}", body=page.encode())).facts()
        assert facts.title
        assert facts.published
        assert facts.body
        yield (
            facts.info_code,
            ComparedVersion(
                title=facts.title,
                body=facts.body,
                published=facts.published,
                body_source=facts.body_source,
                securities=[security.code for security in read_body(facts.body).securities],
                media=facts.media,
                edition=str(facts.edition),
            ),
        )


def publishers(before: ComparedVersion, after: ComparedVersion) -> list[Edit]:
    found = [*edits_between(before, after), *edits_between(after, before)]
    return [edit for edit in found if edit.edit_class is not EditClass.MARKUP]


def test_the_mirror_and_the_share_api() -> None:
    bodies = {one.info_code: one for one in MADE_UP}
    mirrored = list(of_mirror(rendered_site(MADE_UP, BUILT)))
    assert len(mirrored) == len(MADE_UP)
    for code, version in mirrored:
        share = of_share_api(bodies[code], bodies[code].api_body)
        assert publishers(share, version) == [], code


def test_the_two_editions() -> None:
    for article in MADE_UP:
        rolling = of_share_api(article, article.api_body)
        media = replace(of_share_api(article, api_html(media_body(article.body))), edition="media")
        assert publishers(replace(rolling, edition="rolling"), media) == []


def test_an_edit_of_the_mirror_is_seen_at_the_share_api() -> None:
    bodies = {one.info_code: one for one in MADE_UP}
    seen = 0
    for code, version in of_mirror(rendered_site(MADE_UP, BUILT)):
        share = of_share_api(bodies[code], bodies[code].api_body)
        edited = replace(share, body=share.body.replace("亿元", "万元", 1))
        if edited != share:
            seen += 1
            classes = [edit.edit_class for edit in edits_between(version, edited)]
            assert classes == [EditClass.FIGURES], code
    assert seen > 50


def test_the_article_page_and_the_article_api() -> None:
    api = article_api_site(MADE_UP)
    for article in MADE_UP:
        code = InfoCode(article.info_code)
        address = f"http://{PAGE_HOST}/a/{code.digits}.html"
        page = HtmlResponse(address, body=article_page(article).encode())
        path = f"/kuaixun/v2/api/article/{code.digits}"
        answer = api(Request("GET", ARTICLE_API_HOST, path))
        response = TextResponse(f"http://{ARTICLE_API_HOST}{path}", body=answer.body)
        versions = [
            replace(
                of_share_api(article, text.body),
                title=text.title or "",
                published=text.published or article.published,
                body_source=text.source,
                media=text.media,
            )
            for text in (ArticlePage(page).text(code), ArticleAnswer(response).text(code))
        ]
        assert publishers(*versions) == [], code


def test_the_samples_of_the_mirror_and_of_the_share_api() -> None:
    pages = {
        f"/{path.relative_to(SAMPLES / 'site').as_posix()}": path.read_text("utf-8")
        for path in (SAMPLES / "site").rglob("*.html")
        if "20" in path.name
    }
    texts = {text.name: text for text in real_texts(ROOT / "tests")}
    assert len(pages) > 15
    for code, version in of_mirror(pages):
        text = texts[code]
        share = replace(version, title=text.title, body=text.body, body_source=BodySource.SHARE_API)
        assert publishers(share, version) == [], code


@pytest.mark.parametrize("closing", ['<p style="text-align:center;"></p>', "</p>"])
def test_tags_that_a_rendering_has_escaped(closing: str) -> None:
    share = of_share_api(MADE_UP[1], MADE_UP[1].api_body)
    escaped = closing.replace("<", "&lt;").replace(">", "&gt;")
    mirror = replace(share, body=f"{share.body}<p>{escaped}</p>", body_source=BodySource.MIRROR)
    assert publishers(share, mirror) == []
