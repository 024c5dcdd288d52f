"""The medium and the author of an article, as a page names them."""

import copy
import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from lxml import etree
from parsel import Selector

from crawler.declarations.markup import shown_text
from crawler.extraction.container import squeezed

MEDIA = re.compile(
    r"(?<!图片)(?<!视频)来\s*源\s*[：:]\s*([^\s|｜，,；;（）()【】]{2,20}?)"
    r"(?=作者|记者|编辑|责编|发布|时间|[\s|｜，,；;（）()【】]|$)"
)
AUTHOR = re.compile(
    r"(?:作\s*者|记\s*者|撰\s*文|文)\s*[：:|｜/／丨]\s*([^\s|｜，,；;：:（）()]{2,12}?)"
    r"(?=来源|编辑|责编|发布|时间|[\s|｜，,；;：:（）()]|$)"
)
_PLACES = (
    "meta[name=mediaid]::attr(content)",
    "[class~=source]",
    "[class*=source]",
    "[id*=source]",
    "[class*=media-name]",
)
_LINES_BEHIND_TITLE = 12
_LINES_AT_END = 4
#: The most characters of a line that is not yet text of the article.
_LONGEST = 40

_LONGEST_NAME = 20


def byline_of(
    page: Selector, container: etree._Element, title: str | None
) -> tuple[str | None, str | None]:
    """Return the medium and the author of an article; None where a page does not name them.

    They are in the lines behind its title, the medium also in a place of its own or at the end.
    """
    lines = shown_text(_with_spaces(page.root)).splitlines()
    wanted = squeezed(title or "")
    start = max((n for n, line in enumerate(lines) if squeezed(line) == wanted), default=-1) + 1
    behind = lines[start : start + _LINES_BEHIND_TITLE]
    head = list(takewhile(lambda line: len(line) <= _LONGEST, behind))
    end = shown_text(container).splitlines()[-_LINES_AT_END:]
    media = _named(MEDIA, head) or next(_placed(page), None) or _named(MEDIA, end)
    return media, _named(AUTHOR, head)


def _with_spaces(root: etree._Element) -> etree._Element:
    """Return a page with a space behind each of the elements that share a line: names end there."""
    page = copy.deepcopy(root)
    for element in page.iter("a", "b", "em", "i", "label", "span", "strong", "time"):
        element.tail = f" {element.tail or ''}"
    return page


def is_credit(line: str) -> bool:
    """Report whether a line names a medium or an author."""
    return MEDIA.search(line) is not None or AUTHOR.search(line) is not None


def _placed(page: Selector) -> Iterator[str]:
    """Yield the names in the elements that are there for them."""
    for path in _PLACES:
        for found in page.css(path):
            text = found.root if isinstance(found.root, str) else shown_text(found.root)
            name = re.sub(r"^\s*来\s*源\s*[：:]\s*", "", text).strip()
            if name and len(name) <= _LONGEST_NAME and "\n" not in name:
                yield name


def _named(pattern: re.Pattern[str], lines: Iterable[str]) -> str | None:
    return next((match[1] for line in lines if (match := pattern.search(line))), None)
