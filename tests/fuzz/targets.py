"""What is fuzzed: functions that take any bytes and demand what must hold for all of them."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from scrapy.http import HtmlResponse, Response, TextResponse, XmlResponse

from archive.article import Article, BodySource
from archive.article_id import InfoCode
from archive.categories import Category
from archive.content import read_body
from archive.content.front_matter import SiteHandler, format_post, parse_post, post_path
from archive.errors import Refused
from archive.search.conditions import match_expression
from archive.search.snippet import snippet
from archive.search.tokenizer import grams
from crawler.pages.article_answer import ArticleAnswer
from crawler.pages.compose import compose, compose_stand_in
from crawler.pages.eastmoney_article import ArticlePage
from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle
from crawler.pages.errors import PageError
from crawler.pages.facts import ArticleText, Facts
from crawler.pages.feed import Feed
from crawler.pages.mirror_list import ListPage
from crawler.pages.mirror_post import PostPage
from crawler.pages.numbered_list import ColumnList, ScriptList, SecurityNewsList
from crawler.pages.rolling_list import FastNewsList
from crawler.pages.share_answer import ShareAnswer
from crawler.pipelines.normalise import normalise
from tests.fuzz import declared

SAMPLES = Path(__file__).parents[1] / "samples"
CODE = InfoCode("NW202112292230175548")
URL = f"http://finews.withounder.com/x/2021/12/29/{CODE}.html"
SCRIPT = "https://newsapi.eastmoney.com/kuaixun/v1/getlist_102_ajaxResult_50_1_.html"
PAGE = f"https://finance.eastmoney.com/a/{CODE.digits}.html"
NAME = f"2021-12-29-{CODE}.md"

_index = sqlite3.connect(":memory:", check_same_thread=False)
_index.execute("CREATE VIRTUAL TABLE found USING fts5(text, content='', tokenize='ascii')")
_index.execute("INSERT INTO found(rowid, text) VALUES (1, ?)", [grams("人民币 AI 的")])


def info_code(data: bytes) -> None:
    """Any address names an article that is a safe name of a file, or is refused."""
    text = data.decode(errors="surrogateescape")
    try:
        code = InfoCode.from_address(text)
    except Refused:
        return
    assert code.startswith("NW")
    assert code.isascii()
    assert code.digits.isdigit()
    assert 15 <= len(code.digits) <= 20
    assert code.day is None or code.digits.startswith(f"{code.day:%Y%m%d}".zfill(8))
    assert InfoCode.from_address(code) == code


def post(data: bytes) -> None:
    """Any file is read; what can be written again reads the same."""
    name, _, text = data.partition(b"\n")
    read = parse_post(text, name.decode(errors="replace"))
    read_body(read.body)
    if read.info_code is None or read.published is None or read.link is None:
        return
    with suppress(Refused):
        _archived(
            Article(
                info_code=read.info_code,
                title=read.title or "",
                published=read.published,
                body=read.body,
                body_source=BodySource.MIRROR,
                link=read.link,
                category=read.category or "x",
                tag=read.tag or "x",
                digest=read.digest,
            )
        )


def list_page(data: bytes) -> None:
    """Any page is a list of addresses, or refused."""
    with suppress(PageError):
        ListPage(_html(data)).links()


def post_page(data: bytes) -> None:
    """Any page gives facts that make a post, or is refused."""
    with suppress(PageError, Refused):
        _archived_facts(PostPage(_html(data)).facts())


def feed(data: bytes) -> None:
    """Any feed is read, or refused."""
    page = Feed(XmlResponse("http://finews.withounder.com/feed.xml", body=data + b"</feed>"))
    with suppress(PageError):
        page.links()
        for facts in page.posts():
            with suppress(Refused):
                _archived_facts(facts)


def share_answer(data: bytes) -> None:
    """Any answer gives an article that makes a post, or is refused."""
    answer = ShareAnswer(TextResponse(f"http://finews.zning.xyz/?id={CODE}", body=data))
    with suppress(PageError, Refused):
        _archived_text(answer.text(CODE))


def article_page(data: bytes) -> None:
    """Any page gives an article that makes a post, or is refused."""
    with suppress(PageError, Refused):
        _archived_text(ArticlePage(_html(data, PAGE)).text(CODE))


def fast_news_list(data: bytes) -> None:
    """Any answer gives articles that make posts, or are refused."""
    _archived_list(FastNewsList(TextResponse(PAGE, body=data)))


def column_list(data: bytes) -> None:
    """Any answer gives articles that make posts, or are refused."""
    _archived_list(ColumnList(TextResponse(PAGE, body=data)))


def script_list(data: bytes) -> None:
    """Any answer gives articles that make posts, or are refused."""
    _archived_list(ScriptList(TextResponse(SCRIPT, body=data)))


def security_news_list(data: bytes) -> None:
    """Any answer gives articles that make posts, or are refused."""
    _archived_list(SecurityNewsList(TextResponse(PAGE, body=data)))


def article_answer(data: bytes) -> None:
    """Any answer gives an article that makes a post, or is refused."""
    code = InfoCode("NW202609183878840472")
    with suppress(PageError, Refused):
        text = ArticleAnswer(TextResponse(PAGE, body=data)).text(code)
        _archived(normalise(compose(code, None, text, _link_of), Category.of_media))


def query(data: bytes) -> None:
    """Any text is a query that SQLite understands, and marks what it finds."""
    text = data.decode(errors="surrogateescape")
    expression = match_expression(text)
    _index.execute("SELECT rowid FROM found WHERE found MATCH ?", [expression]).fetchall()
    assert "".join(piece for piece, _ in snippet(text, text, None)) == text


def _html(data: bytes, url: str = URL) -> Response:
    """Bytes as a page that has its end; the first of them says in what encoding."""
    encodings = {b"g": "gb18030", b"b": "big5", b"w": "cp1252", b"n": None}
    return HtmlResponse(url, body=data[1:] + b"</html>", encoding=encodings.get(data[:1], "utf-8"))


def _link_of(info_code: InfoCode, *, rolling: bool) -> str:
    return "http://finews.zning.xyz/"


def _archived_facts(facts: Facts) -> None:
    article = compose_stand_in(facts, _link_of, provisional=True)
    _archived(normalise(article, Category.of_media))


def _archived_text(text: ArticleText) -> None:
    _archived(normalise(compose(CODE, None, text, _link_of), Category.of_media))


def _archived_list(page: EastmoneyList) -> None:
    with suppress(PageError):
        page.next_page()
        readable = (entry for entry in page.entries() if isinstance(entry, ListedArticle))
        for entry in readable:
            with suppress(Refused):
                _archived_facts(entry.facts())


def _archived(article: Article) -> None:
    """Its post is YAML, lies where posts lie, and reads as what was written."""
    written = format_post(article)
    front_matter, _ = SiteHandler().split(written.decode())
    assert yaml.load(front_matter, Loader=yaml.CSafeLoader)["title"] == article.title
    path = post_path(article)
    assert re.fullmatch(r"\d{4}/\d\d/\d{4}-\d\d-\d\d-(NW)?\d{15,20}\.md", str(path), re.ASCII)
    read = parse_post(written, path.name)
    assert (read.title, read.category, read.tag, read.link, read.body, read.published) == (
        *(article.title, article.category, article.tag, article.link),
        *(article.body, article.published.replace(microsecond=0)),
    )
    read_body(article.body)


@dataclass(frozen=True, slots=True)
class Target:
    """A function to be fuzzed, and what it is fed with at first."""

    function: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.function.__name__


def _files(pattern: str, before: bytes = b"") -> list[bytes]:
    return [before + path.read_bytes() for path in sorted(SAMPLES.glob(pattern)) if path.is_file()]


def _answers(pattern: str, before: bytes = b"") -> list[bytes]:
    golden = SAMPLES.parent / "golden" / "answers"
    return [before + path.read_bytes() for path in sorted(golden.glob(pattern))]


def _recorded(name: str) -> list[bytes]:
    return [(SAMPLES.parent / "golden" / "recorded" / "eastmoney" / name).read_bytes()]


ADDRESSES = (
    "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202112292230175548",
    "/NewsData/GetNewsText.do?id=NW202112292230175548",
    "https://finews.withounder.com/emnews/2022/05/20/202205202300000005.html",
    "https://finance.eastmoney.com/a/202112292230175548.html",
    "http://finance.eastmoney.com/news/1355,202205202300000005.html",
    "_posts/2021-12-29-NW202112292230175548.md",
    "2022-05-28-NW202205280000000001.html",
)
QUERIES = ('人民币 -美元 "AI 芯片"', "“数字” -“政策 战略” ＡＩ", '的 "', "NEAR(a b) OR a* ^b: {c}")

TARGETS = (
    Target(info_code, lambda: [address.encode() for address in ADDRESSES]),
    Target(post, lambda: _files("posts/*.md", NAME.encode() + b"\n")),
    Target(list_page, lambda: _files("site/index.html", b"u") + _files("site/category/*", b"u")),
    Target(post_page, lambda: _files("site/*/2022/05/20/*.html", b"u")),
    Target(feed, lambda: _files("site/feed.xml")),
    Target(share_answer, lambda: _files("share_api/*.json")),
    Target(article_page, lambda: _answers("ArticlePage-*", b"u")),
    Target(fast_news_list, lambda: _answers("FastNewsList-*")),
    Target(column_list, lambda: _answers("ColumnList-*")),
    Target(script_list, lambda: _recorded("newsapi_getlist_102.js")),
    Target(security_news_list, lambda: _recorded("listinfo_1.600519.json")),
    Target(article_answer, lambda: _recorded("article_newsinfo.json")),
    Target(declared.declared_list, declared.list_seeds),
    Target(declared.declared_article, declared.article_seeds),
    Target(declared.proposed_declaration, declared.list_seeds),
    Target(declared.published_time, declared.time_seeds),
    Target(declared.securities_in_plain_text, declared.text_seeds),
    Target(query, lambda: [query.encode() for query in QUERIES]),
)
