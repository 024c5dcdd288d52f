"""Share answers that are odd, and still clear."""

import json
from typing import Any

import pytest
from scrapy.http import TextResponse

from archive.article_id import InfoCode
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import ArticleText
from crawler.pages.share_answer import ShareAnswer

CODE = InfoCode("NW202112292230175548")


def read(**fields: Any) -> ArticleText:
    body = json.dumps({"text": "<p>文</p>", **fields}).encode()
    return ShareAnswer(TextResponse(f"http://x/?id={CODE}", body=body)).text(CODE)


def test_a_title_that_is_a_number_is_as_it_is_written() -> None:
    assert read(title=3060).title == "3060"
    body = b'{"text": "x", "title": 3.10}'
    assert ShareAnswer(TextResponse("http://x/", body=body)).text(CODE).title == "3.10"


def test_a_code_that_is_a_number_is_the_code() -> None:
    assert read(infoCode=202112292230175548).body == "<p>文</p>"
    with pytest.raises(LayoutChanged, match="it is the answer for '202112292230175549'"):
        read(infoCode=202112292230175549)


@pytest.mark.parametrize("text", [5, 5.5, True, ["x"], {}])
def test_a_text_that_is_none_is_not_made_one(text: object) -> None:
    with pytest.raises(LayoutChanged, match="its text is not a text"):
        read(text=text)


def test_a_media_is_one_line() -> None:
    assert read(**{"from": " 财联\n社\u2028\t报 "}).media == "财联 社 报"


def test_the_spaces_in_a_media_are_the_sites() -> None:
    assert read(medianame="21世纪经济报道  南财理财通").media == "21世纪经济报道  南财理财通"
    credit = '<p class="em_media">（文章来源：21世纪经济报道  南财理财通）</p>'
    assert read(text=credit).media == "21世纪经济报道  南财理财通"


def test_what_is_not_a_number_is_nothing() -> None:
    assert read(title=float("nan"), score=float("inf")).title is None
