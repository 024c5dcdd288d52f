"""An element of an HTML page as it stands in the source; a parser would write it anew."""

from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element is, in characters from the start of the page.

    :param start: of its opening tag; its content begins at `content` and ends at `content_end`.
    :param end: behind its closing tag.
    """

    start: int
    content: int
    content_end: int
    end: int


def find_element(page: str, attribute: str, word: str) -> Element | None:
    """The first element with a word in an attribute; None when there is none, or it has no end.

    Looks where browsers do: not in scripts and comments.

    :param attribute: such as ``class`` or ``id``.
    """
    finder = _Finder(page, attribute, word)
    finder.feed(page)
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    def __init__(self, page: str, attribute: str, word: str) -> None:
        super().__init__(convert_charrefs=False)
        lines = page.split("\n")
        self._line_starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._page, self._attribute, self._word = page, attribute, word
        self._tag = ""
        self._start = self._content = self._depth = 0
        self.found: Element | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth:
            self._depth += tag == self._tag
        elif self.found is None and self._word in (dict(attrs).get(self._attribute) or "").split():
            self._tag, self._depth = tag, 1
            self._start = self._position()
            self._content = self._start + len(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag == self._tag:
            self._depth -= 1
            if not self._depth:
                end = self._position()
                after = self._page.find(">", end) + 1
                self.found = Element(self._start, self._content, end, after)

    def _position(self) -> int:
        line, column = self.getpos()
        return self._line_starts[line - 1] + column
