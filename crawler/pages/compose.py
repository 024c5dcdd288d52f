"""Composes an article from what its pages state."""

from collections.abc import Callable
from datetime import datetime, time
from typing import NoReturn

from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.categories import ROLLING
from archive.errors import InvalidArticle
from crawler.pages.facts import ArticleText, Facts
from crawler.pages.text import digest_in
from crawler.pages.titles import have_something_in_common

#: Returns the link of a post for which no page of the site has one, by `info_code` and `rolling`.
LinkOf = Callable[..., str]


def compose(
    info_code: InfoCode,
    facts: Facts | None,
    text: ArticleText,
    link_of: LinkOf,
    *,
    provisional: bool = False,
) -> Article:
    """Return the article with its own body and, where the source of that has one, its title.

    :param facts: the facts of the post page or the list that named it; None when only its share
        link is known.
    :param text: the body, with the facts that its source states.
    :param provisional: a better source did not answer; it may have the article.
    :raises InvalidArticle: when `facts` and `text` both lack a title, or a category and a media, or
        a time of publication that the code does not contain either.
    """
    listed_rolling = facts is not None and facts.rolling
    rolling = text.rolling or listed_rolling
    digest = facts and (facts.digest if listed_rolling or not rolling else digest_in(facts.digest))
    media = text.media or (facts and facts.media) or None
    category = (facts and facts.category) or (ROLLING.slug if rolling else None)
    tag = (facts and facts.tag) or (ROLLING.tag if rolling else None)
    if category is None and media is None:
        _nothing(info_code, "media")
    return Article(
        info_code=info_code,
        title=_title(facts, text) or _nothing(info_code, "title"),
        published=_published(facts, text) or _day_of(info_code),
        category=category,
        tag=tag,
        media=media,
        digest=digest or text.digest,
        body=text.body,
        body_source=text.source,
        body_provisional=provisional,
        link=(facts and facts.link) or link_of(info_code, rolling=rolling),
        stock_list=tuple(dict.fromkeys((*(facts.stock_list if facts else ()), *text.stock_list))),
        addresses=(text.url, facts.url) if facts else (text.url,),
    )


def _title(facts: Facts | None, text: ArticleText) -> str | None:
    """Return the article's own title; the list's where a page's heading is another article's."""
    listed = facts.title if facts else None
    if text.title is None or listed is None:
        return text.title or listed
    is_heading = text.source is BodySource.ARTICLE_PAGE
    foreign = is_heading and not have_something_in_common(text.title, listed)
    return listed if foreign else text.title


def _published(facts: Facts | None, text: ArticleText) -> datetime | None:
    """Return the time that the source of the body states; it may move, so an older one is replaced.

    Some sources leave out the seconds: of two times in one minute, the other facts' time is used
    where it has them.
    """
    listed = facts.published if facts else None
    if text.published is None or listed is None:
        return listed or text.published
    same_minute = listed.replace(second=0) == text.published.replace(second=0)
    return listed if same_minute and listed.second else text.published


def compose_stand_in(facts: Facts, link_of: LinkOf, *, provisional: bool) -> Article:
    """Return the article with a stand-in for its body, where no source has its own.

    :param facts: the facts of a list or the mirror, with the stand-in as their body.
    :param provisional: a source did not answer; it may have the article.
    :raises InvalidArticle: when there is no stand-in or no title; the mirror's pages of posts with
        broken front matter have none.
    """
    info_code = facts.info_code
    return Article(
        info_code=info_code,
        title=facts.title or _nothing(info_code, "title"),
        published=facts.published or _day_of(info_code),
        category=facts.category,
        tag=facts.tag,
        media=facts.media,
        digest=facts.digest,
        body=facts.body or _nothing(info_code, "text"),
        body_source=facts.body_source,
        body_provisional=provisional,
        link=facts.link or link_of(info_code, rolling=facts.rolling),
        stock_list=facts.stock_list,
        addresses=(facts.url,),
    )


def _nothing(info_code: InfoCode, name: str) -> NoReturn:
    raise InvalidArticle(f"No source has the {name} of {info_code}")


def _day_of(info_code: InfoCode) -> datetime:
    """Return the start of the day that the code contains, where no source has the time."""
    if info_code.day is None:
        raise InvalidArticle(f"No source has the time of publication of {info_code}")
    return datetime.combine(info_code.day, time(), SHANGHAI)


def facts_of(article: Article) -> Facts:
    """Return the facts of an archived article, for a revisit of its body.

    They are without securities: the archive merges those of lists by itself, and may have more.

    :raises InvalidArticle: when it has no category, like an imported post with broken front matter.
    """
    if article.category is None or article.tag is None:
        raise InvalidArticle(f"{article.info_code} has no category")
    return Facts(
        url=article.addresses[-1] if article.addresses else article.link,
        info_code=InfoCode(article.info_code),
        title=article.title,
        published=article.published,
        category=article.category,
        tag=article.tag,
        media=article.media,
        digest=article.digest,
        body=None,
        body_source=article.body_source,
        link=article.link,
    )
