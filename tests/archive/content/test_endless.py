"""The archive's readers come to an end with every text."""

from dataclasses import replace

import pytest

from archive.article_id import InfoCode
from archive.content import read_body
from archive.content.front_matter import SiteHandler, format_post, parse_post
from archive.errors import InvalidArticle, InvalidInfoCode
from archive.html_limits import MOST_LEVELS, is_nested_too_deep, without_overloaded_tags
from archive.search.conditions import match_expression
from tests.support.articles import ARTICLE
from tests.support.endless import FRAGMENTS, filled, in_time, many_attributes

NAME = "2021-12-29-NW202112292230175548.md"
FRONT_MATTER = '---\nlayout: post\ntitle: "x"\ndate: 2021-12-29 17:34:39 +0800\n---\n'


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_text_is_read(fragment: str) -> None:
    with in_time():
        read_body(fragment)
        assert parse_post((FRONT_MATTER + fragment).encode(), NAME).title == "x"
        parse_post(f"---\n{fragment}\n---\n".encode(), NAME)
        parse_post(f"---\ntitle: {fragment}\n---\n".encode(), fragment)
        match_expression(fragment)
        with pytest.raises(InvalidInfoCode) as error:
            InfoCode.from_address(fragment)
        assert len(str(error.value)) < 300


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_text_is_written(fragment: str) -> None:
    line = " ".join(fragment.split()) or "x"
    article = replace(ARTICLE, title=fragment + "x", tag=line, category=line)
    with in_time():
        if is_nested_too_deep(fragment):
            with pytest.raises(InvalidArticle, match="nested too deep"):
                replace(article, body=fragment)
        else:
            article = replace(article, body=fragment + "x")
        post = parse_post(format_post(article), NAME)
    assert (post.title, post.body, post.tag, post.category) == (
        *(article.title, article.body, article.tag, article.category),
    )


def test_front_matter_that_is_nested_is_no_front_matter() -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        SiteHandler().load(filled("["))
    post = parse_post(f"---\n{filled('{a: ')}\n---\n".encode(), NAME)
    assert "its front matter is not YAML" in post.problems


def test_only_overloaded_tags_are_left_out() -> None:
    for form in ("a{}", 'a{}=">"', "a{} = '>'", "<a{}"):
        text = f"<p class='x' id=y>一{many_attributes(form)}二</p>"
        assert without_overloaded_tags(text).replace(">", "") == "<p class='x' id=y一二</p"
    page = "<p class='x'>" * 5000
    assert without_overloaded_tags(page) == page


@pytest.mark.parametrize(
    ("body", "too_deep"),
    [
        ("<b>" * MOST_LEVELS, False),
        ("<b>" * (MOST_LEVELS + 1), True),
        ("<p>x</p>" * 5000, False),
        ("<br><img src=x>" * 5000, False),
        ("</p><p>" * 5000, False),
        ("> " * 99 + "x", False),
        ("x\n" + "> - 1. " * 50, True),
        ("- " * 50 + "\n" + "- " * 50, False),
    ],
)
def test_what_is_too_deep_for_jekyll(body: str, too_deep: bool) -> None:
    assert is_nested_too_deep(body) is too_deep
