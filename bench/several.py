"""Generate several made-up publishers, each a declared source with hosts of its own."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from urllib.parse import parse_qs

from demo.exchange import Answer, Request, Site
from demo.site import BUILT
from demo.text import Prose

_ON_A_PAGE = 20
_SECURITIES = ("贵州茅台（600519.SH）", "宁德时代（300750.SZ）", "腾讯控股（00700.HK）")
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class OneOfSeveral:
    """A made-up publisher with its own host name.

    :param articles: number of its articles.
    :param sites: the sites by host name.
    :param declaration: the source's declaration, in TOML.
    """

    name: str
    articles: int
    sites: Mapping[str, Site]
    declaration: str

    @property
    def host(self) -> str:
        """The host of its lists and pages."""
        return f"www.{self.name}.example"


@dataclass(frozen=True, slots=True)
class _Article:
    number: int
    title: str
    published: datetime
    paragraphs: Sequence[str]


def several_sites(
    count: int, *, articles: int = 60, built: datetime = BUILT
) -> Iterator[OneOfSeveral]:
    """Generate publishers, whose newest articles are of the time `built`."""
    for number in range(count):
        name = f"site{number}"
        made_up = list(_articles(articles, Random(f"several {number}"), built))
        site = _site(name, made_up)
        yield OneOfSeveral(name, articles, {f"www.{name}.example": site}, _declaration(name))


def _articles(count: int, random: Random, built: datetime) -> Iterator[_Article]:
    prose, published = Prose(random), built.replace(microsecond=0)
    for number in range(count + 99, 99, -1):
        first = f"{random.choice(_SECURITIES)}公告称，{prose.paragraph()}"
        paragraphs = [first, *(prose.paragraph() for _ in range(random.randint(2, 5)))]
        yield _Article(number, f"{prose.headline()}（{number}）", published, paragraphs)
        published -= timedelta(minutes=random.randint(1, 20))


def _site(name: str, articles: Sequence[_Article]) -> Site:
    pages = {f"/a/{article.number}.html": _page(name, article) for article in articles}

    def answer(request: Request) -> Answer:
        if request.path == "/list":
            page = int(parse_qs(request.query).get("page", ["1"])[0])
            shown = articles[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
            return Answer(200, json.dumps({"items": list(map(_entry, shown))}).encode(), _JSON)
        if request.path in pages:
            return Answer(200, pages[request.path].encode(), _HTML)
        return Answer(404)

    return answer


def _entry(article: _Article) -> dict[str, object]:
    published = int(article.published.timestamp())
    return {"id": article.number, "title": article.title, "at": published}


def _page(name: str, article: _Article) -> str:
    body = "\n".join(f"<p>　　{html.escape(paragraph)}</p>" for paragraph in article.paragraphs)
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{html.escape(article.title)}</title></head><body>\n"
        f"<h1>{html.escape(article.title)}</h1><p class=by>{name}社</p>\n"
        f'<div class="text">\n{body}\n</div>\n</body></html>\n'
    )


def _declaration(name: str) -> str:
    host = f"www.{name}.example"
    return f"""\
title = "{name}社"
site = "http://{host}/"
hosts = ["{host}"]
family = "*.{name}.example"

[manners]
interval = "10 min"

[identity]
addresses = [{{ pattern = '/a/(\\d+)\\.html' }}]

[lists.news]
address = "http://{host}/list?page={{page}}"
format = "json"
entries = "items"
paging = {{ first = 1, size = {_ON_A_PAGE}, short_ends = true }}
seen = {{ on = 2026-11-30, first_hand = true }}

[lists.news.fields]
id = "id"
address = {{ path = "id", template = "http://{host}/a/{{}}.html" }}
title = "title"
published = "at"

[articles.page]
format = "html"
seen = {{ on = 2026-11-30, first_hand = true }}

[articles.page.fields]
title = "h1"
media = ".by"
body = "div.text"
"""
