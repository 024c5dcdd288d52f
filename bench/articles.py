"""Made-up posts as a crawl would give them."""

from datetime import datetime

from archive.article import Article, BodySource
from archive.article_id import InfoCode
from bench.corpus import MadeUpPost

SHARE = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode="


def as_article(post: MadeUpPost) -> Article:
    """A made-up post, its body marked up as the share API does it."""
    body = "".join(f"<p>{line}</p>\n" for line in post.text.splitlines())
    for security in post.securities:
        code = security.code.replace(".", ",")
        link = f'<a class="keytip" data-code="{code}">{security.name}</a>'
        marked = f'<span id="stock_{security.code}">{link}</span>'
        body = body.replace(security.name, marked, 1)
    return Article(
        info_code=InfoCode(post.info_code),
        title=post.title,
        published=datetime.fromisoformat(post.published),
        body=body,
        body_source=BodySource.SHARE_API,
        link=SHARE + post.info_code,
        category=post.category,
        tag=f"{post.media}新闻",
        media=post.media,
    )
