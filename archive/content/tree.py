"""Parse a body into a tree of elements, find its paragraphs, and remove elements."""

from collections.abc import Iterator, Sequence

from lxml import etree
from parsel import Selector

from archive.html_limits import in_xml, without_overloaded_tags

BLOCKS = frozenset(
    """
    address article aside blockquote br caption center dd div dl dt figcaption figure footer
    h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 (a list of forty strings is no easier to read)
)
_PARAGRAPHS = BLOCKS - {"br", "hr"}
# Elements that show nothing when they are empty.
_VANISHING = frozenset("a b center div em figure font h2 h3 h4 p section span strong".split())  # noqa: SIM905

# One step for all that is searched: for the union of two steps ("a | b"), libxml2 compares each
# element of the one with each of the other.
_shows_something = etree.XPath(
    "boolean(.//*[self::img or self::table or self::video or self::audio or self::iframe"
    " or self::object or self::embed or self::hr])"
)
_pieces = etree.XPath("descendant::node()[self::text() or self::br]", smart_strings=False)
_hidden = etree.XPath("//*[contains(translate(@style, ' ', ''), 'display:none')]")


def parse(html: str) -> etree._Element:
    """Parse a body with any markup as browsers parse it."""
    return Selector(text=in_xml(without_overloaded_tags(html)) or " ", type="html").root


def paragraphs(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the block elements that contain no other block."""
    innermost = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _PARAGRAPHS or element.tag == "body":
            if event == "start":
                innermost = element
            elif innermost is element:
                yield element


def text_in(element: etree._Element) -> str:
    """Return the text of an element unchanged, with a line end for each ``br``."""
    if element.find(".//br") is None:
        return "".join(element.itertext())
    return "".join(piece if isinstance(piece, str) else "\n" for piece in _pieces(element))


def is_blank(element: etree._Element) -> bool:
    """Return whether an element shows neither text nor a picture, table or other object."""
    return not any(text.strip() for text in element.itertext()) and not _shows_something(element)


def drop(elements: Sequence[etree._Element]) -> None:
    """Remove elements, and then the elements around them that contain nothing else."""
    while elements:
        around = dict.fromkeys(element.getparent() for element in elements)
        for element in elements:
            if element.getparent() is not None:
                element.drop_tree()
        elements = [
            parent
            for parent in around
            if parent is not None and parent.tag in _VANISHING and is_blank(parent)
        ]


def drop_hidden(root: etree._Element) -> None:
    """Remove the paragraphs that the publisher hides, and other hidden elements that are blank."""
    drop([element for element in _hidden(root) if element.tag == "p" or is_blank(element)])
