"""The title of a page, without the names of its site and channel."""

import re
from collections.abc import Iterator

from parsel import Selector

from crawler.declarations.markup import shown_text

_SEPARATOR = re.compile(r"\s*[-_|｜—–·«»]+\s*")
_SHORTEST = 5
_QUOTES = str.maketrans(dict.fromkeys("“”‘’＂＇'「」『』", '"'))
_HEADINGS = "h1, h2, h3, [class*=title], [class*=Title], [class*=headline], [id*=title]"
_STATED = (
    "meta[property='og:title']::attr(content)",
    "meta[name='og:title']::attr(content)",
    "meta[name='ArticleTitle']::attr(content)",
    "meta[name='twitter:title']::attr(content)",
)


def title_of(page: Selector, extracted: str | None) -> str | None:
    """Return the title of a page.

    It is the heading that the page's ``<title>`` begins with: a sidebar's heading never is.

    :param extracted: a title that was found otherwise.
    """
    whole = _folded(page.css("title::text").get() or "")
    stated = [text for path in _STATED if (text := _folded(page.css(path).get() or ""))]
    shown = list(_headings(page))
    for of_machines in (whole, *stated):
        begun = [
            text for text in shown if len(text) >= _SHORTEST and _consists_of(of_machines, text)
        ]
        if begun:
            return max(begun, key=len)
        cut = [text for text in shown if _is_cut(of_machines, text)]
        if cut:
            return cut[0]
    firsts = [text for element in page.css("h1") if (text := _folded(shown_text(element.root)))]
    if extracted and whole.endswith(extracted) and len(extracted) < len(whole) / 2:
        extracted = None  # it is the name of the site
    candidates = [*stated, *([extracted] if extracted else []), *([whole] if whole else [])]
    if len(firsts) == 1 and len(firsts[0]) >= _SHORTEST and not candidates:
        return firsts[0]
    return next((_without_site(text) for text in candidates), None)


def _consists_of(of_machines: str, heading: str) -> bool:
    """Report whether a title for machines is a heading and names of its site, in any order.

    Its quotes may be others.
    """
    title, heading = of_machines.translate(_QUOTES), heading.translate(_QUOTES)
    site = title.removesuffix(heading)
    behind_site = len(site) < len(heading) and _SEPARATOR.search(site[-3:]) is not None
    return title.startswith(heading) or (title.endswith(heading) and behind_site)


def _headings(page: Selector) -> Iterator[str]:
    for element in page.css(_HEADINGS):
        text = _folded(shown_text(element.root))
        if text:
            yield text


def _is_cut(of_machines: str, heading: str) -> bool:
    """Report whether a title was cut off for machines: 标题… for a longer heading."""
    beginning = _SEPARATOR.split(of_machines)[0].rstrip(".… ")
    return len(beginning) >= 2 * _SHORTEST and heading.startswith(beginning) and len(heading) < 120


def _without_site(title: str) -> str:
    """Return a title without what follows a separator, as long as a title is left."""
    parts = _SEPARATOR.split(title)
    while len(parts) > 1 and len(parts[-1]) <= 12 and len("".join(parts[:-1])) >= _SHORTEST:
        place = title.rindex(parts.pop())
        title = (
            _SEPARATOR.sub("", title[:place])
            if len(parts) == 1
            else title[:place].rstrip(" -_|｜—–·«»")
        )
    return title.strip()


def _folded(text: str) -> str:
    return " ".join(text.split())
