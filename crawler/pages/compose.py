"""Puts an article together from what its pages say."""

from datetime import datetime, time
from typing import NoReturn

from archive.article import SHANGHAI, Article, BodySource, InfoCode
from archive.categories import ROLLING
from archive.errors import InvalidArticle
from crawler.pages.post_page import PostFacts
from crawler.pages.share_answer import ShareText


def compose(info_code: InfoCode, page: PostFacts | None, answer: ShareText, link: str) -> Article:
    """The article with the share API's body and, where it is there, its title.

    :param page: the mirror's post page; None when the article was asked for by its share link.
    :param link: what the post names as its source when there is no page.
    :raises InvalidArticle: when neither says a title; when the code begins with no date and
        neither says when it was published; when there is no page and the API names no media.
    """
    category = tag = digest = None
    if page is not None:
        category, tag, digest = page.category, page.tag, page.digest
    elif answer.rolling:
        category, tag = ROLLING.slug, ROLLING.tag
    elif answer.media is None:
        _nothing(info_code, "media")
    return Article(
        info_code=info_code,
        title=answer.title or (page and page.title) or _nothing(info_code, "title"),
        published=(page and page.published) or answer.published or _day_of(info_code),
        category=category,
        tag=tag,
        media=answer.media,
        digest=digest,
        body=answer.body,
        body_source=BodySource.SHARE_API,
        link=page.link if page else link,
        addresses=(answer.url, page.url) if page else (answer.url,),
    )


def compose_from_mirror(page: PostFacts, *, provisional: bool) -> Article:
    """The article as the mirror renders it, where no share host gives its own bytes.

    :param provisional: a share host did not answer; it may have the article.
    :raises InvalidArticle: when the page was made of broken front matter and has no title.
    """
    return Article(
        info_code=page.info_code,
        title=page.title or _nothing(page.info_code, "title"),
        published=page.published or _day_of(page.info_code),
        category=page.category,
        tag=page.tag,
        media=page.media,
        digest=page.digest,
        body=page.body,
        body_source=BodySource.MIRROR,
        body_provisional=provisional,
        link=page.link,
        addresses=(page.url,),
    )


def _nothing(info_code: InfoCode, name: str) -> NoReturn:
    raise InvalidArticle(f"No source says the {name} of {info_code}")


def _day_of(info_code: InfoCode) -> datetime:
    """The start of the day that the code names, where no source says the time."""
    if info_code.day is None:
        raise InvalidArticle(f"No source says when {info_code} was published")
    return datetime.combine(info_code.day, time(), SHANGHAI)


def facts_of(article: Article) -> PostFacts:
    """An archived article as a page would tell of it, for another look at its body.

    :raises InvalidArticle: when it has no category, as broken posts that were imported.
    """
    if article.category is None or article.tag is None:
        raise InvalidArticle(f"{article.info_code} has no category")
    return PostFacts(
        url=article.addresses[-1] if article.addresses else article.link,
        info_code=article.info_code,
        title=article.title,
        published=article.published,
        category=article.category,
        tag=article.tag,
        media=article.media,
        digest=article.digest,
        body=article.body,
        link=article.link,
    )
