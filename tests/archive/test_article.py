"""InfoCode and Article."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.errors import InvalidArticle, InvalidInfoCode

CODE = "NW202112292230175548"
ROLLING = "NW202205202300000005"

ADDRESSES = {
    "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202112292230175548": CODE,
    "http://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode=NW202112292230175548": CODE,
    "/NewsData/GetNewsText.do?id=NW202112292230175548": CODE,
    "https://app.jg.eastmoney.com/NewsData/GetNewsText.do?id=NW202112292230175548&cid=1": CODE,
    "https://finews.withounder.com/jingjiguanchawang/2021/12/29/NW202112292230175548.html": CODE,
    "//finews.withounder.com/jingjiguanchawang/2021/12/29/NW202112292230175548.html": CODE,
    "https://finews.withounder.com/emnews/2022/05/20/202205202300000005.html": ROLLING,
    "/21shijijingjibaodao/21caijingapp/2022/05/20/NW202205202300000005.html#top": ROLLING,
    "/2026/11/22/2022-05-20-NW202205202300000005.html": ROLLING,
    "https://finance.eastmoney.com/a/202112292230175548.html": CODE,
    "http://finance.eastmoney.com/news/1355,202205202300000005.html": ROLLING,
    "http://hk.eastmoney.com/news/1533,202205202300000005.html": ROLLING,
    "http://stock.eastmoney.com/news/1421,202205202300000005.html#x": ROLLING,
    "https://global.eastmoney.com/a/202112292230175548.html": CODE,
    "//wap.eastmoney.com/a/202112292230175548.html?from=app": CODE,
    "https://newsinfo.eastmoney.com/kuaixun/v2/api/article/202112292230175548?guid=1": CODE,
    "_posts/2021-12-29-NW202112292230175548.md": CODE,
    "_posts/2022-05-20-202205202300000005.md": ROLLING,
    "old_post/2021-12-29-NW202112292230175548.md": CODE,
    "-202205202300000005.md": ROLLING,
    "NW202112292230175548": CODE,
    "202112292230175548": CODE,
}

REFUSED = [
    "",
    "NW",
    "nw202112292230175548",
    "NW20211229223017",
    "NW202112292230175548123",
    "NW20211229223017554\uff18",
    "NW202112292230175548\n",
    " NW202112292230175548",
    "../../etc/passwd",
    "NW2021122922301755/..",
    "1" * 10_000,
    "http://[",
    "https://caifuhao.eastmoney.com/news/20260702101113747001",
    "https://caifuhao.eastmoney.com/a/20260702101113747001.html",
    "https://data.eastmoney.com/notices/detail/600519/AN202609291234567890.html",
    "https://finance.eastmoney.com/a/AP202609291234567890.html",
    "https://finance.eastmoney.com/a/202112292230175548_2.html",
    "https://flash.jin10.com/detail/20260919110459969800",
    "AN202609291234567890",
    "https://finews.withounder.com/",
    "https://finews.withounder.com/category/emnews.html",
    "https://finews.withounder.com/x/2021/12/29/NW12.html",
    "https://finews.withounder.com/about/NW202112292230175548.html",
    "http://finews.zning.xyz/html_News/NewsShare.html",
    "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW1",
    "http://h/html_News/NewsShare.html?infoCode=NW202112292230175548&infoCode=NW202205202300000005",
]


@pytest.mark.parametrize(("address", "code"), ADDRESSES.items())
def test_every_address_form_of_the_sources_names_its_article(address: str, code: str) -> None:
    assert InfoCode.from_address(address) == code


@pytest.mark.parametrize("text", REFUSED)
def test_what_names_no_article_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInfoCode) as refusal:
        InfoCode.from_address(text)
    assert repr(text[:20])[1:-1] in str(refusal.value)
    assert len(str(refusal.value)) < 200


@given(st.text())
def test_any_text_names_an_article_or_is_refused(text: str) -> None:
    try:
        code = InfoCode.from_address(text)
    except InvalidInfoCode:
        return
    assert code.startswith("NW")
    assert 15 <= len(code.digits) <= 20
    assert code.digits.isascii()
    assert code.digits.isdigit()


@given(st.from_regex(r"[0-9]{15,20}", fullmatch=True))
def test_the_code_is_one_with_and_without_its_letters(digits: str) -> None:
    assert InfoCode(digits) == InfoCode(f"NW{digits}") == f"NW{digits}"
    assert InfoCode(digits).digits == digits


def test_the_day_is_the_one_that_the_code_begins_with() -> None:
    assert InfoCode(CODE).day == date(2021, 12, 29)
    assert InfoCode("NW202113452230175548").day is None


def article(**fields: object) -> Article:
    return Article(
        **{  # type: ignore[arg-type]
            "info_code": InfoCode(CODE),
            "title": "标题",
            "published": datetime(2021, 12, 29, 17, 34, 39, tzinfo=SHANGHAI),
            "body": "<p>正文</p>",
            "body_source": BodySource.SHARE_API,
            "link": f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={CODE}",
            "category": "jingjiguanchawang",
            "tag": "经济观察网新闻",
        }
        | fields
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \u3000\n"),
        ("title", "\ud83d"),
        ("body", ""),
        ("body", "a\udc00"),
        ("published", datetime(2021, 12, 29)),  # noqa: DTZ001
        ("published", datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=12)))),
        ("published", datetime(1, 1, 1, tzinfo=SHANGHAI)),
        ("category", "a\nb"),
        ("tag", ""),
        ("tag", "a\u2028b"),
        ("digest", "one\ntwo"),
        ("link", "http://x/ y"),
        ("link", "http://x/>"),
    ],
)
def test_what_no_post_can_hold_is_refused_with_the_articles_name(field: str, value: object) -> None:
    with pytest.raises(InvalidArticle, match=CODE):
        article(**{field: value})


def test_a_time_of_any_zone_will_do() -> None:
    assert article(published=datetime(2021, 12, 29, 9, 34, 39, tzinfo=UTC)) == article()


def test_the_share_apis_body_is_better_than_the_mirrors() -> None:
    assert BodySource.MIRROR.is_worse_than(BodySource.SHARE_API)
    assert not BodySource.SHARE_API.is_worse_than(BodySource.MIRROR)
    assert not BodySource.MIRROR.is_worse_than(BodySource.MIRROR)
