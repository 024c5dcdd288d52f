"""The expected answers of each interface, with the certainty of each fact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from crawler.checking.facts import (
    ADDRESS,
    CODE,
    CURSOR,
    DIGITS,
    ENTRIES,
    FILLED,
    JSON_LIST,
    LIST,
    NUMBER,
    SECURITIES,
    SLASHED_TIME,
    TEXT,
    TIME,
    Fact,
    Mark,
    exactly,
    one_of,
)
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.eastmoney_article import ArticlePage
from crawler.pages.feed import Feed
from crawler.pages.layouts import Layout
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.rolling_list import FastNewsList
from crawler.pages.share_answer import ShareAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The expected answers of an interface.

    :param mark: the certainty that the interface works, with the layout that its page class reads.
    :param types: the types that the body may have: JSON, JSONP, script, HTML or XML.
    :param facts: the fields of a JSON answer.
    :param newest: the greatest age of a list's newest entry.
    :param ordered: the certainty that a list's entries are in order of time, newest first.
    :param echoes: parameters of the address, each with the path of the field that repeats it.
    :param cursor: the path of the cursor, the path of the entries, and the field of the last entry
        that is the cursor.
    :param required: the fields that the reading of an article must have.
    :param dead: the certainty that the interface is out of service; None where it is in service.
    """

    mark: Mark
    types: frozenset[str]
    facts: tuple[Fact, ...] = ()
    newest: timedelta | None = None
    ordered: Mark | None = None
    echoes: tuple[tuple[str, str], ...] = ()
    cursor: tuple[str, str, str] | None = None
    required: tuple[str, ...] = ("title", "published", "media", "body_text")
    dead: Mark | None = None


#: The expected answers, by the page class that reads them.
EXPECTED: Mapping[Layout, Expected] = {
    FastNewsList: Expected(
        mark=Mark.A,
        types=frozenset({"JSON", "JSONP"}),
        facts=(
            Fact("code", exactly("1"), Mark.A),
            Fact("data.fastNewsList", ENTRIES, Mark.A),
            Fact("data.sortEnd", CURSOR, Mark.B),
            Fact("data.fastNewsList[].code", CODE, Mark.A),
            Fact("data.fastNewsList[].showTime", TIME, Mark.A),
            Fact("data.fastNewsList[].summary", FILLED, Mark.A),
            Fact("data.fastNewsList[].title", TEXT, Mark.A),
            Fact("data.fastNewsList[].realSort", DIGITS, Mark.A, everywhere=False),
            Fact("data.fastNewsList[].stockList", SECURITIES, Mark.B, everywhere=False),
            Fact("data.fastNewsList[].image", LIST, Mark.A, everywhere=False),
        ),
        newest=timedelta(days=1),
        ordered=Mark.C,
        cursor=("data.sortEnd", "data.fastNewsList", "realSort"),
    ),
    ColumnList: Expected(
        mark=Mark.A,
        types=frozenset({"JSON", "JSONP"}),
        facts=(
            Fact("code", exactly("1"), Mark.A),
            Fact("data.list", ENTRIES, Mark.A),
            Fact("data.totle_hits", NUMBER, Mark.A),
            Fact("data.page_index", NUMBER, Mark.A),
            Fact("data.page_size", NUMBER, Mark.A),
            Fact("data.list[].code", CODE, Mark.A),
            Fact("data.list[].showTime", TIME, Mark.A),
            Fact("data.list[].title", FILLED, Mark.A),
            Fact("data.list[].summary", TEXT, Mark.A),
            Fact("data.list[].mediaName", TEXT, Mark.A),
            Fact("data.list[].uniqueUrl", ADDRESS, Mark.A),
            Fact("data.list[].image", TEXT, Mark.A, everywhere=False),
        ),
        newest=timedelta(days=4),
        ordered=Mark.C,
        echoes=(("page_index", "data.page_index"), ("page_size", "data.page_size")),
    ),
    SecurityNewsList: Expected(
        mark=Mark.A,
        types=frozenset({"JSON", "JSONP"}),
        facts=(
            Fact("code", exactly(1), Mark.A),
            Fact("data.list", ENTRIES, Mark.A),
            Fact("data.totle_hits", NUMBER, Mark.B),
            Fact("data.page_index", NUMBER, Mark.B),
            Fact("data.page_size", NUMBER, Mark.B),
            Fact("data.list[].Art_Code", DIGITS, Mark.B),
            Fact("data.list[].Art_ShowTime", TIME, Mark.B),
            Fact("data.list[].Art_Title", FILLED, Mark.B),
            Fact("data.list[].Art_Url", ADDRESS, Mark.B),
            Fact("data.list[].Np_dst", TEXT, Mark.C, everywhere=False),
        ),
        newest=timedelta(days=30),
        ordered=Mark.C,
        echoes=(("pageIndex", "data.page_index"), ("pageSize", "data.page_size")),
    ),
    ScriptList: Expected(
        mark=Mark.C,
        types=frozenset({"script"}),
        facts=(
            Fact("rc", one_of(1, "1", 0, "0"), Mark.C),
            Fact("LivesList", ENTRIES, Mark.C),
            Fact("LivesList[].id", CODE, Mark.C),
            Fact("LivesList[].showtime", TIME, Mark.C),
            Fact("LivesList[].title", TEXT, Mark.C),
            Fact("LivesList[].digest", FILLED, Mark.C),
            Fact("LivesList[].url_w", ADDRESS, Mark.C, everywhere=False),
        ),
        newest=timedelta(days=1),
        ordered=Mark.C,
    ),
    ArticleAnswer: Expected(
        mark=Mark.A,
        types=frozenset({"JSON"}),
        facts=(
            Fact("success", exactly(1), Mark.A),
            Fact("errorcode", exactly(0), Mark.A),
            Fact("data.Art_Code", CODE, Mark.A),
            Fact("data.Art_Title", FILLED, Mark.A),
            Fact("data.Art_Content", FILLED, Mark.A),
            Fact("data.Art_ShowTime", SLASHED_TIME, Mark.A),
            Fact("data.Art_OrderTime", SLASHED_TIME, Mark.A),
            Fact("data.Art_Media_Name", TEXT, Mark.A),
            Fact("data.Art_Digest", TEXT, Mark.A),
            Fact("data.Art_UniqueUrl", ADDRESS, Mark.A),
            Fact("data.Art_Tip_Info", JSON_LIST, Mark.A),
        ),
    ),
    ArticlePage: Expected(mark=Mark.B, types=frozenset({"HTML"})),
    ShareAnswer: Expected(
        mark=Mark.D, types=frozenset({"JSON"}), required=("body_text",), dead=Mark.B
    ),
    ListPage: Expected(mark=Mark.A, types=frozenset({"HTML"})),
    Feed: Expected(mark=Mark.A, types=frozenset({"XML"}), newest=timedelta(days=3), ordered=Mark.A),
    PostPage: Expected(
        mark=Mark.A,
        types=frozenset({"HTML"}),
        required=("title", "published", "body_text", "category"),
    ),
}
