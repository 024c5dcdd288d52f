"""An article with two posts."""

from dataclasses import replace
from datetime import datetime

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode

CODE = InfoCode("NW202205202300000042")

MEDIA = Article(
    info_code=CODE,
    title="标题",
    published=datetime(2022, 5, 20, 6, 18, 5, tzinfo=SHANGHAI),
    body="<p>中国平安增长。</p>\r\n <p>完。</p>",
    body_source=BodySource.SHARE_API,
    link=f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={CODE}",
    category="changjiangshangbao",
    tag="长江商报新闻",
    media="长江商报",
)

ROLLING = replace(
    MEDIA,
    body=(
        '<p><span id="stock_1.601318"><a data-code="1,601318">中国平安</a></span>增长。</p>\n'
        " <p>完。</p>"
    ),
    link=f"http://finance.eastmoney.com/news/1355,{CODE.digits}.html",
    category="emnews",
    tag="东财滚动新闻",
    digest="中国平安增长。",
    stock_list=("1.601318",),
)
