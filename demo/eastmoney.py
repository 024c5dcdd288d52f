"""Serve Eastmoney's lists of the made-up articles: rolling news and columns.

All are JSON, one in a script. Times are Asia/Shanghai without a zone. Requests without `req_trace`
are answered 403. The total of a list is misspelt, as on the real hosts.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from random import Random
from urllib.parse import parse_qsl

from demo.articles import Article
from demo.exchange import Answer, Request, Site
from demo.text import Prose

WEBLIST_HOST = "np-weblist.eastmoney.com"
#: The host of rolling news and columns.
LISTAPI_HOST = "np-listapi.eastmoney.com"
#: The host of rolling news in a script.
SCRIPT_HOST = "newsapi.eastmoney.com"
FAST_NEWS_PATH = "/comm/web/getFastNewsList"
COLUMNS_PATH = "/comm/web/getNewsByColumns"
SECURITY_PATH = "/comm/wap/getListInfo"
#: The `fastColumn` of all rolling news; the others are empty.
FAST_COLUMN = "102"
ECONOMY, HEADLINES, ABROAD, MORNING = "350", "345", "351", "1207"
#: The columns of news; the others are empty. Here the first has the articles of all others.
GUIDE, COMPANIES, SECURITIES, INDUSTRY = "344", "349", "353", "355"

_SCRIPT_PATH = re.compile(r"/kuaixun/v1/getlist_(\d+)_ajaxResult_(\d+)_(\d+)_\.html")
_SCRIPT = {"Content-Type": "application/x-javascript; charset=utf-8"}
_DEFAULT_SIZE = 20
_SUMMARY_LENGTH = 100
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}

_SECURITY = re.compile(r'data-code="(\d+),(\w+)"')
_PICTURE = re.compile(r'<img src="(https://dfscdn\.dfcfw\.com/[^"]*)"')
_MARKUP = re.compile(r"<!--.*?-->|<.*?>", re.DOTALL)

# One in this number of articles has a piece of rolling news without an article next to it.
_SUMMARY_EVERY = 15
_FIRST_SUMMARY_NUMBER = 900_000


@dataclass(frozen=True, slots=True)
class FastNews:
    """A piece of rolling news, as in the list."""

    #: Digits: an infoCode without its NW.
    code: str
    title: str
    digest: str
    published: datetime
    #: The sort key of the list, microseconds; unique among all news.
    real_sort: int
    securities: tuple[str, ...]
    pictures: tuple[str, ...]
    #: The article; None for news that exist only as this summary.
    article: Article | None

    @property
    def info_code(self) -> str:
        """The article's infoCode."""
        return f"NW{self.code}"

    @property
    def summary(self) -> str:
        """The title and the digest in one text."""
        return f"【{self.title}】{self.digest}"


def code_of(article: Article) -> str:
    """Return the article's code on Eastmoney's own sites: digits only."""
    return article.info_code.removeprefix("NW")


def show_time(time: datetime) -> str:
    """Format a time as in all lists: Asia/Shanghai, without a zone."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def summary_of(article: Article) -> str:
    """Return a summary of the article of one or two sentences, without markup."""
    if article.digest:
        return article.digest
    text = html.unescape(_MARKUP.sub("", article.api_body))
    return " ".join(text.split())[:_SUMMARY_LENGTH]


def securities_in(body: str) -> tuple[str, ...]:
    """Return the securities and sectors that a body marks up, in order: `1.699901`, `90.BK9901`."""
    return tuple(dict.fromkeys(f"{market}.{code}" for market, code in _SECURITY.findall(body)))


def pictures_in(body: str) -> tuple[str, ...]:
    """Return the addresses of a body's pictures, without charts that a server generates."""
    return tuple(_PICTURE.findall(body))


def made_up_fast_news(articles: Sequence[Article], random: Random) -> tuple[FastNews, ...]:
    """Return the rolling news among the articles, and some without an article; newest first."""
    news = [_told(number, article) for number, article in enumerate(articles) if article.is_rolling]
    news += _summaries(articles, random)
    return tuple(sorted(news, key=lambda piece: piece.real_sort, reverse=True))


def columns_of(articles: Iterable[Article]) -> Mapping[str, tuple[Article, ...]]:
    """Return column → articles, newest first.

    `ECONOMY` has all but some rolling news, the others have some of what it has. Rolling news are
    only here when a share host knows them: a column does not mark them as rolling news.
    """
    newest = sorted(articles, key=lambda article: article.published, reverse=True)
    return {
        column: tuple(article for article in newest if belongs(article))
        for column, belongs in _BELONGING.items()
    }


def list_site(
    fast_news: Sequence[FastNews], columns: Mapping[str, Sequence[Article]] | None = None
) -> Site:
    """Return a host of lists, newest first; without `columns` it has only the rolling news."""

    def answer(request: Request) -> Answer:
        asked = dict(parse_qsl(request.query))
        if request.path == FAST_NEWS_PATH:
            data = _fast_page(fast_news, asked)
        elif request.path == COLUMNS_PATH and columns is not None:
            data = _column_page(columns, asked)
        elif request.path == SECURITY_PATH and columns is not None:
            data = _security_page(columns, asked)
        else:
            return Answer(HTTPStatus.NOT_FOUND, b"", _HTML)
        if not asked.get("req_trace"):
            return Answer(HTTPStatus.FORBIDDEN, b"", _HTML)
        well: object = 1 if request.path == SECURITY_PATH else "1"
        facts = {"code": well, "data": data, "message": "success", "req_trace": asked["req_trace"]}
        return Answer(HTTPStatus.OK, json.dumps(facts, ensure_ascii=False).encode(), _JSON)

    return answer


def script_site(fast_news: Sequence[FastNews]) -> Site:
    """Return the host that has the rolling news in a script, newest first."""

    def answer(request: Request) -> Answer:
        match = _SCRIPT_PATH.fullmatch(request.path)
        if match is None:
            return Answer(HTTPStatus.NOT_FOUND, b"", _HTML)
        known = fast_news if match[1] == FAST_COLUMN else ()
        size, index = int(match[2]), int(match[3])
        page = known[(index - 1) * size : index * size]
        facts = {"rc": "1", "me": "", "LivesList": [_script_entry(piece) for piece in page]}
        script = f"var ajaxResult={json.dumps(facts, ensure_ascii=False)};"
        return Answer(HTTPStatus.OK, script.encode(), _SCRIPT)

    return answer


def _told(number: int, article: Article) -> FastNews:
    return FastNews(
        code=code_of(article),
        title=article.title,
        digest=article.digest,
        published=article.published,
        real_sort=_real_sort(article.published, number),
        securities=securities_in(article.api_body),
        pictures=pictures_in(article.api_body),
        article=article,
    )


def _summaries(articles: Sequence[Article], random: Random) -> Iterator[FastNews]:
    """Return news without an article, each published in the same second as an article."""
    prose = Prose(random)
    for turn, beside in enumerate(islice(articles, 0, None, _SUMMARY_EVERY)):
        number = _FIRST_SUMMARY_NUMBER + turn
        picture = f"https://dfscdn.dfcfw.com/download/D{number:012}_w600h400.png"
        yield FastNews(
            code=f"{beside.published:%Y%m%d%H%M}{number}",
            title=prose.headline(),
            digest=prose.paragraph(),
            published=beside.published,
            real_sort=_real_sort(beside.published, number),
            securities=securities_in(beside.api_body)[:2],
            pictures=(picture,) if turn % 3 == 1 else (),
            article=None,
        )


def _real_sort(published: datetime, number: int) -> int:
    return int(published.timestamp()) * 1_000_000 + number


def _number(article: Article) -> int:
    return int(article.info_code[-3:])


def _in_all(article: Article) -> bool:
    return not article.is_rolling or (bool(article.share_hosts) and _number(article) % 2 == 0)


_BELONGING: Mapping[str, Callable[[Article], bool]] = {
    ECONOMY: _in_all,
    HEADLINES: lambda article: _in_all(article) and _number(article) % 4 == 0,
    ABROAD: lambda article: _in_all(article) and securities_in(article.api_body) != (),
    MORNING: lambda article: not article.is_rolling and _number(article) % 12 == 7,
    GUIDE: lambda article: _in_all(article) and _number(article) % 3 == 0,
    COMPANIES: lambda article: _in_all(article) and _number(article) % 3 == 1,
    SECURITIES: lambda article: _in_all(article) and _number(article) % 3 == 2,
    INDUSTRY: lambda article: _in_all(article) and _number(article) % 5 == 1,
}


def _fast_page(fast_news: Sequence[FastNews], asked: Mapping[str, str]) -> dict[str, object]:
    known = fast_news if asked.get("fastColumn") == FAST_COLUMN else ()
    after = asked.get("sortEnd", "")
    if after:
        cursor = int(after) if after.isdecimal() else 0
        rest = [piece for piece in known if piece.real_sort < cursor]
    else:
        rest = list(known)
    page = rest[: _positive(asked, "pageSize", _DEFAULT_SIZE)]
    return {
        "fastNewsList": [_fast_entry(piece) for piece in page],
        "index": 1,
        "size": len(page),
        "sortEnd": str(page[-1].real_sort) if len(page) < len(rest) else "",
        "total": len(known),
    }


def _fast_entry(piece: FastNews) -> dict[str, object]:
    return {
        "summary": piece.summary,
        "code": piece.code,
        "titleColor": 0,
        "realSort": str(piece.real_sort),
        "showTime": show_time(piece.published),
        "title": piece.title,
        "share": 0,
        "pinglun_Num": 0,
        "stockList": list(piece.securities),
        "image": list(piece.pictures),
    }


def _script_entry(piece: FastNews) -> dict[str, object]:
    address = f"http://finance.eastmoney.com/a/{piece.code}.html"
    return {
        "id": piece.code,
        "newsid": piece.code,
        "title": piece.title,
        "digest": piece.summary,
        "url_w": address,
        "url_unique": address,
        "showtime": show_time(piece.published),
        "ordertime": show_time(piece.published),
    }


def _security_page(
    columns: Mapping[str, Sequence[Article]], asked: Mapping[str, str]
) -> dict[str, object]:
    security = asked.get("mTypeAndCode", "")
    known = [
        entry(article)
        for article in columns.get(ECONOMY, ())
        if security in securities_in(article.api_body)
        for entry in (_security_entry, _readers_post)
    ]
    index, size = _positive(asked, "pageIndex", 1), _positive(asked, "pageSize", _DEFAULT_SIZE)
    page = known[(index - 1) * size : index * size]
    return {
        "list": page,
        "page_index": index,
        "page_size": size,
        "totle_hits": len(known),
    }


def _security_entry(article: Article) -> dict[str, object]:
    return {
        "Art_Code": code_of(article),
        "Art_Title": article.title,
        "Art_ShowTime": show_time(article.published),
        "Art_Url": f"http://finance.eastmoney.com/a/{code_of(article)}.html",
        "Np_dst": "CMS",
    }


def _readers_post(beside: Article) -> dict[str, object]:
    """Return a post of Caifuhao, which is no article: its code has another form."""
    code = f"{beside.published:%Y%m%d%H%M%S}000000000"
    return {
        "Art_Code": code,
        "Art_Title": "读者的帖子",
        "Art_ShowTime": show_time(beside.published),
        "Art_Url": f"http://caifuhao.eastmoney.com/news/{code}",
        "Np_dst": "CFH",
    }


def _column_page(
    columns: Mapping[str, Sequence[Article]], asked: Mapping[str, str]
) -> dict[str, object]:
    known = columns.get(asked.get("column", ""), ())
    index, size = _positive(asked, "page_index", 1), _positive(asked, "page_size", _DEFAULT_SIZE)
    page = known[(index - 1) * size : index * size]
    return {
        "list": [_column_entry(article) for article in page],
        "page_index": index,
        "page_size": size,
        "totle_hits": len(known),
    }


def _column_entry(article: Article) -> dict[str, object]:
    address = f"http://finance.eastmoney.com/a/{code_of(article)}.html"
    return {
        "code": code_of(article),
        "title": article.title,
        "summary": summary_of(article),
        "showTime": show_time(article.published),
        "mediaName": article.media,
        "uniqueUrl": address,
        "url": address,
        "image": next(iter(pictures_in(article.api_body)), ""),
    }


def _positive(asked: Mapping[str, str], name: str, default: int) -> int:
    value = asked.get(name, "")
    return int(value) if value.isdecimal() and int(value) else default
