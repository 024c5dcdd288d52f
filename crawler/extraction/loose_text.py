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
    line, children = etree.Element("p"), list(element)
    line.text, element.text = element.text, None
    for child in children:
        element.remove(child)
    for child in children:
        if child.tag in BLOCKS:  # a line break among them
            tail, child.tail = child.tail, None
            element.extend(_if_shown(line))
            if child.tag != "br":
                element.append(child)
            line = etree.Element("p")
            line.text = tail
        elif isinstance(child.tag, str):
            line.append(child)
        elif len(line):  # behind a comment
            line[-1].tail = (line[-1].tail or "") + (child.tail or "")
        else:
            line.text = (line.text or "") + (child.tail or "")
    element.extend(_if_shown(line))


def _if_shown(line: etree._Element) -> list[etree._Element]:
    return [line] if len(line) or (line.text or "").strip() else []
