"""Translate generated pages of Markdown, block by block: headings, paragraphs, items, cells.

``generated.zh.po`` has the Chinese half of each block that no other catalogue has;
``pytest tests/test_reference.py --write-golden`` adds new blocks to it.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from archive.translation import Language, catalogue_of

CATALOGUE = Path(__file__).with_name("generated.zh.po")

Translate = Callable[[str], str | None]


class NoHalf(LookupError):
    """A block has no Chinese half."""


_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_START = re.compile(r"(#+ |\s*- |<!--)")
_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(
    r"`[^`]*`|\[(?:[A-Z][a-z]+){2,}\]\([^)]*\)"
    r"|\b(?:json|string|integer|boolean|date-time|null|blob|text|JSON|HTML)\b"
)
#: Headings that are names.
_NAME = re.compile(
    r"#+ (?:(?:finews|python -m scrapy)(?: \S+)*|GET \S+|settings/\S+|[a-z_\d]+(?:\.\w+)*"
    r"|(?:[A-Z][a-z]+){2,})\n"
)
#: Forms of blocks, and of their Chinese halves.
_FORMS = {
    r"Indexes: (.*)\.": "索引：{}。",
    r"of (`\w+`)": "指向 {}",
    r"list of (.*)": "{} 的列表",
    r"(.*) or null": "{} 或 null",
    r"(\w+), required": "{}，必填",
    r"else (`.*`)": "否则是 {}",
    r"JSON in (`.*`) at the address of the article": "文章网址上 {} 里的 JSON",
    r"(\w+) at the address of the article": "文章网址上的 {}",
    r"(\w+) at (`.*`)": "{}，在 {}",
    r"(.+), (<\S+>), every (.+)": "{}，{}，每 {}",
    r"by (`.*`), (\d+) pages": "按 {}，{} 页",
    r"by (`.*`)": "按 {}",
    r"a size beyond (\d+) gives nothing": "size 超过 {} 就什么也没有",
    r"whole articles in the list: (.*)": "列表里有整篇文章：{}",
    r"refuses with (.*), first hand, (.*)": "拒绝时有 {}，第一手，{}",
    r"refuses with (.*), hearsay, (.*)": "拒绝时有 {}，听说，{}",
    r"never stored: (.*)": "从不存下：{}",
    r"the same news, where it fails: (.*)": "它失败时，同样的新闻：{}",
}
#: What joins blocks that are translated one by one.
_JOINTS = {" → ": " → ", "; ": "；"}


def catalogue() -> Catalog:
    """Return the halves of blocks."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def half_of(block: str, blocks: Catalog) -> str | None:
    """Return the Chinese half of a block; None where no catalogue has it."""
    if known := blocks.get(block):
        return str(known.string) or None
    if " " not in block:
        return None  # a word has another meaning elsewhere
    half = catalogue_of(Language.CHINESE).gettext(block)
    return half if half != block else None


def translated_page(text: str, translate: Translate) -> str:
    """Return a page with each block translated; code and names stay.

    :param translate: returns the other half of a block, None where it has none.
    :raises NoHalf: when a block has no other half.
    """
    return "".join(
        part if part.startswith("```") else "".join(_translated(part, translate))
        for part in _FENCE.split(text)
    )


def _translated(part: str, translate: Translate) -> Iterator[str]:
    """Yield the lines of a part without code, each block on one line."""
    block = ""
    for line in [*part.splitlines(keepends=True), ""]:
        plain = line.strip()
        if block and (not plain or plain.startswith("|") or _START.match(line)):
            yield _block(block, translate)
            block = ""
        if plain.startswith("|"):
            cells = (_text(cell.strip(), translate) for cell in _CELLS.split(plain)[1:-1])
            yield f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|\n"
        elif plain:
            block += line
        else:
            yield line


def _block(block: str, translate: Translate) -> str:
    if block.startswith("<!--") or _NAME.fullmatch(block):
        return block
    mark = match[0] if (match := _START.match(block)) else ""
    return f"{mark}{_text(' '.join(block[len(mark) :].split()), translate)}\n"


def _text(text: str, translate: Translate) -> str:
    if half := translate(text):
        return half
    if not re.search(r"[A-Za-z]{2,}", _CODE.sub("", text)):
        return text
    for form, half in _FORMS.items():
        if match := re.fullmatch(form, text):
            return half.format(*match.groups())
    for separator, joint in _JOINTS.items():
        if separator in text:
            return joint.join(_text(each, translate) for each in text.split(separator, 1))
    raise NoHalf(text)
