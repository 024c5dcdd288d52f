"""The article: the one object that the crawler hands to the archive."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Self

from archive.article_id import ArticleId
from archive.capture import Capture
from archive.categories import ROLLING
from archive.errors import InvalidArticle
from archive.html_limits import is_nested_too_deep

# Time zone of the sources. Its offset is fixed, because the site writes +0800 on every post.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Found(StrEnum):
    """How it was found that an article names a security, the most certain first.

    `FIELD` is a field of the source's answer, `MARKUP` mark-up of the body, `LIST` the stock list
    of Eastmoney's rolling news, `CODE` a code in the text, `NAME` a name in the text.
    """

    FIELD = "field"
    MARKUP = "markup"
    LIST = "list"
    CODE = "code"
    NAME = "name"


class Edition(StrEnum):
    """One of the two posts that the mirror publishes for one article.

    The media's post has the media's category, and the body without markup. The post of rolling
    news has a digest, and the body with Eastmoney's markup of securities; the name of its file
    has the code without ``NW``.
    """

    MEDIA = "media"
    ROLLING = "rolling"

    @classmethod
    def of_category(cls, slug: str | None) -> Self:
        """Return the edition of a post in a category.

        :param slug: of the category.
        """
        return cls("rolling" if slug == ROLLING.slug else "media")

    @classmethod
    def of_name(cls, name: str) -> Self:
        """Return the edition of a post file, a superseded version or a post page.

        :param name: file name, path or address of it.
        """
        return cls("rolling" if _NAME_OF_ROLLING.search(name) else "media")


# Digits behind another publisher's name are its own id.
_NAME_OF_ROLLING = re.compile(
    r"(?:\A|/|(?:\A|/)-|[0-9]{4}-[0-9]{2}-[0-9]{2}-)[0-9]{15,20}(?:\.[0-9]+)?\.(?:md|html)\Z"
)


class Precision(StrEnum):
    """The smallest unit of time that a source states for a publication.

    `FETCHED` stands for no time at all: the article is dated by the answer that had it.
    """

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    FETCHED = "fetched"


class ArticleFlag(StrEnum):
    """What a source states of an article beside its facts.

    `IMPORTANT`: the source marks it as important. `PAID`: only subscribers read it at the source.
    `PARTIAL`: only a part of its body is public. `LOCKED`: only its title is, which stands for the
    body.
    """

    IMPORTANT = "important"
    PAID = "paid"
    PARTIAL = "partial"
    LOCKED = "locked"

    @staticmethod
    def missing_of(flags: Iterable[str]) -> int:
        """Return how much of a body with these flags is missing: 0, 1 or, of all of it, 2."""
        return 2 if ArticleFlag.LOCKED in flags else int(ArticleFlag.PARTIAL in flags)


class BodySource(StrEnum):
    """The source of an article's body, from the worst to the best.

    `SUMMARY` is the text of a list of rolling news, `MIRROR` the mirror's rendering,
    `OTHER_EDITION` the share API's body of the article's other edition: these three stand in for
    the article's own body.

    Articles of declared sources have the other three: `EXTRACTION` is what general extraction found
    in a page, `LIST` the body in a list, `PAGE` the page or answer that a layout describes.

    `ARTICLE_PAGE` is Eastmoney's page, `ARTICLE_API` the answer of the API from which those pages
    are generated, `SHARE_API` the article's own bytes.
    """

    SUMMARY = "summary"
    MIRROR = "mirror"
    OTHER_EDITION = "other_edition"
    EXTRACTION = "extraction"
    LIST = "list"
    PAGE = "page"
    ARTICLE_PAGE = "article_page"
    ARTICLE_API = "article_api"
    SHARE_API = "share_api"

    @property
    def stands_in(self) -> bool:
        """True where the source does not publish the article's own body."""
        return self.is_worse_than(BodySource.EXTRACTION)

    def is_worse_than(self, other: "BodySource") -> bool:
        """Return whether a body from this source must not replace a body from another source."""
        order = list(BodySource)
        return order.index(self) < order.index(other)


@dataclass(frozen=True, slots=True)
class SecurityMention:
    """A security that an article names otherwise than in Eastmoney's mark-up of its body.

    :param code: Eastmoney's number of the market, and the symbol, such as ``1.600160``.
    :param name: as the source writes it; None where it gives none.
    :param found: how it was found.
    """

    code: str
    name: str | None
    found: Found


#: Fields that are one line of text.
_LINES = ("category", "tag", "media", "digest", "author", "lang", "extractor", "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as its sources give it.

    :param published: aware; written in Asia/Shanghai, to the second. Of a day, its first instant
        in Shanghai.
    :param precision: of `published`.
    :param category: slug of the category; None while no page has named the category.
    :param tag: the category's name as the site shows it, such as ``财联社新闻``; None while no page
        has named the category.
    :param media: name of the media, from the share API or the body.
    :param body: HTML.
    :param body_provisional: the body is a stand-in, because a share host that may have the
        article's own body did not answer; a later crawl should request it again.
    :param link: the address that the post names as its source.
    :param stock_list: codes of the securities that a list names for the article, such as
        ``1.600160``.
    :param securities: that the source names beside the body, or that its text names.
    :param author: as the source writes it.
    :param lang: language of the article, such as ``zh``; None where it is not known.
    :param extractor: name and version of the general extraction that generated the body, such as
        ``trafilatura 2.3.0``; None for a body that a source gives as such.
    :param flags: what the source states of the article, in the order of `ArticleFlag`.
    :param keywords: words that the source files the article under.
    :param modified: when the source last changed the article, as it states; aware.
    :param addresses: that the article was read from, the body's first.
    :param captures: of the responses from these addresses; empty when captures are off.
    :raises InvalidArticle: for values that no post can contain; the message names the article and
        the field.
    """

    info_code: ArticleId
    title: str
    published: datetime
    body: str
    body_source: BodySource
    link: str
    category: str | None = None
    tag: str | None = None
    media: str | None = None
    digest: str | None = None
    body_provisional: bool = False
    stock_list: tuple[str, ...] = ()
    securities: tuple[SecurityMention, ...] = ()
    precision: Precision = Precision.SECOND
    author: str | None = None
    lang: str | None = None
    extractor: str | None = None
    flags: tuple[ArticleFlag, ...] = ()
    keywords: tuple[str, ...] = ()
    modified: datetime | None = None
    addresses: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()

    def __str__(self) -> str:
        return f"{self.info_code} {self.title!r}"

    @property
    def source(self) -> str:
        """The name of the source whose article it is, such as ``eastmoney``."""
        return self.info_code.source

    @property
    def edition(self) -> Edition:
        """The edition of the article's post; only Eastmoney's articles may have two."""
        return Edition.of_category(self.category if self.info_code.is_info_code else None)

    def __post_init__(self) -> None:
        for what, time in (("published", self.published), ("modified", self.modified)):
            if time is None:
                continue
            if time.tzinfo is None:
                raise InvalidArticle(f"{self.info_code} was {what} at a time without a zone")
            try:
                time.astimezone(SHANGHAI), time.astimezone(UTC)
            except OverflowError:
                raise InvalidArticle(
                    f"{self.info_code} was {what} at {time}, beyond the calendar"
                ) from None
        for name in ("title", "body"):
            if not getattr(self, name).strip():
                raise InvalidArticle(f"{self.info_code} has an empty {name}")
        for name in _LINES:
            value = getattr(self, name)
            if value is not None and len(value.splitlines()) != 1:
                raise InvalidArticle(f"{self.info_code} has a {name} that is not one line of text")
        if is_nested_too_deep(self.body):
            raise InvalidArticle(f"{self.info_code} has a body that is nested too deep")
        if re.search(r"[<>\s]", self.link):
            raise InvalidArticle(f"{self.info_code} has a link that is no address: {self.link!r}")
        for name in ("title", "body", "keywords", *_LINES):
            try:
                "".join(getattr(self, name) or ()).encode()
            except UnicodeEncodeError:
                raise InvalidArticle(
                    f"{self.info_code} has half a surrogate pair in its {name}"
                ) from None
