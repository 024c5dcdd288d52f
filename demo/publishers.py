"""Two made-up publishers with ids and pages of their own, who know nothing of Eastmoney.

`caixun` has pages of links and a page for each article, with what surrounds articles elsewhere;
`kuaibao` answers with whole news flashes as JSON, one page by its cursor after the other.
"""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import parse_qs

from demo.articles import SHANGHAI
from demo.exchange import Answer, Request, Site
from demo.static import StaticFile, static_site
from demo.text import Prose

CAIXUN_HOST = "www.caixun.example"
CAIXUN_LIST = f"https://{CAIXUN_HOST}/news/"
KUAIBAO_HOST = "api.kuaibao.example"

#: The folder with the declaration of kuaibao; that of caixun is for `finews sources add` to write.
DECLARATIONS = Path(__file__).with_name("sources")

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_ON_A_PAGE = 20
_FLASHES = 10
#: Names, codes and exchanges of securities that articles name.
_SECURITIES = (
    ("贵州茅台", "600519", "SH"),
    ("宁德时代", "300750", "SZ"),
    ("腾讯控股", "00700", "HK"),
)


@dataclass(frozen=True, slots=True)
class Story:
    """An article of a made-up publisher.

    :param security: name, code and exchange of the security that it names.
    """

    own_id: str
    title: str
    published: datetime
    paragraphs: tuple[str, ...]
    security: tuple[str, str, str]

    @property
    def path(self) -> str:
        """Its page at caixun."""
        return f"/news/{self.own_id}.html"


@dataclass(frozen=True, slots=True)
class Publishers:
    """Both made-up publishers.

    :param caixun: the articles of the one, newest first.
    :param kuaibao: the flashes of the other, newest first.
    :param sites: the sites by host name.
    """

    caixun: tuple[Story, ...]
    kuaibao: tuple[Story, ...]
    sites: Mapping[str, Site]


def made_up_publishers(*, articles: int, built: datetime, seed: int = 3060) -> Publishers:
    """Generate both publishers, each with a number of articles.

    :param built: the time of the newest article.
    """
    random = Random(f"publishers {seed}")
    caixun = tuple(_stories(articles, random, built, "cx-2026-{:06}"))
    kuaibao = tuple(_stories(articles, random, built, "{}"))
    sites = {CAIXUN_HOST: _caixun(caixun, built), KUAIBAO_HOST: _kuaibao(kuaibao)}
    return Publishers(caixun, kuaibao, sites)


def _stories(count: int, random: Random, built: datetime, own_id: str) -> Iterator[Story]:
    prose = Prose(random)
    published = built.astimezone(SHANGHAI).replace(microsecond=0)
    for number in range(count + 99, 99, -1):
        paragraphs = [prose.paragraph() for _ in range(random.randint(3, 6))]
        name, code, exchange = security = random.choice(_SECURITIES)
        paragraphs[0] = f"{name}（{code}.{exchange}）公告称，{paragraphs[0]}"
        title = f"{prose.headline()}（{number}）"
        yield Story(own_id.format(number), title, published, tuple(paragraphs), security)
        published -= timedelta(minutes=random.randint(2, 40))


def _caixun(stories: Sequence[Story], built: datetime) -> Site:
    pages = {story.path: _article_page(story) for story in stories}
    lists = [stories[at : at + _ON_A_PAGE] for at in range(0, len(stories), _ON_A_PAGE)]
    for number, shown in enumerate(lists, 1):
        path = "/news/index.html" if number == 1 else f"/news/index_{number}.html"
        following = f"/news/index_{number + 1}.html" if number < len(lists) else None
        pages[path] = _list_page(shown, following)
    pages["/index.html"] = _page("财迅网", '<p><a href="/news/">滚动新闻</a></p>')
    pages["/robots.txt"] = "User-agent: *\nDisallow: /admin/\n"
    files = {path: StaticFile(text.encode(), built) for path, text in pages.items()}
    return static_site(files.get)


def _list_page(stories: Sequence[Story], following: str | None) -> str:
    entries = "\n".join(
        f'<li><a href="{story.path}">{html.escape(story.title)}</a>'
        f"<span>{story.published:%m-%d %H:%M}</span></li>"
        for story in stories
    )
    more = f'<div class="pages"><a href="{following}">下一页</a></div>' if following else ""
    return _page("滚动新闻_财迅网", f'<ul class="news-list">\n{entries}\n</ul>\n{more}')


def _article_page(story: Story) -> str:
    body = "\n".join(f"<p>　　{html.escape(paragraph)}</p>" for paragraph in story.paragraphs)
    return _page(
        f"{html.escape(story.title)}_财迅网",
        f"<h1>{html.escape(story.title)}</h1>\n"
        f'<div class="info"><span>{story.published:%Y-%m-%d %H:%M}</span>'
        "<span>来源：财迅网</span><span>作者：云归</span></div>\n"
        f'<div class="article">\n{body}\n</div>\n'
        '<div class="related"><h3>相关阅读</h3><ul><li><a href="/about.html">关于我们</a></li>'
        "</ul></div>",
        f'<link rel="canonical" href="https://{CAIXUN_HOST}{story.path}">',
    )


def _page(title: str, body: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:site_name" content="财迅网">{head}</head>\n<body>\n'
        '<div class="nav"><ul><li><a href="/">首页</a></li><li><a href="/news/">新闻</a></li>'
        '<li><a href="/fund/">基金</a></li></ul></div>\n'
        f'{body}\n<div class="footer">财迅网版权所有，未经书面授权不得转载</div>\n'
        "</body>\n</html>\n"
    )


def _kuaibao(stories: Sequence[Story]) -> Site:
    def answer(request: Request) -> Answer:
        if request.path != "/v1/flash":
            return Answer(404)
        before = parse_qs(request.query).get("before", [""])[0]
        older = [one for one in stories if not before or _cursor(one) < int(before)]
        shown = older[:_FLASHES]
        answer = {
            "code": 0,
            "data": {
                "items": [_flash(story) for story in shown],
                "next": str(_cursor(shown[-1])) if len(older) > _FLASHES else "",
            },
        }
        return Answer(200, json.dumps(answer, ensure_ascii=False).encode(), _JSON)

    return answer


def _cursor(story: Story) -> int:
    return int(story.published.timestamp())


def _flash(story: Story) -> dict[str, object]:
    return {
        "id": int(story.own_id),
        "title": story.title,
        "content": "".join(f"<p>{html.escape(one)}</p>" for one in story.paragraphs),
        "created_at": _cursor(story),
        "source": "快报社",
        "is_ad": False,
        "stocks": [dict(zip(("name", "code", "market"), story.security, strict=True))],
    }
