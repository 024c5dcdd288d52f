"""The pagination of lists: how much of a list is read, and which page is requested next.

Rolling news has a cursor, which names the article after which the next page begins. So the next
page is always the right one, even when articles are added or removed meanwhile.

A column has numbered pages, and the source cuts it into pages anew for each request. An article
that is added or removed between two requests moves others over the edges of pages, and one that
moves up from the top of the next page would be on neither page. No answer shows this: the total may
be the same, because one article was removed and another added, and so may the page before when it
is requested once more. So each page of a column overlaps with the page before it: it begins some
articles before that page ends. It counts as the next page when it names an article of the second
half of that page; those of the first half may be pinned to the top of every page. Articles keep
their order, so then none is missing in between. Otherwise the next request begins further back, and
in the end at the top of the list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from crawler.pages.eastmoney_list import EastmoneyList
from crawler.pages.numbered_list import SMALLEST_CUT, Extent, NumberedList
from crawler.pages.rolling_list import FastNewsList

#: The part of a page that overlaps with the next page: one article of this many. So many articles
#: may be removed between two requests without another request.
_OVERLAP = 10
#: The factor by which the overlap grows when a page does not follow the page before it.
_FURTHER_BACK = 4
#: The most pages that may bring nothing new; one more is allowed for each so many that do, because
#: a long list has more of them.
_MOST_IN_VAIN = 10


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered page of a list, in pages of `size` articles."""

    index: int
    size: int

    @property
    def start(self) -> int:
        """How many articles of the list come before the page."""
        return (self.index - 1) * self.size

    @property
    def end(self) -> int:
        """How many articles of the list come before the next page."""
        return self.index * self.size

    @classmethod
    def reaching_furthest(cls, start: int, most: int) -> Self:
        """Return the page with the most articles after `start`; it may begin before `start`.

        Pages begin at multiples of their size, so another size gives other beginnings.

        :param start: the number of articles before the first one that is needed.
        :param most: the most articles in a page.
        """
        parts = (cls(start // size + 1, size) for size in range(1, most + 1))
        return max(parts, key=lambda part: (part.end, part.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCursor:
    """The reading of a list in which each page has the cursor of the next one.

    :param pages_read: the number of pages before the one that is requested next.
    :param named: the articles of the page before; None for the first page.
    :param gave_none: the page had no article; it is requested once more.
    :param seen: an earlier cursor, replaced after 1, 2, 4, 8 … pages, to detect a circle.
    :param endless: why the list has no end, if so.
    """

    page: ClassVar[type[EastmoneyList]] = FastNewsList
    is_whole: ClassVar[bool] = True

    cursor: str = ""
    pages_read: int = 0
    named: Sequence[str] | None = None
    gave_none: bool = False
    seen: str = ""
    endless: str | None = None

    @property
    def is_at_top(self) -> bool:
        """Whether the first page is requested next."""
        return not self.cursor

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters in the address of the next page."""
        return {"page": self.cursor}

    def after(self, page: EastmoneyList, named: Sequence[str]) -> Self | None:
        """Return the reading with one page more; None where the list ends.

        A list ends with a page without a cursor, with a page that has no article in two requests,
        or with a page of only the article that the cursor names.

        :param named: the page's articles, each once, in its order.
        :raises LayoutChanged: when the answer is no page of the list.
        """
        cursor = page.next_page()
        if not named and self.named is not None:
            return None if self.gave_none else replace(self, gave_none=True)
        before = self.named or ()
        if cursor is None or (len(before) > 1 and named == before[-1:]):
            return None
        repeats = named == self.named or cursor in (self.cursor, self.seen)
        is_power_of_two = not self.pages_read & (self.pages_read - 1)
        return replace(
            self,
            cursor=cursor,
            pages_read=self.pages_read + 1,
            named=named,
            gave_none=False,
            seen=cursor if is_power_of_two else self.seen,
            endless="it repeats an earlier page, and so has no end." if repeats else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ByNumber:
    """The reading of a list whose pages are numbered.

    :param page: the page object that reads the answers.
    :param part: the page that is requested next.
    :param most: the most articles in a page.
    :param order: Eastmoney's number of the order that is requested.
    :param pages_read: the number of pages up to the last one that follows those before it.
    :param named: the articles of that last page.
    :param tail: the articles in its second half; the next page has to name one of them.
    :param end: how many articles of the list came before its end when it was read.
    :param back: `part` begins at least so many articles before that end.
    :param is_whole: the answer before follows the pages before it.
    :param gave_none: the answer before had no article, though the list should have some there.
    :param in_vain: the number of pages that did not follow, or named nothing new.
    """

    page: type[NumberedList]
    part: Part
    most: int
    order: int = 1
    pages_read: int = 0
    named: frozenset[str] = frozenset()
    tail: frozenset[str] = frozenset()
    end: int = 0
    back: int = 0
    is_whole: bool = True
    gave_none: bool = False
    in_vain: int = 0

    @classmethod
    def of(cls, page: type[NumberedList], page_size: int) -> Self:
        """Return the reading of a list before its first request.

        :param page: the page object that reads the answers.
        :param page_size: the most articles that may be requested at once.
        """
        return cls(page=page, part=Part(1, page_size), most=page_size)

    @property
    def is_at_top(self) -> bool:
        """Whether the first page is requested next."""
        return self.part.start == 0

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters in the address of the next page."""
        return {"page": self.part.index, "size": self.part.size, "order": self.order}

    @property
    def endless(self) -> str | None:
        """Why the list is expected to have no end, if so."""
        useful = max(self.pages_read - self.in_vain, 0)
        if self.in_vain < _MOST_IN_VAIN + useful // _MOST_IN_VAIN:
            return None
        return f"{self.in_vain} of its pages brought nothing new, as its articles move or repeat."

    def after(self, page: EastmoneyList, named: Sequence[str]) -> Self | None:
        """Return the reading with one page more; None where the list ends.

        :param named: the page's articles, each once, in its order.
        :raises LayoutChanged: when the answer is no page of the list, or not the requested one.
        """
        assert isinstance(page, NumberedList)
        extent = page.extent(index=self.part.index, most=self.part.size)
        part = self.part
        if self.is_at_top:
            part = Part(1, min(self.most, max(extent.real_size, 1)))
        if self.is_at_top or not self.tail.isdisjoint(named):
            return None if self._ends_with(extent, part, named) else self._with(part, extent, named)
        if not extent.count and (extent.total is None or part.start < extent.total):
            return None if self.gave_none else self._once_more()
        return self._further_back()

    def _ends_with(self, extent: Extent, part: Part, named: Sequence[str]) -> bool:
        """Return whether a page is the last one.

        Where answers have no total, the last page is short and names nothing new. The first page
        is short when it has fewer articles than the smallest pages of any source.
        """
        if extent.total is not None:
            return part.end >= extent.total
        if self.is_at_top:
            return extent.count < SMALLEST_CUT and extent.count < self.part.size
        return extent.count < part.size and self.named.issuperset(named)

    def _with(self, part: Part, extent: Extent, named: Sequence[str]) -> Self:
        """Return the reading with a page that follows those before it."""
        most = part.size if self.is_at_top else self.most
        back = max(most // _OVERLAP, 1)
        end = part.start + min(extent.count, part.size) if extent.total is None else part.end
        return replace(
            self,
            part=Part.reaching_furthest(max(end - back, 0), most),
            most=most,
            pages_read=1 if self.is_at_top else self.pages_read + 1,
            named=frozenset(named),
            tail=frozenset(named[len(named) // 2 :]),
            end=end,
            back=back,
            is_whole=True,
            gave_none=False,
            in_vain=self.in_vain + self.named.issuperset(named),
        )

    def _once_more(self) -> Self:
        """Return the reading with a second request for a page that had no article by mistake."""
        return replace(self, is_whole=False, gave_none=True, in_vain=self.in_vain + 1)

    def _further_back(self) -> Self:
        """Return the reading with a larger overlap, after a page that does not follow."""
        back = self.back * _FURTHER_BACK
        return replace(
            self,
            part=Part.reaching_furthest(max(self.end - back, 0), self.most),
            back=back,
            is_whole=False,
            gave_none=False,
            in_vain=self.in_vain + 1,
        )
