"""Read captures again with today's page objects and declarations, as if they had just come."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import Settings
from scrapy.statscollectors import DummyStatsCollector

from archive.article import Article
from archive.article_id import InfoCode
from archive.categories import Category
from archive.content.lexicon import Lexicon
from archive.errors import ArchiveError, Refused
from archive.warc import Record
from crawler.declarations import Answer, Declaration, Entry, read_list
from crawler.declarations.articles import ArticleFacts, joined
from crawler.declarations.composed import composed, to_article
from crawler.declarations.identity import article_id
from crawler.declarations.places import list_at
from crawler.declarations.redaction import redacted
from crawler.declarations.revisits import entry_of, with_listed
from crawler.extraction.fallback import read_or_extract
from crawler.pages.compose import compose, compose_stand_in, facts_of
from crawler.pages.facts import ArticleText
from crawler.pages.layouts import layout_of
from crawler.pages.page import TextPage
from crawler.pipelines.normalise import normalise
from crawler.sources import Share

#: The fields of an article in which a reading may differ from what is archived.
COMPARED = (
    *("title", "published", "category", "tag", "media", "digest", "link", "body"),
    *("flags", "keywords", "modified"),
)


def decompression(settings: Settings) -> HttpCompressionMiddleware:
    """Return what decompresses responses outside of a crawl, up to the limits of the settings."""
    crawler = Crawler(Spider, settings)
    crawler.stats = DummyStatsCollector(crawler)
    return HttpCompressionMiddleware(crawler=crawler)


def response_of(record: Record, compression: HttpCompressionMiddleware) -> Response:
    """Return the response as a callback would get it, with its body decompressed.

    :raises ArchiveError: when the record has no response.
    """
    if record.status is None:
        raise ArchiveError(f"The capture of {record.url} has no response.")
    headers = Headers()
    for name, value in record.headers:
        headers.appendlist(name, value.encode("latin-1"))
    kind = responsetypes.from_args(headers=headers, url=record.url, body=record.payload)
    sent = kind(record.url, status=record.status, headers=headers, body=record.payload)
    decompressed = compression.process_response(Request(record.url), sent)
    assert isinstance(decompressed, Response)
    return decompressed


def read_again(
    archived: Article,
    responses: Iterable[Response],
    share: Share,
    category_of: Callable[[str], Category],
) -> Article:
    """Return the article that today's page objects read from the captures of a version.

    :param archived: the version; its facts replace those of a page without a capture.
    :param responses: the responses of its captures, that of the body first.
    :raises PageError: when a page object cannot read its response.
    :raises InvalidArticle: when what was read is no article.
    :raises ArchiveError: when the captures do not have the article's body.
    """
    info_code = InfoCode(archived.info_code)
    has_text = not archived.body_source.stands_in
    # With facts, `compose` adds their address to the text's. Their page has no capture where
    # captures were off, or where a revisit requested only the text.
    facts = facts_of(archived) if has_text and len(archived.addresses) > 1 else None
    text: ArticleText | None = None
    for response in responses:
        page = layout_of(response)(response)
        if isinstance(page, TextPage):
            text = page.text(info_code, archived.edition)
        else:
            facts = page.facts_of(info_code, archived.edition) or facts
    provisional = archived.body_provisional
    if text is not None:
        article = compose(info_code, facts, text, share.link_of, provisional=provisional)
    elif facts is not None and not has_text:
        article = compose_stand_in(facts, share.link_of, provisional=provisional)
    else:
        raise ArchiveError(f"No capture of {info_code} has the article.")
    return normalise(article, category_of)


def read_declared_again(
    archived: Article,
    answers: Iterable[Answer],
    declaration: Declaration,
    lexicon: Lexicon,
    category_of: Callable[[str], Category],
) -> Article:
    """Return the article that a declaration, or extraction, reads today from a version's captures.

    :param archived: the version; its facts replace those of a list without a capture.
    :param answers: of its captures, that of the body first.
    :raises AnswerError: when the declaration cannot read an answer.
    :raises InvalidArticle: when what was read is no article.
    :raises ArchiveError: when the captures do not have a body as good as the archived one.
    """
    listed: tuple[Entry, str] | None = None
    facts: ArticleFacts | None = None
    for answer in answers:
        shown = redacted(declaration, answer)
        if name := list_at(declaration, answer.address):
            listed = _entry_in(declaration, name, shown, archived) or listed
        else:
            facts = joined(facts, read_or_extract(declaration, shown))
    entry, space = listed or (entry_of(declaration, archived), "")
    found = composed(declaration, entry, facts, space=space)
    if found is None:
        raise ArchiveError(f"No capture of {archived.info_code} has the article.")
    article = to_article(
        replace(found, id=archived.info_code),
        declaration,
        fetched=archived.published,
        addresses=archived.addresses,
        captures=archived.captures,
        lexicon=lexicon,
    )
    if article.body_source.is_worse_than(archived.body_source):
        raise ArchiveError(f"No layout of {declaration.name} reads {archived.info_code} any more.")
    if listed is None:
        article = with_listed(article, archived)
    article = replace(article, body_provisional=archived.body_provisional)
    return normalise(article, category_of)


def _entry_in(
    declaration: Declaration, name: str, answer: Answer, archived: Article
) -> tuple[Entry, str] | None:
    """Return the entry of an article in a page of a list, with the numbering of its id."""
    space = declaration.lists[name].space
    for entry in read_list(declaration, name, answer).entries:
        try:
            own = article_id(declaration, entry.id, entry.address, space=space)
        except Refused:  # an entry without an address
            continue
        if not entry.is_left_out and (own == archived.info_code or entry.address == archived.link):
            return entry, space
    return None


def differences(archived: Article, read: Article) -> Iterable[tuple[str, str, str]]:
    """Yield name, archived value and new value of every field that differs."""
    for field in COMPARED:
        before, now = getattr(archived, field), getattr(read, field)
        if before != now:
            yield field, _shown(before, now), _shown(now, before)


def _shown(value: object, other: object) -> str:
    """Return a value in one line; of a long text, the part where it begins to differ."""
    text, against = str(value), str(other)
    if len(text) > 60 or len(against) > 60:
        same = next(
            (at for at, (a, b) in enumerate(zip(text, against, strict=False)) if a != b),
            min(len(text), len(against)),
        )
        start = max(0, same - 10)
        text = ("…" if start else "") + text[start : start + 60]
        text += "…" if start + 60 < len(str(value)) else ""
    return repr(text)
