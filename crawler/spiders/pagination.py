"""How far the reading of a list has come, and what it asks for next.

Rolling news is read by a cursor, which says after which piece the next page begins: whatever comes
or goes meanwhile, that page is the right one.

A column is cut into numbered pages anew for each request, so what comes or goes between two of them
moves articles over the edges of pages: one that moves up from the top of the next page would be on
neither. Nothing that an answer says of the list tells that, neither its total (one may go above and
another come below) nor the page before, read once more (it may have moved up and down meanwhile).
So a page of a column begins some articles before the page before it ends, and is believed to follow
when it names one of those that page ended with: one that it began with may be kept at the top of
every page. As articles keep their order, nothing can then be missing in between; otherwise the next
page begins further back, at the top of the list at last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from crawler.pages.eastmoney_list import EastmoneyList
from crawler.pages.numbered_list import SMALLEST_CUT, Extent, NumberedList
from crawler.pages.rolling_list import FastNewsList

_SHARED = 10
"""Of so many articles of a page one is asked for again with the next: as many may go in between
at no cost."""
_FURTHER_BACK = 4
_MOST_IN_VAIN = 10
"""Pages that may lead no further, and one more for so many that do: a long reading meets more."""


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered page of a list, in pages of `size` articles."""

    index: int
    size: int

    @property
    def start(self) -> int:
        """How many articles come before it."""
        return (self.index - 1) * self.size

    @property
    def end(self) -> int:
        """How many articles come before the next one."""
        return self.index * self.size

    @classmethod
    def reaching_furthest(cls, start: int, most: int) -> Self:
        """The page with the most articles after `start`, which may begin before it.

        Pages begin at multiples of their size, so another size gives other beginnings.

        :param most: articles to a page.
        """
        parts = (cls(start // size + 1, size) for size in range(1, most + 1))
        return max(parts, key=lambda part: (part.end, part.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCursor:
    """The reading of a list whose pages lead on by cursors.

    :param pages_read: before the page that is asked for next.
    :param named: the articles of the page before; None for the first.
    :param gave_none: whether the page had no article when it was asked for; it is once more.
    :param met: a cursor from before, now and then a later one, by which a circle is told.
    """

    page: ClassVar[type[EastmoneyList]] = FastNewsList
    is_whole: ClassVar[bool] = True

    cursor: str = ""
    pages_read: int = 0
    named: Sequence[str] | None = None
    gave_none: bool = False
    met: str = ""
    endless: str | None = None

    @property
    def is_at_top(self) -> bool:
        """Whether the first page is asked for next."""
        return not self.cursor

    @property
    def asks_for(self) -> Mapping[str, object]:
        """What goes into the address of the next page."""
        return {"page": self.cursor}

    def after(self, page: EastmoneyList, named: Sequence[str]) -> Self | None:
        """The reading with one page more; None where the list ends.

        That is with a page without a cursor, with one that has no article when it is asked for
        twice, and, where the cursor is part of the page that it leads to, with that one alone.

        :param named: the page's articles, each once, in its order.
        :raises LayoutChanged: when the page is none of the list.
        """
        cursor = page.next_page()
        if not named and self.named is not None:
            return None if self.gave_none else replace(self, gave_none=True)
        before = self.named or ()
        if cursor is None or (len(before) > 1 and named == before[-1:]):
            return None
        repeats = named == self.named or cursor in (self.cursor, self.met)
        is_power_of_two = not self.pages_read & (self.pages_read - 1)
        return replace(
            self,
            cursor=cursor,
            pages_read=self.pages_read + 1,
            named=named,
            gave_none=False,
            met=cursor if is_power_of_two else self.met,
            endless="it repeats a page before it, and would lead on for ever." if repeats else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ByNumber:
    """The reading of a list whose pages are numbered.

    :param page: what reads the list's answers.
    :param part: is asked for next.
    :param most: articles to a page.
    :param order: Eastmoney's number of the order that is asked for.
    :param pages_read: up to the last that follows those before it.
    :param named: the articles of that one.
    :param tail: those in its second half, of which the next page has to name one.
    :param end: how many articles came before its end when it was read.
    :param back: how many before that end `part` begins, at the least.
    :param is_whole: whether the last page that was read follows those before it.
    :param gave_none: whether it had no article, where the list is said to have some.
    :param in_vain: how many pages did not follow, or named nothing new.
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
    def of(cls, page: type[NumberedList], page_size: int, order: int = 1) -> Self:
        """One that begins.

        :param page: what reads the list's answers.
        :param page_size: how many articles may be asked for at once.
        :param order: that is asked for.
        """
        return cls(page=page, part=Part(1, page_size), most=page_size, order=order)

    @property
    def is_at_top(self) -> bool:
        """Whether the first page is asked for next."""
        return self.part.start == 0

    @property
    def asks_for(self) -> Mapping[str, object]:
        """What goes into the address of the next page."""
        return {"page": self.part.index, "size": self.part.size, "order": self.order}

    @property
    def endless(self) -> str | None:
        """Why there is no end to be expected, if so."""
        led_on = max(self.pages_read - self.in_vain, 0)
        if self.in_vain < _MOST_IN_VAIN + led_on // _MOST_IN_VAIN:
            return None
        return f"{self.in_vain} of its pages led no further, as its articles move or repeat."

    def after(self, page: EastmoneyList, named: Sequence[str]) -> Self | None:
        """The reading with one page more; None where the list ends.

        :param named: the page's articles, each once, in its order.
        :raises LayoutChanged: when the page is none of the list, or not the one asked for.
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
        """Whether a page is the last.

        Where the answers have no total, that is a page which is short and names nothing new. The
        first page is short when no source cuts pages so small.
        """
        if extent.total is not None:
            return part.end >= extent.total
        if self.is_at_top:
            return extent.count < SMALLEST_CUT and extent.count < self.part.size
        return extent.count < part.size and self.named.issuperset(named)

    def _with(self, part: Part, extent: Extent, named: Sequence[str]) -> Self:
        most = part.size if self.is_at_top else self.most
        back = max(most // _SHARED, 1)
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
        """The same page: a source may stumble, and so it is believed at the second time only."""
        return replace(self, is_whole=False, gave_none=True, in_vain=self.in_vain + 1)

    def _further_back(self) -> Self:
        back = self.back * _FURTHER_BACK
        return replace(
            self,
            part=Part.reaching_furthest(max(self.end - back, 0), self.most),
            back=back,
            is_whole=False,
            gave_none=False,
            in_vain=self.in_vain + 1,
        )
