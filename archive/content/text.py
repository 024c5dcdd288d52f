"""The plain text of a body."""

from lxml import etree

from archive.content.tree import BLOCKS

_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "title"})


def plain_text(root: etree._Element) -> str:
    """Return the text that a body shows, a line for each block."""
    lines: list[list[str]] = [[]]
    silent = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            silent += element.tag in _SILENT
        elif event == "end":
            silent -= element.tag in _SILENT
        if element.tag in BLOCKS:
            lines.append([])
        if not silent:
            lines[-1].append((element.text if event == "start" else element.tail) or "")
    stripped = (" ".join("".join(line).split()) for line in lines)
    return "\n".join(line for line in stripped if line)
