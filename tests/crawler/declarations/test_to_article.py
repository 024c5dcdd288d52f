"""An article of a declared source becomes one that the archive stores."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from archive.article import SHANGHAI, Article, BodySource, Found, Precision, SecurityMention
from archive.content.lexicon import Lexicon, NamedSecurity
from archive.errors import InvalidArticle
from crawler.declarations.articles import ArticleFacts
from crawler.declarations.bodies import Body
from crawler.declarations.composed import DeclaredArticle, composed, to_article
from crawler.declarations.lists import Entry
from crawler.declarations.mentions import Mention
from crawler.declarations.times import Moment, TimeUnit
from tests.crawler.declarations.recorded import declaration
from tests.support.declared_articles import in_category

FETCHED = datetime(2026, 9, 19, 2, 0, 0, 5, tzinfo=UTC)
ENTRY = Entry(
    id="2487646",
    address="https://www.cls.cn/detail/2487646",
    title="贵州茅台回购",
    published=Moment(datetime(2026, 9, 19, 1, 47, 22, tzinfo=SHANGHAI)),
    body=Body(None, "贵州茅台（600519.SH）公告：回购<3%的股份。\n宁德时代股价上涨。"),
)
LIST = "https://www.cls.cn/v1/roll/get_roll_list"


def declared(entry: Entry = ENTRY, **changed: object) -> DeclaredArticle:
    article = composed(declaration("cls"), entry)
    assert article is not None
    return replace(article, **changed)  # type: ignore[arg-type]


def archived(article: DeclaredArticle, **more: object) -> Article:
    given: dict[str, object] = {"fetched": FETCHED, "addresses": (LIST,), **more}
    return to_article(article, declaration("cls"), **given)  # type: ignore[arg-type]


def test_its_facts_are_those_of_the_source() -> None:
    article = archived(declared(author="记者 张三", digest="一行\n两行"))
    assert (article.info_code, article.source) == ("cls-2487646", "cls")
    assert (article.title, article.link) == (ENTRY.title, ENTRY.address)
    assert (article.media, article.author, article.lang) == ("财联社", "记者 张三", "zh")
    assert article.digest == "一行 两行"
    assert (article.published, article.precision) == (
        datetime(2026, 9, 19, 1, 47, 22, tzinfo=SHANGHAI),
        Precision.SECOND,
    )
    assert in_category(article).category == "cailianshe"


def test_plain_text_becomes_paragraphs_and_pictures() -> None:
    article = archived(declared(pictures=("https://img.cls.cn/1.jpg?a=1&b=2",)))
    assert article.body == (
        "<p>贵州茅台（600519.SH）公告：回购&lt;3%的股份。</p>\n<p>宁德时代股价上涨。</p>\n"
        '<p><img src="https://img.cls.cn/1.jpg?a=1&amp;b=2"></p>'
    )


def test_markup_stays_as_it_was_served() -> None:
    served = "<p>\u3000\u3000全文 &nbsp;</p>\r\n<p>二</p>"
    article = in_category(archived(declared(body=Body(served, "全文\n二"))))
    assert article.body == served


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "财联社9月19日电，数据显示出口低迷。自8月初以来减少。",
            "财联社9月19日电，数据显示出口低迷",
        ),
        ("真的吗？是的。", "真的吗？"),
        ("没有句号\n第二行", "没有句号"),
        ("长" * 100, "长" * 60 + "…"),
    ],
)
def test_without_a_title_the_first_sentence_stands_for_one(text: str, title: str) -> None:
    assert archived(declared(title=None, body=Body(None, text))).title == title


def test_a_time_is_as_precise_as_the_source_states_it() -> None:
    tokyo = datetime(2026, 9, 19, tzinfo=ZoneInfo("Asia/Tokyo"))
    day = archived(declared(published=Moment(tokyo, TimeUnit.DAY)))
    assert (day.published, day.precision) == (
        datetime(2026, 9, 19, tzinfo=SHANGHAI),
        Precision.DAY,
    )
    minute = archived(declared(published=Moment(tokyo, TimeUnit.MINUTE)))
    assert (minute.published, minute.precision) == (tokyo, Precision.MINUTE)
    none = archived(declared(published=None))
    assert (none.published, none.precision) == (FETCHED.replace(microsecond=0), Precision.FETCHED)


@pytest.mark.parametrize(
    ("layout", "source", "extractor"),
    [
        (None, BodySource.LIST, None),
        ("page", BodySource.PAGE, None),
        ("trafilatura 2.3.0", BodySource.EXTRACTION, "trafilatura 2.3.0"),
    ],
)
def test_the_body_says_what_read_it(
    layout: str | None, source: BodySource, extractor: str | None
) -> None:
    known = next(iter(declaration("cls").articles)) if layout == "page" else layout
    article = archived(declared(layout=known))
    assert (article.body_source, article.extractor) == (source, extractor)


def test_securities_are_named_by_fields_codes_and_names() -> None:
    named = (
        Mention("sh", "600519", "贵州茅台", 1),
        Mention("us", "TSM", None, None),
        Mention("hk", "not a code", None, 116),
    )
    lexicon = Lexicon([NamedSecurity("宁德时代", 0, "300750"), NamedSecurity("平安", 1, "601318")])
    assert archived(declared(securities=named), lexicon=lexicon).securities == (
        SecurityMention("1.600519", "贵州茅台", Found.FIELD),
        SecurityMention("0.300750", "宁德时代", Found.NAME),
    )
    assert archived(declared()).securities == (SecurityMention("1.600519", None, Found.CODE),)


def test_an_article_without_any_address_is_refused() -> None:
    with pytest.raises(InvalidArticle, match="cls-2487646 has no address"):
        archived(declared(address=None), addresses=())


@pytest.mark.parametrize(
    ("stated", "unit", "kept"),
    [
        (datetime(2026, 9, 19, 1, 47, tzinfo=SHANGHAI), TimeUnit.MINUTE, True),
        (datetime(2026, 9, 19, 1, 50, tzinfo=SHANGHAI), TimeUnit.MINUTE, False),
        (datetime(2026, 9, 20, tzinfo=SHANGHAI), TimeUnit.DAY, True),
        (datetime(2026, 9, 19, 1, 50, 1, tzinfo=SHANGHAI), TimeUnit.SECOND, False),
    ],
)
def test_a_time_of_the_list_is_kept_where_the_page_says_the_same(
    stated: datetime, unit: TimeUnit, *, kept: bool
) -> None:
    page = ArticleFacts(
        id=None,
        address=None,
        published=Moment(stated, unit),
        layout="page",
        body=Body(None, "全文。"),
        complete=True,
    )
    article = composed(declaration("cls"), ENTRY, page)
    assert article is not None
    assert article.published == (ENTRY.published if kept else page.published)
