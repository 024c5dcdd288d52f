"""Texts that break careless parsers."""

from datetime import datetime

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode

SHARE_LINK = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode="

TRICKY = Article(
    info_code=InfoCode("NW202112292230175548"),
    title='他说"好"\\ \n\t\r\x00\x85\u2028\ufeff\uffff\U0001f600: # {{ x }} {% y %} --- &a *a !b ',
    published=datetime(2021, 12, 29, 17, 34, 39, tzinfo=SHANGHAI),
    body="---\n---\n\u3000<p>\r\n{% raw %}</p>\n\n<http://x>\n\n[返回x](y)｜[返回首页](z)\n \x00",
    body_source=BodySource.SHARE_API,
    link=SHARE_LINK + "NW202112292230175548",
    category="no",
    tag="- a: b #新闻",
)
