"""What is about readers or members of staff never reaches the archive."""

import json
from dataclasses import replace

from crawler.declarations.articles import read_article
from crawler.declarations.lists import read_list
from crawler.declarations.redaction import redacted
from tests.crawler.declarations.recorded import answer_of, declaration


def test_readers_and_staff_are_removed_from_a_list() -> None:
    sina = declaration("sina")
    answer = answer_of("sina", "live_page1.json", "https://zhibo.sina.com.cn/api/zhibo/feed?page=1")

    kept = redacted(sina, answer)

    sent, text = (str(json.loads(one.body)) for one in (answer, kept))
    assert "示例读者评论一条" in sent
    for word in ("示例读者评论一条", "用户1000000001", "xiaoming01@", "comment_list", "creator"):
        assert word not in text
    assert read_list(sina, "live", kept) == read_list(sina, "live", answer)


def test_staff_is_removed_from_a_page() -> None:
    cls = declaration("cls")
    answer = answer_of("cls", "detail_page.html", "https://www.cls.cn/detail/2492814")

    kept = redacted(cls, answer)

    assert answer.body.decode().count("沈安") == 3
    assert "沈安" not in kept.body.decode()
    assert read_article(cls, kept) == read_article(cls, answer)


def test_an_answer_without_such_fields_is_the_same() -> None:
    answer = answer_of("sina", "roll_page1.json", "https://feed.mix.sina.com.cn/api/roll/get")
    assert redacted(declaration("sina"), answer) is answer
    undecodable = replace(answer, body=b'{"creator": "\xff"}')
    assert redacted(declaration("sina"), undecodable) is undecodable
    assert redacted(declaration("ths"), answer) is answer
