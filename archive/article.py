"""The article: the one object that the crawler hands to the archive."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import GetCoreSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from archive.capture import Capture
from archive.categories import ROLLING
from archive.errors import InvalidArticle, InvalidInfoCode
from archive.html_limits import is_nested_too_deep

# Time zone of the sources. Its offset is fixed, because the site writes +0800 on every post.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_CODE = re.compile(r"(?:NW)?([0-9]{15,20})")
# Eastmoney's host of posts by private authors; the digits in its addresses are no info codes.
_OTHER_CODES = "caifuhao.eastmoney.com"
_QUERY_PARAMETER_BY_PAGE = {"NewsShare.html": "infoCode", "GetNewsText.do": "id"}
_CODE_IN_PATH = re.compile(
    r"""
    (?: .*/[0-9]{4}/[0-9]{2}/[0-9]{2}/ (?:[0-9]{4}-[0-9]{2}-[0-9]{2}-)?  # the mirror's posts
      | /a/                                                              # Eastmoney, today
      | /news/[0-9]+,                                                    # Eastmoney, older
    ) (?P<page>[^/]+)\.html
    |
    .*/api/article/ (?P<answer>[^/]+)                                    # Eastmoney's article API
    |
    (?: .*/ )? (?:[0-9]{4}-[0-9]{2}-[0-9]{2})? - (?P<file>[^/]+)\.md     # post files, dateless too
    """,
    re.VERBOSE,
)


class InfoCode(str):
    """The identity of an article: ``NW`` and 15 to 20 digits, in one spelling.

    ``InfoCode("202112292230175548") == "NW202112292230175548"``.

    :raises InvalidInfoCode: for every other text, so that no other text becomes part of a path.
    """

    __slots__ = ()

    def __new__(cls, code: str) -> Self:
        match = _CODE.fullmatch(code)
        if match is None:
            raise InvalidInfoCode(code)
        return super().__new__(cls, "NW" + match[1])

    @classmethod
    def from_address(cls, address: str) -> Self:
        """Read the code from an address of an article, or from the code itself.

        Accepts share links, share API calls, the mirror's post pages (also those rendered from
        broken front matter), Eastmoney's own pages, and post file names.

        :raises InvalidInfoCode: when the address has another form, or has no valid code.
        """
        code = address if _CODE.fullmatch(address) else _code_in(address)
        if code is None or not _CODE.fullmatch(code):
            raise InvalidInfoCode(address)
        return cls(code)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema with which pydantic reads a code from a text."""
        return no_info_after_validator_function(cls, handler(str))

    @property
    def digits(self) -> str:
        """The code without ``NW``, as Eastmoney's pages and rolling news write it."""
        return self[2:]

    @property
    def day(self) -> date | None:
        """The date at the beginning of the code; None where those digits are no date."""
        try:
            return datetime.strptime(self.digits[:8], "%Y%m%d").replace(tzinfo=SHANGHAI).date()
        except ValueError:
            return None


def _code_in(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.hostname == _OTHER_CODES:
        return None
    path = unquote(parts.path)
    parameter = _QUERY_PARAMETER_BY_PAGE.get(path.rpartition("/")[2])
    if parameter is not None:
        codes = set(parse_qs(parts.query).get(parameter, ()))
        return codes.pop() if len(codes) == 1 else None
    match = _CODE_IN_PATH.fullmatch(path)
    return (match["page"] or match["answer"] or match["file"]) if match else None


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


_NAME_OF_ROLLING = re.compile(r"(?<![0-9A-Za-z])[0-9]{15,20}(?:\.[0-9]+)?\.(?:md|html)\Z")


class BodySource(StrEnum):
    """The source of an article's body, from the worst to the best.

    `SUMMARY` is the text of a list of rolling news, `MIRROR` the mirror's rendering,
    `OTHER_EDITION` the share API's body of the article's other edition: these three stand in for
    the article's own body. `ARTICLE_PAGE` is Eastmoney's page, `ARTICLE_API` the answer of the API
    from which those pages are generated, `SHARE_API` the article's own bytes.
    """

    SUMMARY = "summary"
    MIRROR = "mirror"
    OTHER_EDITION = "other_edition"
    ARTICLE_PAGE = "article_page"
    ARTICLE_API = "article_api"
    SHARE_API = "share_api"

    @property
    def stands_in(self) -> bool:
        """True where the source does not publish the article's own body."""
        return self.is_worse_than(BodySource.ARTICLE_PAGE)

    def is_worse_than(self, other: "BodySource") -> bool:
        """Return whether a body from this source must not replace a body from another source."""
        order = list(BodySource)
        return order.index(self) < order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as its sources give it.

    :param published: aware; written in Asia/Shanghai, to the second.
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
    :param addresses: that the article was read from, the body's first.
    :param captures: of the responses from these addresses; empty when captures are off.
    :raises InvalidArticle: for values that no post can contain; the message names the article and
        the field.
    """

    info_code: InfoCode
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
    addresses: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()

    def __str__(self) -> str:
        return f"{self.info_code} {self.title!r}"

    @property
    def edition(self) -> Edition:
        """The edition of the article's post."""
        return Edition.of_category(self.category)

    def __post_init__(self) -> None:
        if self.published.tzinfo is None:
            raise InvalidArticle(f"{self.info_code} has a publication time without a zone")
        try:
            self.published.astimezone(SHANGHAI), self.published.astimezone(UTC)
        except OverflowError:
            raise InvalidArticle(
                f"{self.info_code} was published at {self.published}, beyond the calendar"
            ) from None
        for name in ("title", "body"):
            if not getattr(self, name).strip():
                raise InvalidArticle(f"{self.info_code} has an empty {name}")
        for name in ("category", "tag", "media", "digest", "link"):
            value = getattr(self, name)
            if value is not None and len(value.splitlines()) != 1:
                raise InvalidArticle(f"{self.info_code} has a {name} that is not one line of text")
        if is_nested_too_deep(self.body):
            raise InvalidArticle(f"{self.info_code} has a body that is nested too deep")
        if re.search(r"[<>\s]", self.link):
            raise InvalidArticle(f"{self.info_code} has a link that is no address: {self.link!r}")
        for name in ("title", "body", "category", "tag", "media", "digest", "link"):
            try:
                (getattr(self, name) or "").encode()
            except UnicodeEncodeError:
                raise InvalidArticle(
                    f"{self.info_code} has half a surrogate pair in its {name}"
                ) from None
