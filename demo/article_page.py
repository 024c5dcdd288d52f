"""Eastmoney's article pages, `finance.eastmoney.com/a/<code>.html`.

The article is surrounded by the other parts of the real page, which do not belong to the article.
"""

import html
import re
from collections.abc import Iterable
from http import HTTPStatus

from demo.articles import Article
from demo.eastmoney import code_of, summary_of
from demo.exchange import Answer, Request, Site

PAGE_HOST = "finance.eastmoney.com"
#: Text in every part of a page that does not belong to the article.
NOT_THE_ARTICLE = "此处并非正文"

#: Text above the article on every page that resembles a title but is none.
SIDEBAR_TITLE = "行情中心"

_PATH = re.compile(r"/(?:a/|news/\d+,)(\d+)\.html")
_HTML = {"Content-Type": "text/html; charset=utf-8"}

# Time and source are short here: minutes only, and the source may go without its label.
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>{title} _ 东方财富网</title>
<meta name="description" content="{none}">
<script>
var articleTxt = '<div id="ContentBody"><p>{none}</p></div>';
</script>
</head>
<body>
<div class="topnav">
<ul><li><a href="http://www.eastmoney.com/">首页</a></li>
<li><a href="http://finance.eastmoney.com/">{none}</a></li></ul>
</div>
<div class="sidebar"><div class="title">{sidebar}</div></div>
<div class="main">
<div class="contentwrap">
<div class="topbox">
{heading}
<div class="tipbox">
<div class="infos">
<div class=" item">{time}</div>
<div class="item">{source}</div>
</div>
<div class="share"><a href="javascript:void(0)">{none}</a></div>
</div>
</div>
<div class="txtinfos" id="ContentBody">
{abstract}{body}
</div>
<p class="res-edit">责任编辑：{none}</p>
<div class="statement"><p>{none}</p></div>
</div>
<div class="recommend">
<h3>相关阅读</h3>
<ul>
<li><a href="http://finance.eastmoney.com/a/209912310000000001.html"><img
src="https://dfscdn.dfcfw.com/download/D000000000000_w100h75.jpg" alt="">{none}</a></li>
</ul>
<p class="em_media">（文章来源：{none}）</p>
</div>
</div>
<script>
document.write('<div class="ad"><p>{none}</p></div>');
</script>
</body>
</html>
"""
_ABSTRACT = """<div class="abstract">
<div class="abstract-label">摘要</div>
<div class="txt">{0}</div>
</div>
"""
_MISSING = "<!DOCTYPE html><html><head><title>404</title></head><body>页面不存在</body></html>"


def article_page_site(articles: Iterable[Article]) -> Site:
    """Return the host of the article pages; the older address of an article has the same page."""
    known = {code_of(article): article for article in articles}

    def answer(request: Request) -> Answer:
        match = _PATH.fullmatch(request.path)
        article = known.get(match[1]) if match else None
        if article is None:
            return Answer(HTTPStatus.NOT_FOUND, _MISSING.encode(), _HTML)
        return Answer(HTTPStatus.OK, article_page(article).encode(), _HTML)

    return answer


def article_page(article: Article) -> str:
    """Return the page of an article. Some pages have the title in an h1, some have no abstract."""
    turn = int(article.info_code[-3:])
    title = html.escape(article.title)
    return _PAGE.format(
        title=title,
        none=NOT_THE_ARTICLE,
        sidebar=SIDEBAR_TITLE,
        heading=f"<h1>{title}</h1>" if turn % 4 == 1 else f'<div class="title">{title}</div>',
        time=f"{article.published:%Y年%m月%d日 %H:%M}",
        source=("" if turn % 5 == 1 else "来源：") + html.escape(article.media),
        abstract=_ABSTRACT.format(html.escape(summary_of(article))) if turn % 7 else "",
        body=article.api_body,
    )
