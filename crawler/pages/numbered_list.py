"""Eastmoney's lists with numbered pages: columns, the news of a security, the script."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle
from crawler.pages.text import digest_in

_MOST_PAGES = 1_000_000
#: Articles in the smallest page of any source: a page with fewer articles is short.
SMALLEST_CUT = 10


@dataclass(frozen=True, slots=True)
class Extent:
    """The part of a list with numbered pages that an answer has.

    :param index: the number of this page, from 1.
    :param size: the number of articles in a page, as the answer states it.
    :param count: the number of articles in this page.
    :param total: the number of articles in the list; None where the answer does not state it.
    """

    index: int
    size: int
    count: int
    total: int | None

    @property
    def is_last(self) -> bool:
        """Whether no page follows, as far as one answer shows."""
        if not self.count:
            return True
        if self.total is None:
            return self.count < self.size
        return self.index * self.size >= self.total

    @property
    def real_size(self) -> int:
        """The number of articles in a page, where the source makes pages smaller than it states.

        That is the count of this page, the first, when it has fewer articles than it should.
        """
        due = self.size if self.total is None else min(self.size, self.total)
        return self.count if SMALLEST_CUT <= self.count < due else self.size


class NumberedList(EastmoneyList):
    """A page of a list whose pages are requested by number and size."""

    entries_in = "list"
    #: The fields with the number of articles in the list; Eastmoney misspells the first.
    totals_in: ClassVar[tuple[str, ...]] = ("totle_hits", "total_hits")
    #: The parameter of the address with the number of the page.
    index_in: ClassVar[str] = "page_index"

    def next_page(self) -> str | None:
        """Return the number of the next page; None after the last page."""
        extent = self.extent()
        return None if extent.is_last else str(extent.index + 1)

    def extent(self, index: int | None = None, most: int = sys.maxsize) -> Extent:
        """Return the part of the list that this page has.

        :param index: the number of the requested page, if it is known.
        :param most: the number of articles that were requested.
        :raises LayoutChanged: when the answer is no page of the list, contradicts itself, is
            another page than the requested one, or has more articles than were requested.
        """
        count = len(self._listed())
        try:
            extent = self._extent(self._data(), count, index)
        except (TypeError, ValueError) as error:
            what = "its page_index, page_size or totle_hits is no number"
            raise self._json.unreadable(what) from error
        if not 1 <= extent.index <= _MOST_PAGES or extent.size < 0:
            raise self._json.unreadable("its page_index or page_size is none")
        if extent.total is not None and extent.total < count:
            sentence = f"it names {count} articles, of {extent.total} in all"
            raise self._json.unreadable(sentence)
        if index not in (None, extent.index):
            raise self._json.unreadable(f"it is page {extent.index} where {index} was requested")
        if extent.size > most:
            sentence = f"it has pages of {extent.size} articles where {most} were requested"
            raise self._json.unreadable(sentence)
        return extent

    def _extent(self, data: Mapping[str, Any], count: int, index: int | None) -> Extent:
        totals = (data[name] for name in self.totals_in if data.get(name) is not None)
        total = next(totals, None)
        return Extent(
            index=_number(data, "page_index", index or self._requested_index()),
            size=_number(data, "page_size", 0) or count,
            count=count,
            total=None if total is None else int(total),
        )

    def _requested_index(self) -> int:
        """Return the number of the page, from the address of the answer."""
        values = parse_qs(urlsplit(self._url).query).get(self.index_in, ["1"])
        return int(values[0]) if values[0].isdecimal() else 1


class ColumnList(NumberedList):
    """A page of ``getNewsByColumns``: news of a column."""

    addresses_in = ("uniqueUrl", "url")

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        return self._article(
            entry, media=self._json.media(entry, "mediaName"), digest=self._line(entry, "summary")
        )


class SecurityNewsList(NumberedList):
    """A page of ``getListInfo``: news of one security."""

    code_in = "Art_Code"
    title_in = "Art_Title"
    time_in = "Art_ShowTime"
    addresses_in = ("Art_UniqueUrl", "Art_Url")
    kind_in = "Np_dst"
    index_in = "pageIndex"

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        return self._article(entry)


class ScriptList(NumberedList):
    """A page of ``getlist_<column>_ajaxResult_<size>_<page>_.html``: rolling news in a script."""

    entries_in = "LivesList"
    code_in = "id"
    time_in = "showtime"
    addresses_in = ("url_unique", "url_w")

    def _data(self) -> Mapping[str, Any]:
        answer = self._json.object()
        if str(answer.get("rc")) not in _SCRIPT_SUCCESS or self.entries_in not in answer:
            raise self._json.unreadable(f"it has no {self.entries_in}")
        return answer

    def _extent(self, data: Mapping[str, Any], count: int, index: int | None) -> Extent:
        pages, size = data.get("PageCount"), self._requested()[0]
        total = int(pages) * size if pages and size else None
        return Extent(index or self._requested_index(), size, count, total)

    def _requested(self) -> tuple[int, int]:
        found = re.search(r"_ajaxResult_(\d{1,4})_(\d{1,7})_", self._url, re.ASCII)
        return (int(found[1]), int(found[2])) if found else (0, 1)

    def _requested_index(self) -> int:
        return self._requested()[1]

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        summary = self._line(entry, "digest") or self._line(entry, "simdigest")
        code = self._line(entry, "id") or self._line(entry, "newsid")
        title = self._line(entry, "title")
        return self._article(
            {**entry, "id": code}, digest=digest_in(summary), summary=summary or title
        )


_SCRIPT_SUCCESS = {"0", "1"}


def _number(data: Mapping[str, Any], name: str, default: int) -> int:
    value = data.get(name)
    return default if value is None else int(value)
