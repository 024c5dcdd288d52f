"""An article of a declared source, composed of what a list and a page hold of it."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time

from archive.article import (
    SHANGHAI,
    Article,
    ArticleFlag,
    BodySource,
    Found,
    Precision,
    SecurityMention,
)
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.content.lexicon import Lexicon
from archive.content.mentions import mentions_in_text
from archive.content.securities import SECURITY_CODE
from archive.content.text_mention import FoundBy
from archive.errors import InvalidArticle
from crawler.declarations.articles import ArticleFacts
from crawler.declarations.bodies import Body
from crawler.declarations.fields import ArticleFields
from crawler.declarations.identity import article_id
from crawler.declarations.lists import Entry
from crawler.declarations.model import Declaration
from crawler.declarations.times import Moment, TimeUnit

_SENTENCE = re.compile(r"[^。！？\n]+[！？]?")
#: The most characters of the beginning of a text that replaces a missing title.
_LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredArticle(ArticleFields):
    """An article of a declared source.

    :param source: the name of the declaration.
    :param layout: the layout, or the extraction, that its body was read by; None for one that the
        list held.
    :param complete: whether the body is whole.
    :param locked: the title stands for the body.
    """

    id: ArticleId
    source: str
    lang: str
    body: Body
    important: bool
    layout: str | None
    complete: bool
    locked: bool

    @property
    def flags(self) -> Iterator[ArticleFlag]:
        """What the source states of the article."""
        stated = {
            ArticleFlag.IMPORTANT: self.important,
            ArticleFlag.PAID: self.paid,
            ArticleFlag.PARTIAL: not self.complete,
            ArticleFlag.LOCKED: self.locked,
        }
        return (flag for flag, is_so in stated.items() if is_so)


def composed(
    declaration: Declaration, entry: Entry, facts: ArticleFacts | None = None, *, space: str = ""
) -> DeclaredArticle | None:
    """Compose an article; what its page holds comes before what the list holds.

    :param facts: of its page, where one was asked for.
    :returns: None where neither holds a body.
    :raises Refused: when it has neither an id nor an address.
    """
    body = facts.body if facts else entry.body
    if entry.locked and entry.title:
        body = Body(None, entry.title)
    if body is None or not body.text:
        return None
    held = {
        each.name: (facts and getattr(facts, each.name)) or getattr(entry, each.name)
        for each in fields(ArticleFields)
    }
    own = {
        "id": article_id(declaration, entry.id, entry.address, space=space),
        "body": body,
        "published": _stated(facts.published if facts else None, entry.published),
        "pictures": facts.pictures if facts else entry.pictures,
    }
    return DeclaredArticle(
        source=declaration.name,
        lang=declaration.lang,
        important=entry.important,
        layout=facts.layout if facts else None,
        complete=facts.complete if facts else True,
        locked=entry.locked,
        **(held | own),
    )


def _stated(by_page: Moment | None, by_list: Moment | None) -> Moment | None:
    """Return the time that a page states, which may have moved since a list stated it.

    The list's time is taken where it is finer and agrees. A day alone moves no time.
    """
    if by_page is None or by_list is None or by_page.precision <= by_list.precision:
        return by_page or by_list
    minute = by_list.time.replace(second=0, microsecond=0)
    is_same = by_page.precision is TimeUnit.DAY or by_page.time == minute
    return by_list if is_same else by_page


def to_article(
    declared: DeclaredArticle,
    declaration: Declaration,
    *,
    fetched: datetime,
    addresses: Sequence[str],
    captures: Sequence[Capture] = (),
    lexicon: Lexicon | None = None,
) -> Article:
    """Return the article as the archive stores it; the archive gives it a category.

    Flash news often has no title: its first sentence stands for one. An article without a time has
    the time of the answer, and the precision that states it.

    :param fetched: the time of the answer; aware.
    :param addresses: that it was read from, the body's first.
    :param captures: of the answers from these addresses.
    :param lexicon: of names by which a text names securities.
    :raises InvalidArticle: when it can be no post.
    """
    published, precision = _published(declared.published, fetched)
    title = declared.title or _beginning(declared.body.text)
    source = BodySource.PAGE if declared.layout in declaration.articles else BodySource.EXTRACTION
    if declared.layout is None:
        source = BodySource.LIST
    link = declared.address or next(iter(addresses), None)
    if link is None:
        raise InvalidArticle(f"{declared.id} has no address")
    return Article(
        info_code=declared.id,
        title=title,
        published=published,
        precision=precision,
        media=declared.media or declaration.title,
        author=declared.author,
        lang=declared.lang,
        digest=" ".join((declared.digest or "").split()) or None,
        body=_markup_of(declared),
        body_source=source,
        extractor=declared.layout if source is BodySource.EXTRACTION else None,
        flags=tuple(declared.flags),
        keywords=declared.tags,
        modified=declared.modified.time if declared.modified else None,
        link=link,
        securities=tuple(_mentions(declared, title, published, lexicon)),
        addresses=tuple(addresses),
        captures=tuple(captures),
    )


def _published(stated: Moment | None, fetched: datetime) -> tuple[datetime, Precision]:
    """Return the time of publication; of a day, its first instant in Shanghai."""
    if stated is None:
        return fetched.replace(microsecond=0), Precision.FETCHED
    precision = Precision[stated.precision.name]
    if precision is Precision.DAY:
        return datetime.combine(stated.time.date(), time(), SHANGHAI), precision
    return stated.time, precision


def _beginning(text: str) -> str:
    found = _SENTENCE.search(text)
    sentence = found[0].strip() if found else ""
    return sentence if len(sentence) <= _LONGEST_TITLE else f"{sentence[:_LONGEST_TITLE]}…"


def _markup_of(declared: DeclaredArticle) -> str:
    """Return the body as it was served; of plain text, a paragraph for each line."""
    if declared.body.html is not None:
        return declared.body.html
    lines = [f"<p>{html.escape(line, quote=False)}</p>" for line in declared.body.text.split("\n")]
    pictures = [f'<p><img src="{html.escape(address)}"></p>' for address in declared.pictures]
    return "\n".join((*lines, *pictures))


def _mentions(
    declared: DeclaredArticle, title: str, published: datetime, lexicon: Lexicon | None
) -> Iterator[SecurityMention]:
    """Yield the securities that the source names, then those that the text names."""
    codes = set()
    for mention in _all_mentions(declared, title, published, lexicon):
        if mention.code not in codes and SECURITY_CODE.fullmatch(mention.code):
            codes.add(mention.code)
            yield mention


def _all_mentions(
    declared: DeclaredArticle, title: str, published: datetime, lexicon: Lexicon | None
) -> Iterator[SecurityMention]:
    for named in declared.securities:
        if named.eastmoney is not None:
            yield SecurityMention(f"{named.eastmoney}.{named.code}", named.name, named.found)
    text = f"{title}\n{declared.body.text}"
    for found in mentions_in_text(text, lexicon, day=published.astimezone(SHANGHAI).date()):
        if security := found.security:
            by = Found.NAME if found.found_by is FoundBy.NAME else Found.CODE
            yield SecurityMention(security.code, security.name, by)
