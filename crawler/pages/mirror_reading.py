"""What is read from the mirror's pages and the share API, as one plain structure."""

from scrapy.http import Response

from archive.article import InfoCode
from archive.body import read_body
from archive.errors import InvalidInfoCode
from crawler.pages.article_reading import (
    Reading,
    UnknownAnswer,
    read_article,
    security,
    without_credit,
)
from crawler.pages.facts import Facts
from crawler.pages.feed import Feed
from crawler.pages.layouts import Layout
from crawler.pages.list_page import Link, ListPage
from crawler.pages.post_page import PostPage
from crawler.pages.share_answer import ShareAnswer


def read_mirror(response: Response, layout: Layout) -> Reading:
    """Read a page of the mirror, or an answer of the share API.

    :raises UnknownAnswer: when the page class is none of theirs.
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
        return _list(response, [_link(link) for link in ListPage(response).entries()])
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


def _link(link: Link) -> Reading:
    return _entry(link.url) | {"title": link.text or None}


def _entry(url: str) -> Reading:
    """Return an entry of which the address is all that is known."""
    try:
        code, skip = InfoCode.from_address(url).digits, None
    except InvalidInfoCode:
        code, skip = None, "it leads to no post"
    nothing = ("title", "published", "media", "digest", "body_html", "body_text")
    return {
        "id": code,
        "url": url,
        **dict.fromkeys(nothing),
        "securities": [],
        "pictures": [],
        "skip": skip,
    }


def _post(post: Facts) -> Reading:
    assert post.body is not None
    body = read_body(post.body)
    return {
        "id": post.info_code.digits,
        "url": post.url,
        "title": post.title,
        "published": post.published and post.published.isoformat(),
        "media": post.media,
        "digest": post.digest,
        "body_html": post.body,
        "body_text": without_credit(body.text),
        "securities": [security(one.code, one.name) for one in body.securities if one.name],
        "pictures": list(body.pictures),
        "category": post.category,
        "tag": post.tag,
        "link": post.link,
    }
