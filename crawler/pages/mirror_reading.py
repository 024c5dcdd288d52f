"""What is read from the mirror's pages and the share API, as one plain structure."""

from scrapy.http import Response

from archive.article_id import InfoCode
from archive.errors import InvalidInfoCode
from crawler.pages.article_reading import (
    Reading,
    UnknownAnswer,
    read_article,
    read_entry,
    read_html,
)
from crawler.pages.facts import Facts
from crawler.pages.feed import Feed
from crawler.pages.layouts import Layout
from crawler.pages.list_page import ListPage
from crawler.pages.post_page import PostPage
from crawler.pages.share_answer import ShareAnswer


def read_mirror(response: Response, layout: Layout) -> Reading:
    """Read a page of the mirror, or an answer of the share API.

    :raises UnknownAnswer: when `layout` reads no answers of the mirror.
    :raises PageError: when it cannot read the answer, or finds that there is no such article.
    """
    if layout is ShareAnswer:
        return read_article(response, ShareAnswer(response))
    if layout is PostPage:
        post = PostPage(response).facts()
        return {"kind": "article", "address": response.url, **_post(post)}
    if layout is Feed:
        return _list(response, _of_feed(Feed(response)))
    if layout is ListPage:
        links = ListPage(response).entries()
        return _list(response, [_entry(link.url, link.text or None) for link in links])
    raise UnknownAnswer(f"{response.url} is no address of the mirror or the share API.")


def _list(response: Response, entries: list[Reading]) -> Reading:
    return {"kind": "list", "address": response.url, "entries": entries, "next": None}


def _of_feed(feed: Feed) -> list[Reading]:
    posts = {post.url: post for post in feed.posts()}
    return [
        _post(posts[url]) | {"skip": None}
        if url in posts
        else _entry(url) | {"skip": "the feed does not have the whole post"}
        for url in feed.links()
    ]


def _entry(url: str, title: str | None = None) -> Reading:
    """Return an entry of which the address and perhaps the title are known."""
    try:
        return read_entry(id=InfoCode.from_address(url).digits, url=url, title=title)
    except InvalidInfoCode:
        return read_entry(url=url, title=title, skip="it leads to no post")


def _post(post: Facts) -> Reading:
    assert post.body is not None
    return {
        "id": post.info_code.digits,
        "url": post.url,
        "title": post.title,
        "published": post.published and post.published.isoformat(),
        "media": post.media,
        "digest": post.digest,
        **read_html(post.body),
        "category": post.category,
        "tag": post.tag,
        "link": post.link,
    }
