"""Extract an article from a page: its title, time, medium, author, text and pictures."""

import copy
import re
from dataclasses import dataclass
from datetime import tzinfo

from lxml import etree
from parsel import Selector

from archive.article import SHANGHAI
from archive.content.adverts import drop_adverts
from archive.content.tree import drop, drop_hidden, paragraphs, text_in
from archive.errors import FinewsError
from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.articles import ArticleFacts
from crawler.declarations.bodies import Body
from crawler.declarations.formats import Format
from crawler.declarations.markup import inner_markup, shown_text
from crawler.declarations.paths import PathError
from crawler.declarations.reading import absolute
from crawler.extraction.bylines import Byline, byline_of, is_credit
from crawler.extraction.container import container_of, extracted_by_trafilatura, method, squeezed
from crawler.extraction.embedded_json import body_in_scripts
from crawler.extraction.foreign import drop_foreign_paragraphs, drop_foreign_parts
from crawler.extraction.loose_text import wrap_loose_text
from crawler.extraction.published import published
from crawler.extraction.spill import without_spilled_text
from crawler.extraction.titles import title_of

#: The most elements and levels of a page; real pages have some thousand, on less than fifty levels.
_MOST_ELEMENTS, _MOST_LEVELS = 20_000, 200

_SHORTEST_TEXT = 10
#: The share of an article's text that may lead elsewhere.
_MOST_LINKED = 0.6

_MISSING = re.compile(
    r"(?:页面|网页|文章|新闻|稿件|内容)\s*(?:不存在|未找到|找不到|没有找到|已?被?(?:删除|下线|撤稿))"
    r"|(?:找不到|没有找到)(?:[您你]\S{0,6})?(?:页面|网页|文章)|page not found",
    re.IGNORECASE,
)
#: Characters of a page that only says that its article is not there.
_LONGEST_MISSING = 120

_LONGEST_BYLINE = 80
#: Lines of an article's element among which its title, time and medium may stand.
_FIRST_LINES = 6

_ENDS = ("。", "！", "？", "”", "；")
_CLOCK = re.compile(r"\d{1,2}[:：时]\d{2}")
_LAZY = ("data-original", "data-src", "data-lazy-src", "data-echo", "src")


class ExtractionError(FinewsError):
    """A page holds no article that can be found.

    :param what: is wrong with it, as the end of a sentence.
    """

    def __init__(self, address: str, what: str) -> None:
        super().__init__(f"{address} was not extracted: {what}.")
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedArticle(ArticleFacts):
    """What was found of an article; its layout is the name and version of what found it.

    :param body: the article's part of the page, without what is no part of the article.
    :param lang: that the page states.
    """

    lang: str | None


def extract(answer: Answer, zone: tzinfo = SHANGHAI) -> ExtractedArticle:
    """Extract the article of a page.

    The article is the element that holds what trafilatura finds, so that headings and pictures
    are returned, and what is outside that element is not.

    :param zone: of a time that names none.
    :raises ExtractionError: when the page holds no article that can be found.
    :raises ExtractionMissing: when the library for it is not installed.
    """
    try:
        text = text_of(answer)
        if text.lstrip()[:1] in {"{", "["}:
            raise PathError("it is JSON, and no page")
        page: Selector = document_in(without_spilled_text(text), Format.HTML)
    except PathError as error:
        raise ExtractionError(answer.address, str(error)) from error
    if is_overloaded(page.root):
        limits = f"{_MOST_ELEMENTS:,} elements, or {_MOST_LEVELS} of them in each other"
        raise ExtractionError(answer.address, f"it has more than {limits}")
    root = copy.deepcopy(page.root)
    drop_foreign_parts(root)
    document = extracted_by_trafilatura(root, answer.address)
    if document is None or not document.text:
        document = extracted_by_trafilatura(page.root, answer.address)
    etree.strip_elements(root, "script", "style", "noscript", "iframe", with_tail=False)
    wrap_loose_text(root)
    container = container_of(root, document.text) if document and document.text else None
    if container is None:
        container = body_in_scripts(page)
    if container is None:
        raise ExtractionError(answer.address, _what_it_is(page.root) or "it has no article")
    title = title_of(page, document.title if document else None)
    moment = published(page, answer.address, title, document.date if document else None, zone)
    byline = byline_of(page, container, title)
    _clean(container, title, byline)
    text = shown_text(container)
    if len(text) < _SHORTEST_TEXT:
        raise ExtractionError(answer.address, _what_it_is(page.root) or "it has no text")
    if what := _what_it_is(container):
        raise ExtractionError(answer.address, what)
    if len(text) <= _LONGEST_MISSING and _MISSING.search(f"{title or ''}\n{text}"):
        raise ExtractionError(answer.address, "it says that there is no such page")
    pictures = absolute(answer.address, map(_source, container.iter("img")))
    return ExtractedArticle(
        layout=method(),
        id=None,
        address=answer.address,
        title=title,
        published=moment,
        media=byline.media,
        author=byline.author or (document.author if document else None),
        body=Body(inner_markup(container), text, pictures),
        pictures=pictures,
        complete=True,
        lang=page.css("html::attr(lang)").get(),
    )


def is_overloaded(root: etree._Element) -> bool:
    """Report whether a page has more elements than extraction comes to an end with."""
    count = level = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        count += event == "start"
        if count > _MOST_ELEMENTS or level > _MOST_LEVELS:
            return True
    return False


def _what_it_is(element: etree._Element) -> str | None:
    """Return what an element is, most of whose text leads elsewhere; None for others."""
    linked = sum(len(shown_text(link)) for link in element.iter("a"))
    if linked <= len(shown_text(element)) * _MOST_LINKED:
        return None
    return "it is a page of links, and no article"


def _clean(container: etree._Element, title: str | None, byline: Byline) -> None:
    """Take out of an article's element what is no part of the article."""
    drop_hidden(container)
    drop_adverts(container)
    blocks = [(one, " ".join(text_in(one).split())) for one in paragraphs(container)]
    shown = [(element, text) for element, text in blocks if text]
    known = {squeezed(text) for text in (title, byline.media, byline.author) if text}
    first = 0
    for place, (_, text) in enumerate(shown[:_FIRST_LINES], 1):
        if squeezed(text) in known or _is_byline(text):
            first = place
        elif len(text) > _LONGEST_BYLINE or text.endswith(_ENDS):
            break
    drop([element for element, _ in shown[:first]])
    drop_foreign_paragraphs(container)


def _is_byline(text: str) -> bool:
    """Report whether a line in front of an article is its time, medium and author."""
    if len(text) > _LONGEST_BYLINE or text.endswith(_ENDS):
        return False
    return _CLOCK.search(text) is not None or is_credit(text)


def _source(image: etree._Element) -> str:
    return next((value for name in _LAZY if (value := image.get(name))), "")
