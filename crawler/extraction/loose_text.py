"""Put text that stands loose in a page into paragraphs."""

from lxml import etree

from archive.content.tree import BLOCKS

_CONTAINERS = frozenset(
    {"article", "blockquote", "body", "center", "dd", "div", "li", "main", "section", "td"}
)


def wrap_loose_text(root: etree._Element) -> None:
    """Make a paragraph of each line between blocks or line breaks.

    So every line of a page can be judged, and taken out, by itself.
    """
    for element in list(root.iter(*_CONTAINERS)):
        if any(child.tag in BLOCKS for child in element):
            _wrap(element)


def _wrap(element: etree._Element) -> None:
    line = _Line(element)
    text, children = element.text, list(element)
    element.text = None
    for child in children:
        element.remove(child)
    line.add_text(text)
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br":
            line.end()
        elif child.tag in BLOCKS:
            line.end()
            element.append(child)
        elif isinstance(child.tag, str):
            line.add(child)
        line.add_text(tail)
    line.end()


class _Line:
    """A line that becomes a paragraph of an element."""

    def __init__(self, element: etree._Element) -> None:
        self._element = element
        self._paragraph = etree.Element("p")

    def add_text(self, text: str | None) -> None:
        if text and len(self._paragraph):
            last = self._paragraph[-1]
            last.tail = (last.tail or "") + text
        elif text:
            self._paragraph.text = (self._paragraph.text or "") + text

    def add(self, child: etree._Element) -> None:
        self._paragraph.append(child)

    def end(self) -> None:
        paragraph = self._paragraph
        if len(paragraph) or (paragraph.text or "").strip():
            self._element.append(paragraph)
        self._paragraph = etree.Element("p")
