"""Puts an article together from what its pages say."""

from datetime import datetime, time
from typing import NoReturn, Protocol

from archive.article import SHANGHAI, Article, BodySource, InfoCode
from archive.categories import ROLLING
from archive.errors import InvalidArticle
from crawler.pages.facts import ArticleText, Facts
from crawler.pages.text import digest_in
from crawler.pages.titles import have_something_in_common


class LinkOf(Protocol):
    """The link that a post carries when no page of the site gave one."""

    def __call__(self, info_code: InfoCode, *, rolling: bool) -> str: ...


def compose(
    info_code: InfoCode,
    facts: Facts | None,
    text: ArticleText,
    link_of: LinkOf,
    *,
    provisional: bool = False,
) -> Article:
    """The article with its own body and, where its source says one, its title.

    :param facts: of the post page or the list that named it; None when the article was asked for
        by its share link.
    :param provisional: a better source did not answer; it may have the article.
    :raises InvalidArticle: when neither says a title; when the code begins with no date and
        neither says when it was published; when neither says a category or a media.
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
    """The article's own, but for a page's heading that has nothing in common with the list's."""
    listed = facts.title if facts else None
    if text.title is None or listed is None:
        return text.title or listed
    is_heading = text.source is BodySource.ARTICLE_PAGE
    foreign = is_heading and not have_something_in_common(text.title, listed)
    return listed if foreign else text.title


def _published(facts: Facts | None, text: ArticleText) -> datetime | None:
    """Return the time that is shown, which moves when the article is published anew.

    A post without a zone is shown by the mirror as if its time were that of Greenwich.
    """
    shown = facts.published if facts else None
    if text.published is None or shown is None:
        return shown or text.published
    without_zone = shown - text.published == SHANGHAI.utcoffset(shown)
    return text.published if text.source is BodySource.ARTICLE_API or without_zone else shown


def compose_without_text(facts: Facts, link_of: LinkOf, *, provisional: bool) -> Article:
    """The article with what stands in for its body, where no source gives its own.

    :param provisional: a source did not answer; it may have the article.
    :raises InvalidArticle: when nothing stands in, or nothing says a title, as of the mirror's
        pages that were made of broken front matter.
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
    raise InvalidArticle(f"No source says the {name} of {info_code}")


def _day_of(info_code: InfoCode) -> datetime:
    """The start of the day that the code names, where no source says the time."""
    if info_code.day is None:
        raise InvalidArticle(f"No source says when {info_code} was published")
    return datetime.combine(info_code.day, time(), SHANGHAI)


def facts_of(article: Article) -> Facts:
    """An archived article as a page would tell of it, for another look at its body.

    What lists told of securities the archive keeps, and may know better by then.

    :raises InvalidArticle: when it has no category, as broken posts that were imported.
    """
    if article.category is None or article.tag is None:
        raise InvalidArticle(f"{article.info_code} has no category")
    return Facts(
        url=article.addresses[-1] if article.addresses else article.link,
        info_code=article.info_code,
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
