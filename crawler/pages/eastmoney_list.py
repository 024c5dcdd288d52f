"""Eastmoney's own lists: the 7x24 rolling news, and its columns of news.

Known second hand: where their parts are is said here and nowhere else.
"""

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from scrapy.http import Response

from archive.article import BodySource, InfoCode
from archive.categories import ROLLING
from archive.content import SECURITY_CODE
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import Facts
from crawler.pages.json_answer import JsonAnswer
from crawler.pages.text import digest_in

_WEB_ADDRESS = re.compile(r"https?://[\w.-]+(?::\d+)?(?:/\S*)?", re.ASCII)

_CURSOR = re.compile(r"[\w-]{1,64}", re.ASCII)
_MOST_PAGES = 1_000_000

_WELL = "1"
"""The ``code`` of an answer that is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """An entry of a list; None for what it leaves out.

    :param url: of the list's answer.
    :param code: as the list writes it; it may be none.
    :param digest: in one line.
    :param summary: title and digest of rolling news, as the list writes them in one.
    """

    url: str
    code: str
    title: str | None
    published: datetime | None
    media: str | None
    digest: str | None
    summary: str | None
    pictures: tuple[str, ...]
    stock_list: tuple[str, ...]

    def facts(self) -> Facts:
        """What the list says of the article. The summary of rolling news can stand in for it.

        :raises InvalidInfoCode: when the code is none.
        """
        return Facts(
            url=self.url,
            info_code=InfoCode(self.code),
            title=self.title,
            published=self.published,
            category=ROLLING.slug if self.summary else None,
            tag=ROLLING.tag if self.summary else None,
            media=self.media,
            digest=self.digest,
            body=_standing_in(self.summary, self.pictures) if self.summary else None,
            body_source=BodySource.SUMMARY,
            link=None,
            stock_list=self.stock_list,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableEntry:
    """An entry that has something else where others have a text.

    :param code: as the list writes it; empty where that cannot be read either.
    """

    code: str
    error: LayoutChanged


class EastmoneyList(ABC):
    """A page of a list."""

    entries_in: str
    """The field with the entries."""

    def __init__(self, response: Response) -> None:
        self._url = response.url
        self._json = JsonAnswer(type(self), response)

    @abstractmethod
    def next_page(self) -> str | None:
        """What to ask for to be given the next page; None behind the last one.

        :raises LayoutChanged: when the answer is no page of the list.
        """

    @abstractmethod
    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle: ...

    def entries(self) -> list[ListedArticle | UnreadableEntry]:
        """The articles, newest first.

        :raises LayoutChanged: when the answer is no page of the list, when none of its entries
            can be read, or when none of them has what every entry has.
        """
        listed = self._data().get(self.entries_in, ())
        if listed is None:
            return []
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise self._json.unreadable(f"its {self.entries_in} is no list of articles")
        entries = [self._read(entry) for entry in listed]
        readable = [entry for entry in entries if isinstance(entry, ListedArticle)]
        for name in ("code", "title", "published"):
            if readable and not any(getattr(entry, name) for entry in readable):
                raise self._json.unreadable(f"none of its articles has a {name}")
        for entry in entries:
            if isinstance(entry, UnreadableEntry) and not readable:
                raise entry.error
        return entries

    def _read(self, entry: Mapping[str, Any]) -> ListedArticle | UnreadableEntry:
        try:
            return self._entry(entry)
        except LayoutChanged as error:
            code = entry.get("code")
            return UnreadableEntry(code=code if isinstance(code, str) else "", error=error)

    def _data(self) -> Mapping[str, Any]:
        answer = self._json.object()
        if str(answer.get("code")) != _WELL:
            said = str(answer.get("message"))[:80]
            raise self._json.unreadable(f"its code is {answer.get('code')!r}, and it says {said!r}")
        data = answer.get("data")
        if not isinstance(data, dict) or self.entries_in not in data:
            raise self._json.unreadable(f"it has no {self.entries_in}")
        return data

    def _listed(self, entry: Mapping[str, Any], **more: Any) -> ListedArticle:
        return ListedArticle(
            url=self._url,
            code=self._json.line(entry, "code", may_be_number=True) or "",
            title=self._json.line(entry, "title", may_be_number=True),
            published=self._json.time(entry, "showTime"),
            pictures=tuple(_pictures(entry.get("image"))),
            **more,
        )


class FastNewsList(EastmoneyList):
    """A page of ``getFastNewsList``: rolling news."""

    entries_in = "fastNewsList"

    def next_page(self) -> str | None:
        """The cursor; an empty one ends the list."""
        cursor = self._data().get("sortEnd")
        if not cursor:
            return None
        if not _CURSOR.fullmatch(str(cursor)):
            raise self._json.unreadable("its sortEnd is no cursor")
        return str(cursor)

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        summary = self._json.line(entry, "summary")
        stock_list = entry.get("stockList") or ()
        return self._listed(
            entry,
            media=None,
            digest=digest_in(summary),
            summary=summary or self._json.line(entry, "title"),
            stock_list=tuple(_securities(stock_list)) if isinstance(stock_list, list) else (),
        )


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a list of numbered pages an answer has.

    :param index: of this page, from 1 on.
    :param size: how many articles its pages have.
    :param total: how many articles the list has.
    :param is_empty: whether this page has none.
    """

    index: int
    size: int
    total: int
    is_empty: bool


class ColumnList(EastmoneyList):
    """A page of ``getNewsByColumns``: news of a column."""

    entries_in = "list"

    def next_page(self) -> str | None:
        """The number of the page that follows, unless this one has no articles or is the last."""
        extent = self.extent()
        more = not extent.is_empty and extent.index * extent.size < extent.total
        return str(extent.index + 1) if more else None

    def extent(self, index: int | None = None, most: int = sys.maxsize) -> Extent:
        """How much of the list this page has.

        :param index: of the page that was asked for, if that is known.
        :param most: how many articles were asked for.
        :raises LayoutChanged: when the answer is no page of the list, contradicts itself, is
            another page than was asked for, or has more articles: it is then cut in a way of its
            own.
        """
        data = self._data()
        listed = data[self.entries_in] or ()
        try:
            extent = Extent(
                index=int(data["page_index"]),
                size=int(data.get("page_size") or len(listed)),
                total=int(data["total_hits"]),
                is_empty=not listed,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._json.unreadable("it has no page_index or total_hits") from error
        if not 1 <= extent.index <= _MOST_PAGES or extent.size < 0:
            raise self._json.unreadable("its page_index or page_size is none")
        if extent.total < len(listed):
            sentence = f"it names {len(listed)} articles, of {extent.total} in all"
            raise self._json.unreadable(sentence)
        if index not in (None, extent.index):
            raise self._json.unreadable(f"it is page {extent.index} where {index} was asked for")
        if extent.size > most:
            sentence = f"it has pages of {extent.size} articles where {most} were asked for"
            raise self._json.unreadable(sentence)
        return extent

    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle:
        return self._listed(
            entry,
            media=self._json.media(entry, "mediaName"),
            digest=self._json.line(entry, "summary"),
            summary=None,
            stock_list=(),
        )


def _securities(codes: Iterable[object]) -> Iterable[str]:
    texts = (code for code in codes if isinstance(code, str))
    matches = filter(None, map(SECURITY_CODE.fullmatch, texts))
    return dict.fromkeys(f"{int(match['market'])}.{match['symbol']}" for match in matches)


def _pictures(image: object) -> Iterable[str]:
    """One address, or a list of them; the lists differ in that."""
    for address in image if isinstance(image, list) else [image]:
        if isinstance(address, str) and _WEB_ADDRESS.fullmatch(address.strip()):
            yield address.strip()


def _standing_in(summary: str, pictures: Iterable[str]) -> str:
    """A body in the form that the share API's have."""
    shown = "".join(f'<center><img src="{escape(address)}"></center>' for address in pictures)
    return f"<p>{escape(summary, quote=False)}</p>{shown}"
