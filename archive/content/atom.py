"""Atom documents (RFC 4287), archived pages included (RFC 5005)."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from archive.html_limits import NOT_IN_XML

_ATOM = "http://www.w3.org/2005/Atom"
_HISTORY = "http://purl.org/syndication/history/1.0"
_NO_ONE = "未注明"

ElementTree.register_namespace("", _ATOM)
ElementTree.register_namespace("fh", _HISTORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomEntry:
    """An article in a feed, or a change of one. Times are RFC 3339.

    :param name: identity of the entry, such as the article's id.
    :param page: absolute address of the article's page.
    :param author: None where no author is named.
    :param categories: pairs of a term and its label, such as slug and tag.
    :param html: the body; None where only the text, or neither, is known.
    """

    name: str
    title: str
    published: str
    updated: str
    page: str
    author: str | None
    categories: Sequence[tuple[str, str]] = ()
    digest: str | None = None
    html: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomFeed:
    """A feed document. Addresses are absolute.

    :param name: identity of the feed, the same at every address.
    :param address: of the document itself.
    :param page: address of the HTML page with the same articles.
    :param links: further links as pairs of relation and address, such as ``prev-archive``.
    :param is_archive: the document is a page of the feed's history, which rarely changes.
    """

    name: str
    title: str
    address: str
    page: str
    links: Sequence[tuple[str, str]] = ()
    is_archive: bool = False


def atom(feed: AtomFeed, entries: Iterable[AtomEntry]) -> bytes:
    """Write a feed document, in UTF-8."""
    entries = list(entries)
    newest = max((entry.updated for entry in entries), default="1970-01-01T00:00:00Z")
    root = ElementTree.Element(f"{{{_ATOM}}}feed", {"xml:lang": "zh-CN"})
    _add(root, "id", _urn(feed.name))
    _add(root, "title", feed.title)
    _add(root, "updated", newest)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for relation, address in feed.links:
        _add(root, "link", rel=relation, type="application/atom+xml", href=address)
    if feed.is_archive:
        ElementTree.SubElement(root, f"{{{_HISTORY}}}archive")
    for entry in entries:
        _add_entry(root, entry)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(feed: ElementTree.Element, entry: AtomEntry) -> None:
    element = ElementTree.SubElement(feed, f"{{{_ATOM}}}entry")
    _add(element, "id", _urn(entry.name))
    _add(element, "title", entry.title)
    _add(element, "published", entry.published)
    _add(element, "updated", entry.updated)
    _add(element, "link", rel="alternate", type="text/html", href=entry.page)
    author = ElementTree.SubElement(element, f"{{{_ATOM}}}author")
    _add(author, "name", entry.author or _NO_ONE)
    for term, label in entry.categories:
        _add(element, "category", term=term, label=label)
    if entry.digest:
        _add(element, "summary", entry.digest)
    if entry.html is not None:
        _add(element, "content", entry.html, type="html")
    elif entry.text is not None:
        _add(element, "content", entry.text, type="text")


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> None:
    clean = {name: NOT_IN_XML.sub("", value) for name, value in attributes.items()}
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{tag}", clean)
    element.text = NOT_IN_XML.sub("", text)


def _urn(name: str) -> str:
    """Return an identifier that stays the same when the archive moves to another host."""
    return uuid5(NAMESPACE_URL, f"finews:{name}").urn
