"""What Eastmoney's lists have in common: an answer in JSON, and in it articles, newest first."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, ClassVar

from scrapy.http import Response

from archive.article import BodySource, Edition
from archive.article_id import InfoCode
from archive.categories import ROLLING
from archive.content import SECURITY_CODE
from archive.storage import host_of
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import Facts
from crawler.pages.json_answer import JsonAnswer
from crawler.pages.page import PageObject

_WEB_ADDRESS = re.compile(r"https?://[\w.-]+(?::\d+)?(?:/\S*)?", re.ASCII)

#: The ``code`` of a successful answer.
_SUCCESS = "1"

#: The value of ``np_dst`` for posts of Caifuhao, Eastmoney's platform for authors of all kinds.
_READERS_POSTS = "CFH"
_READERS_HOST = "caifuhao.eastmoney.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """An entry of a list; None for what it does not have.

    :param url: the address of the list's answer.
    :param code: the article's code as the list writes it; it may be invalid.
    :param address: the address of the article's page.
    :param digest: the digest, in one line.
    :param summary: title and digest of rolling news, in one text as the list writes them.
    :param skip: why the entry is no article of the news system, if so.
    """

    url: str
    code: str
    address: str | None
    title: str | None
    published: datetime | None
    media: str | None
    digest: str | None
    summary: str | None
    pictures: tuple[str, ...]
    stock_list: tuple[str, ...]
    skip: str | None

    @property
    def standing_in(self) -> str | None:
        """A body generated from the summary of rolling news, in the form of the share API's."""
        if self.summary is None:
            return None
        shown = (f'<center><img src="{escape(address)}"></center>' for address in self.pictures)
        return f"<p>{escape(self.summary, quote=False)}</p>{''.join(shown)}"

    def facts(self) -> Facts:
        """Return the facts of the article; the summary of rolling news is a stand-in for its body.

        :raises InvalidInfoCode: when the code is invalid.
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
            body=self.standing_in,
            body_source=BodySource.SUMMARY,
            stock_list=self.stock_list,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableEntry:
    """An entry with a value that is no text where a text is expected.

    :param code: the article's code as the list writes it; empty where it cannot be read either.
    """

    code: str
    error: LayoutChanged


class EastmoneyList(PageObject, ABC):
    """A page of a list."""

    #: The field with the entries.
    entries_in: ClassVar[str]
    #: The fields of an entry with its code, its title, its time and its kind.
    code_in: ClassVar[str] = "code"
    title_in: ClassVar[str] = "title"
    time_in: ClassVar[str] = "showTime"
    kind_in: ClassVar[str] = "np_dst"
    #: The fields of an entry with the article's address; the first that has one counts.
    addresses_in: ClassVar[tuple[str, ...]] = ()

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self._url = response.url
        self._json = JsonAnswer(type(self), response)

    def facts_of(self, info_code: InfoCode, edition: Edition) -> Facts | None:
        """Return the facts of an article; None where the list does not name it."""
        readable = (entry for entry in self.entries() if isinstance(entry, ListedArticle))
        found = (entry for entry in readable if entry.code in (info_code, info_code.digits))
        return next((entry.facts() for entry in found), None)

    @abstractmethod
    def next_page(self) -> str | None:
        """Return the cursor or the number of the next page; None after the last page.

        :raises LayoutChanged: when the answer is no page of the list.
        """

    @abstractmethod
    def _entry(self, entry: Mapping[str, Any]) -> ListedArticle: ...

    def entries(self) -> list[ListedArticle | UnreadableEntry]:
        """Return the entries, as a rule newest first.

        :raises LayoutChanged: when the answer is no page of the list, when none of its entries
            can be read, or when none of them has what every entry has.
        """
        listed = self._listed()
        entries = [self._read(entry) for entry in listed]
        readable = [entry for entry in entries if isinstance(entry, ListedArticle)]
        for name in ("code", "title", "published"):
            if readable and not any(getattr(entry, name) for entry in readable):
                raise self._json.unreadable(f"none of its articles has a {name}")
        for entry in entries:
            if isinstance(entry, UnreadableEntry) and not readable:
                raise entry.error
        return entries

    def _listed(self) -> list[Mapping[str, Any]]:
        listed = self._data().get(self.entries_in)
        if listed is None:
            return []
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise self._json.unreadable(f"its {self.entries_in} is no list of articles")
        return listed

    def _read(self, entry: Mapping[str, Any]) -> ListedArticle | UnreadableEntry:
        try:
            return self._entry(entry)
        except LayoutChanged as error:
            code = entry.get(self.code_in)
            return UnreadableEntry(code=code if isinstance(code, str) else "", error=error)

    def _data(self) -> Mapping[str, Any]:
        """Return the part of the answer that has the entries; empty where there are none."""
        answer = self._json.object()
        if str(answer.get("code")) != _SUCCESS:
            message = str(answer.get("message"))[:80]
            what = f"its code is {answer.get('code')!r}, and its message {message!r}"
            raise self._json.unreadable(what)
        data = answer.get("data", "")
        if data is None or data == []:
            return {}
        if not isinstance(data, dict) or self.entries_in not in data:
            raise self._json.unreadable(f"it has no {self.entries_in}")
        return data

    def _line(self, entry: Mapping[str, Any], name: str) -> str | None:
        return self._json.line(entry, name, may_be_number=True)

    def _article(
        self,
        entry: Mapping[str, Any],
        *,
        media: str | None = None,
        digest: str | None = None,
        summary: str | None = None,
        stock_list: tuple[str, ...] = (),
    ) -> ListedArticle:
        addresses = filter(None, (self._line(entry, name) for name in self.addresses_in))
        address = next(addresses, None)
        host = host_of(address or "")
        readers = self._line(entry, self.kind_in) == _READERS_POSTS or host == _READERS_HOST
        return ListedArticle(
            url=self._url,
            code=self._line(entry, self.code_in) or "",
            address=address,
            title=self._line(entry, self.title_in),
            published=self._json.time(entry, self.time_in),
            media=media,
            digest=digest,
            summary=summary,
            pictures=tuple(_pictures(entry.get("image"))),
            stock_list=stock_list,
            skip="it is a post of Caifuhao, which has codes of its own" if readers else None,
        )


def securities(codes: object) -> tuple[str, ...]:
    """Return the codes of securities in a list, without other values."""
    texts = [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
    matches = filter(None, map(SECURITY_CODE.fullmatch, texts))
    return tuple(dict.fromkeys(f"{int(match['market'])}.{match['symbol']}" for match in matches))


def _pictures(image: object) -> Iterable[str]:
    """Yield the addresses of pictures; some lists have one, others a list of them."""
    for address in image if isinstance(image, list) else [image]:
        if isinstance(address, str) and _WEB_ADDRESS.fullmatch(address.strip()):
            yield address.strip()
