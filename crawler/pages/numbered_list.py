"""Eastmoney's lists whose pages are numbered: columns, the news of a security, the script."""

import re
import sys
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle
from crawler.pages.text import digest_in

_MOST_PAGES = 1_000_000
SMALLEST_CUT = 10
"""No source cuts pages smaller than this: one with fewer articles is short."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a list of numbered pages an answer has.

    :param index: of this page, from 1 on.
    :param size: how many articles its pages have, as the answer says.
    :param count: how many articles this page has.
    :param total: how many articles the list has; None where the answer does not say.
    """

    index: int
    size: int
    count: int
    total: int | None

    @property
    def is_last(self) -> bool:
        """Whether no page follows, as far as one answer can tell."""
        if not self.count:
            return True
        if self.total is None:
            return self.count < self.size
        return self.index * self.size >= self.total

    @property
    def real_size(self) -> int:
        """How many articles pages have where the source cuts them in silence.

        :returns: the articles of this page, the first, when more are due.
        """
        due = self.size if self.total is None else min(self.size, self.total)
        return self.count if SMALLEST_CUT <= self.count < due else self.size


class NumberedList(EastmoneyList):
    """A page of a list whose pages are asked for by number and size."""

    entries_in = "list"
    totals_in: ClassVar[tuple[str, ...]] = ("totle_hits", "total_hits")
    """Eastmoney misspells it."""

    def next_page(self) -> str | None:
        """The number of the page that follows."""
        extent = self.extent()
        return None if extent.is_last else str(extent.index + 1)

    def extent(self, index: int | None = None, most: int = sys.maxsize) -> Extent:
        """How much of the list this page has.

        :param index: of the page that was asked for, if that is known.
        :param most: how many articles were asked for.
        :raises LayoutChanged: when the answer is no page of the list, contradicts itself, is
            another page than was asked for, or has more articles: it is then cut in a way of its
            own.
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
            raise self._json.unreadable(f"it is page {extent.index} where {index} was asked for")
        if extent.size > most:
            sentence = f"it has pages of {extent.size} articles where {most} were asked for"
            raise self._json.unreadable(sentence)
        return extent

    def _extent(self, data: Mapping[str, Any], count: int, index: int | None) -> Extent:
        totals = (data[name] for name in self.totals_in if data.get(name) is not None)
        total = next(totals, None)
        return Extent(
            index=_number(data, "page_index", index or self._asked_index()),
            size=_number(data, "page_size", 0) or count,
            count=count,
            total=None if total is None else int(total),
        )

    @abstractmethod
    def _asked_index(self) -> int:
        """The number of the page, by the address of the answer."""


class ColumnList(NumberedList):
    """A page of ``getNewsByColumns``: news of a column."""

    addresses_in = ("uniqueUrl", "url")

    def _asked_index(self) -> int:
        return _parameter(self._url, "page_index")

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        return self._article(
            entry, media=self._line(entry, "mediaName"), digest=self._line(entry, "summary")
        )


class SecurityNewsList(NumberedList):
    """A page of ``getListInfo``: news of one security."""

    code_in = "Art_Code"
    title_in = "Art_Title"
    time_in = "Art_ShowTime"
    addresses_in = ("Art_UniqueUrl", "Art_Url")
    kind_in = "Np_dst"

    def _asked_index(self) -> int:
        return _parameter(self._url, "pageIndex")

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
        if str(answer.get("rc")) not in _SCRIPT_IS_WELL or self.entries_in not in answer:
            raise self._json.unreadable(f"it has no {self.entries_in}")
        return answer

    def _extent(self, data: Mapping[str, Any], count: int, index: int | None) -> Extent:
        pages, size = data.get("PageCount"), self._asked()[0]
        total = int(pages) * size if pages and size else None
        return Extent(index or self._asked_index(), size, count, total)

    def _asked(self) -> tuple[int, int]:
        asked = re.search(r"_ajaxResult_(\d{1,4})_(\d{1,7})_", self._url, re.ASCII)
        return (int(asked[1]), int(asked[2])) if asked else (0, 1)

    def _asked_index(self) -> int:
        return self._asked()[1]

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        summary = self._line(entry, "digest") or self._line(entry, "simdigest")
        code = self._line(entry, "id") or self._line(entry, "newsid")
        title = self._line(entry, "title")
        return self._article(
            {**entry, "id": code}, digest=digest_in(summary), summary=summary or title
        )


_SCRIPT_IS_WELL = {"0", "1"}


def _number(data: Mapping[str, Any], name: str, default: int) -> int:
    value = data.get(name)
    return default if value is None else int(value)


def _parameter(url: str, name: str) -> int:
    values = parse_qs(urlsplit(url).query).get(name, ["1"])
    return int(values[0]) if values[0].isdecimal() else 1
