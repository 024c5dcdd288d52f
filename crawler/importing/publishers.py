"""Who reads the response from an address: a declaration, page objects, or general extraction."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import TypeAlias
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from archive.article import Article, Edition
from archive.article_id import InfoCode
from archive.content.lexicon import Lexicon
from archive.errors import FinewsError, InvalidArticle, Refused
from archive.storage import TemporaryDatabase
from crawler.declarations import Declaration, Entry, read_list
from crawler.declarations.addresses import is_own
from crawler.declarations.articles import ArticleFacts, joined, layouts_of
from crawler.declarations.composed import DeclaredArticle, composed, to_article
from crawler.declarations.identity import article_id, native_id, rewritten
from crawler.declarations.places import is_at, list_at
from crawler.declarations.redaction import redacted
from crawler.extraction.fallback import read_or_extract
from crawler.importing.captured import Captured
from crawler.pages.compose import compose, compose_stand_in
from crawler.pages.eastmoney_list import EastmoneyList, ListedArticle
from crawler.pages.facts import Facts
from crawler.pages.feed import Feed
from crawler.pages.layouts import layout_at
from crawler.pages.mirror_post import PostPage
from crawler.pages.page import TextPage
from crawler.pages.rolling_list import FastNewsList
from crawler.sources import Sources

_HTML = ("text/html", "application/xhtml+xml")
#: The most pages of an article.
_MOST_PAGES = 20

_NO_ARTICLE = frozenset({"", "/", "/index.html", "/index.htm", "/index.shtml"})


class Role(IntEnum):
    """What is read of a response, in the order of reading."""

    LIST = 1
    ARTICLE = 2
    STAND_IN = 3
    FURTHER_PAGE = 4


_ENTRY = TypeAdapter(tuple[Entry, str])
_FACTS = TypeAdapter(Facts)


class ListedArticles(TemporaryDatabase):
    """What lists hold of articles, by the keys of these."""

    def __init__(self) -> None:
        schema = """
            CREATE TABLE listed (kind TEXT, key TEXT, value BLOB, PRIMARY KEY (kind, key))
            WITHOUT ROWID
        """
        super().__init__(schema, "note what lists hold")

    def put_entry(self, key: str, entry: Entry, space: str) -> None:
        """Note the entry of a declared article, with the numbering of its id.

        It replaces an entry that was noted before.
        """
        self._put("entry", key, _ENTRY.dump_json((entry, space)))

    def entry(self, key: str) -> tuple[Entry, str] | None:
        """Return the entry of a declared article, with the numbering of its id."""
        found = self._find("entry", key)
        return None if found is None else _ENTRY.validate_json(found)

    def put_facts(self, key: str, facts: Facts) -> None:
        """Note the facts of an edition of an article of Eastmoney's, in place of earlier ones."""
        self._put("facts", key, _FACTS.dump_json(facts))

    def facts(self, key: str) -> Facts | None:
        """Return the facts of an edition of an article of Eastmoney's."""
        found = self._find("facts", key)
        return None if found is None else _FACTS.validate_json(found)

    def _put(self, kind: str, key: str, value: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO listed VALUES (?, ?, ?)", (kind, key, value))

    def _find(self, kind: str, key: str) -> bytes | None:
        query = "SELECT value FROM listed WHERE (kind, key) = (?, ?)"
        row = self._db.execute(query, (kind, key)).fetchone()
        return None if row is None else bytes(row[0])


@dataclass(frozen=True, slots=True)
class PublishedArticle:
    """An article, and the responses that it was read from."""

    article: Article
    responses: tuple[Captured, ...]


#: An article, or the reason why it is none.
Outcome: TypeAlias = PublishedArticle | Refused

#: A function that returns the response from an address that is nearest to a time.
FindResponse: TypeAlias = Callable[[str, datetime], Captured | None]


class Publisher(ABC):
    """A reader of the responses of one publisher."""

    declaration: Declaration | None = None
    #: Whether articles may have several pages.
    joins_pages = False

    @abstractmethod
    def roles(self, address: str, media_type: str) -> tuple[Role, ...]:
        """Return what is to be read of the response from an address."""

    def in_order(
        self, responses: Sequence[tuple[Role, Captured]]
    ) -> Iterable[tuple[Role, Captured]]:
        """Return saved lists and pages as they are to be read."""
        return responses

    def page_after(self, response: Captured) -> str | None:
        """Return the address of the article's next page; None for the last or only one."""
        return None

    @abstractmethod
    def read(
        self, role: Role, response: Captured, listed: ListedArticles, find: FindResponse
    ) -> Iterator[Outcome]:
        """Yield the articles of a response, and the reasons for which there are no others.

        What it holds of articles of other responses is noted.

        :param find: finds the further pages of an article.
        :raises FinewsError: when it cannot be read.
        """


class Declared(Publisher):
    """Reads by a declaration."""

    def __init__(self, declaration: Declaration, lexicon: Lexicon) -> None:
        self.declaration: Declaration = declaration
        self.lexicon = lexicon
        self.joins_pages = any(layout.next for layout in declaration.articles.values())

    def roles(self, address: str, media_type: str) -> tuple[Role, ...]:
        declaration = self.declaration
        if list_at(declaration, address):
            return (Role.LIST,)
        if native_id(declaration.identity, address) or any(
            layout.matches or (layout.address and is_at(layout.address, address))
            for _, layout in layouts_of(declaration, address)
        ):
            return (Role.ARTICLE,)
        extracts = declaration.extract and not declaration.identity.addresses
        if extracts and _may_be_article(address, media_type):
            return (Role.ARTICLE,)
        return (Role.FURTHER_PAGE,) if self.joins_pages else ()

    def page_after(self, response: Captured) -> str | None:
        if not self.joins_pages:
            return None
        try:
            return self._facts(response).next
        except FinewsError:  # it is reported when the article is read
            return None

    def _facts(self, response: Captured) -> ArticleFacts:
        return read_or_extract(self.declaration, redacted(self.declaration, response.answer))

    def read(
        self, role: Role, response: Captured, listed: ListedArticles, find: FindResponse
    ) -> Iterator[Outcome]:
        if role is Role.LIST:
            yield from self._list(response, listed)
            return
        page = response.answer
        facts, pages = self._facts(response), [response]
        while facts.next and len(pages) < _MOST_PAGES:
            following = find(facts.next, response.date)
            if following is None:
                raise InvalidArticle(
                    f"{page.address} goes on at {facts.next}, and no imported file has that page"
                )
            pages.append(following)
            facts = joined(facts, self._facts(following))
        address = facts.address or page.address
        entry, space = (
            listed.entry(article_id(self.declaration, facts.id, address))
            or listed.entry(rewritten(self.declaration.identity, address))
            or (Entry(id=facts.id, address=address), "")
        )
        found = composed(self.declaration, entry, facts, space=space)
        if found is None:
            raise InvalidArticle(f"{page.address} has no text")
        if found.published is None or found.title is None:
            lacks = "title" if found.title is None else "time"
            raise InvalidArticle(f"{page.address} states no {lacks} of an article")
        yield _outcome(partial(self._article, found, pages), *pages)

    def _article(self, found: DeclaredArticle, responses: Sequence[Captured]) -> Article:
        return to_article(
            found,
            self.declaration,
            fetched=responses[0].date,
            addresses=[response.url for response in responses],
            lexicon=self.lexicon,
        )

    def _list(self, response: Captured, listed: ListedArticles) -> Iterator[Outcome]:
        declaration, answer = self.declaration, redacted(self.declaration, response.answer)
        name = list_at(declaration, answer.address)
        assert name, "the role of its address is a list"
        table = declaration.lists[name]
        for entry in read_list(declaration, name, answer).entries:
            if entry.is_left_out:
                continue
            try:
                own_id = article_id(declaration, entry.id, entry.address, space=table.space)
                listed.put_entry(own_id, entry, table.space)
                if entry.address:
                    page = rewritten(declaration.identity, entry.address)
                    listed.put_entry(page, entry, table.space)
                found = None
                if table.whole or entry.locked:
                    found = composed(declaration, entry, space=table.space)
            except Refused as reason:
                yield reason
                continue
            if found:
                yield _outcome(partial(self._article, found, [response]), response)


class PageObjects(Publisher):
    """Reads the answers of Eastmoney, its share hosts and the mirror."""

    def __init__(self, sources: Sources) -> None:
        self._link_of = sources.share.link_of

    def roles(self, address: str, media_type: str) -> tuple[Role, ...]:
        layout = layout_at(address)
        if layout is None:
            return ()
        if issubclass(layout, TextPage):
            return (Role.ARTICLE,)
        if issubclass(layout, FastNewsList | Feed | PostPage):
            return (Role.LIST, Role.STAND_IN)
        return (Role.LIST,) if issubclass(layout, EastmoneyList) else ()

    def in_order(
        self, responses: Sequence[tuple[Role, Captured]]
    ) -> Iterable[tuple[Role, Captured]]:
        named = [(role, one) for _, one in responses for role in self.roles(one.url, "")]
        return sorted(named, key=lambda each: each[0])

    def read(
        self, role: Role, response: Captured, listed: ListedArticles, find: FindResponse
    ) -> Iterator[Outcome]:
        layout = layout_at(response.url)
        assert layout, "its address has a role"
        page = layout(response.response)
        if isinstance(page, TextPage):
            yield from self._of_text(response, page, listed)
            return
        for facts in _facts_in(page):
            if role is Role.LIST:
                listed.put_facts(_key(facts.info_code, facts.edition), facts)
            elif facts.body and facts.title:
                make = partial(compose_stand_in, facts, self._link_of, provisional=False)
                yield _outcome(make, response)

    def _of_text(
        self, response: Captured, page: TextPage, listed: ListedArticles
    ) -> Iterator[Outcome]:
        """Yield the article of an answer, once for each edition that lists name."""
        info_code = InfoCode.from_address(response.url)
        keys = [_key(info_code, edition) for edition in Edition]
        named = [facts for facts in map(listed.facts, keys) if facts]
        for facts in named or (listed.facts(_key(info_code, None)),):
            text = page.text(info_code, facts.edition if facts else None)
            make = partial(compose, info_code, facts, text, self._link_of)
            yield _outcome(make, response)


def _key(info_code: InfoCode, edition: Edition | None) -> str:
    return f"{info_code} {edition}" if edition else info_code


def _outcome(make: Callable[[], Article], *responses: Captured) -> Outcome:
    try:
        return PublishedArticle(make(), responses)
    except Refused as reason:
        return reason


def _facts_in(page: object) -> Iterator[Facts]:
    if isinstance(page, PostPage):
        yield page.facts()
    elif isinstance(page, Feed):
        yield from page.posts()
    elif isinstance(page, EastmoneyList):
        for entry in page.entries():
            if isinstance(entry, ListedArticle) and entry.skip is None:
                yield entry.facts()


class Publishers:
    """The publishers whose responses can be read: page objects, then declared sources.

    :param other: the source of articles at other addresses; None where the user names none.
    :param lexicon: of names by which texts name securities.
    :param other_hosts: at whose addresses these are; all, where there are none.
    """

    def __init__(
        self,
        sources: Sources,
        declarations: Iterable[Declaration],
        other: Declaration | None,
        lexicon: Lexicon,
        *,
        other_hosts: Iterable[str] = (),
    ) -> None:
        addresses = (sources.mirror.site, *sources.share.api)
        hosts = {urlsplit(address).hostname or "" for address in addresses}
        self._hosts = {"eastmoney.com", *sources.mirror.hosts, *hosts} - {""}
        self._pages = PageObjects(sources)
        self._declared = [Declared(one, lexicon) for one in declarations]
        self._other = Declared(other, lexicon) if other else None
        self._other_hosts = set(other_hosts) or {""}
        self._lexicon = lexicon

    def at(self, address: str) -> Publisher | None:
        """Return who reads the response from an address; None where nobody does."""
        return self._pages if _is_below(address, self._hosts) else self.source_at(address)

    def of(self, declaration: Declaration) -> Publisher:
        """Return who reads the responses of a source, whatever their addresses."""
        eastmoney = declaration.identity.eastmoney
        return self._pages if eastmoney else Declared(declaration, self._lexicon)

    def source_at(self, address: str) -> Declared | None:
        """Return the source that has an address, a declared one or the one that the user names."""
        other = self._other if _is_below(address, self._other_hosts) else None
        return next((one for one in self._declared if is_own(one.declaration, address)), other)


def _is_below(address: str, hosts: Collection[str]) -> bool:
    """Report whether an address is at one of some hosts, or below one; all, where one is empty."""
    host = urlsplit(address).hostname or ""
    return any(not own or f".{host}".endswith(f".{own}") for own in hosts)


def _may_be_article(address: str, media_type: str) -> bool:
    return media_type in _HTML and urlsplit(address).path.lower() not in _NO_ARTICLE
