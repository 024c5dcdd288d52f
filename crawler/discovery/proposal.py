"""Propose a declaration by answers that are lists, and by pages of their articles."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import tldextract
import tomli_w

from archive.errors import FinewsError
from crawler.declarations.answers import Answer, document_in, is_json, looks_like_gb18030, text_of
from crawler.declarations.errors import AnswerError
from crawler.declarations.formats import Format
from crawler.declarations.lists import Entry, ListAnswer, read_list
from crawler.declarations.loading import declared
from crawler.declarations.model import HOST_NAME, Declaration
from crawler.declarations.paths import PathError
from crawler.discovery.html_lists import html_lists_in
from crawler.discovery.json_articles import json_layout
from crawler.discovery.json_lists import fields_of, lists_in, with_clock
from crawler.discovery.languages import lang_of
from crawler.discovery.paging import by_address, by_link
from crawler.discovery.patterns import pattern_of
from crawler.discovery.site_names import site_name
from crawler.extraction.embedded_json import embedded_json
from crawler.extraction.page import is_overloaded

_FEEDS = (
    (Format.RSS, re.compile(r"<(?:rss|rdf:RDF)\b")),
    (Format.ATOM, re.compile(r"<feed\b")),
    (Format.SITEMAP, re.compile(r"<(?:urlset|sitemapindex)\b")),
)
_BEGINNING = 2_000
_TITLE_IN_TEXT = "^【(.+?)】"
_registered_domain = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_MOST_LISTS_TRIED, _MOST_DRAWN_TRIED = 12, 4
_MOST_HOSTS = 5
_SHORTEST_BODY = 60
#: The share of the addresses of another list that have the pattern of the first.
_SHARE_ALIKE = 0.8
_MAIN = "news"
#: The order of the keys in a file.
_ORDER = (
    *("title", "site", "lang", "zone", "hosts", "family", "extract"),
    *("identity", "lists", "articles"),
)


class NothingFound(FinewsError):
    """An answer holds no list of articles that can be found."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A declaration that reads the answers from which it was generated.

    :param table: what the file holds.
    :param page: what it reads in the first of its lists.
    :param answers: of its lists, by their names, that which describes most of each entry first.
    """

    declaration: Declaration
    table: Mapping[str, Any]
    page: ListAnswer
    answers: Mapping[str, Answer]

    @property
    def toml(self) -> str:
        """The file."""
        return tomli_w.dumps({key: self.table[key] for key in _ORDER if key in self.table})

    def with_layout(self, name: str, layout: Mapping[str, Any]) -> "Proposal":
        """Return the same with one layout of its articles."""
        seen = self.table["lists"][_MAIN]["seen"]
        table = {**self.table, "articles": {name: {**layout, "seen": seen}}}
        declaration = declared(table, Path(f"{self.declaration.name}.toml"))
        return replace(self, declaration=declaration, table=table)

    @property
    def entries(self) -> list[Entry]:
        """The entries of the first list that are not left out."""
        return [entry for entry in self.page.entries if entry.skip is None]


@dataclass(frozen=True, slots=True)
class _ListFound:
    """A declaration with one list, and what it reads."""

    answer: Answer
    whole: dict[str, Any]
    page: ListAnswer

    @property
    def table(self) -> dict[str, Any]:
        """The list in the declaration."""
        table: dict[str, Any] = self.whole["lists"][_MAIN]
        return table

    @property
    def worth(self) -> float:
        """How much an entry gives."""
        return _worth(self.page) / len(self.page.entries)


def propose(
    name: str,
    lists: Sequence[Answer],
    articles: Sequence[Answer] = (),
    *,
    zone: str = "Asia/Shanghai",
) -> Proposal:
    """Propose the declaration of a source.

    The list that gives most of each entry is its first; others are added that lead to articles at
    addresses of the same pattern.

    :param name: of the source.
    :param lists: of its articles: feeds, sitemaps, JSON, or pages of links.
    :param articles: pages of some articles.
    :raises NothingFound: when no answer holds a list of articles.
    """
    found, reasons = [], []
    for answer in lists:
        try:
            found.append(_find(name, answer, articles, zone))
        except NothingFound as error:
            reasons.append(error)
    if not found:
        raise reasons[0] if reasons else NothingFound("There is no answer with a list.")
    found.sort(key=lambda one: one.worth, reverse=True)
    first, *others = found
    names = {_MAIN: first}
    for other in others:
        if _is_alike(first, other):
            names[_name_of(other, names)] = other
    title = next(_titles(found), None) or _shared_name(articles) or first.whole["title"]
    whole = dict(first.whole, title=title)
    whole["lists"] = {key: {**one.table, **_order(one.page)} for key, one in names.items()}
    hosts = [host for one in names.values() for host in one.whole["hosts"]]
    whole["hosts"] = list(dict.fromkeys(hosts))
    whole["lang"] = lang_of([*lists, *articles])
    return Proposal(
        declared(whole, Path(f"{name}.toml")),
        whole,
        first.page,
        {key: one.answer for key, one in names.items()},
    )


def _find(name: str, answer: Answer, articles: Sequence[Answer], zone: str) -> _ListFound:
    """Find the list of an answer that gives most.

    :raises NothingFound: when it holds none.
    """
    fetched = answer.fetched or datetime.now(UTC)
    answer = replace(answer, fetched=fetched)
    best: _ListFound | None = None
    for table in _tables(answer, ZoneInfo(zone), fetched)[:_MOST_LISTS_TRIED]:
        try:
            whole = _with_identity(name, answer, table, articles, zone, fetched)
            declaration = declared(whole, Path(f"{name}.toml"))
            page = read_list(declaration, _MAIN, answer)
        except AnswerError:
            continue
        if page.entries and (best is None or _worth(page) > _worth(best.page)):
            best = _ListFound(answer, whole, page)
    if best is None:
        raise NothingFound(f"{answer.address} holds no list of articles that can be found.")
    return best


def _tables(answer: Answer, zone: ZoneInfo, near: datetime) -> list[dict[str, Any]]:
    """Return what may describe an answer as a list, the most likely first."""
    encoding = {}
    try:
        try:
            text = text_of(answer)
        except PathError:
            if not looks_like_gb18030(answer):
                raise
            encoding = {"encoding": "gb18030"}
            text = text_of(answer, "gb18030")
        beginning = text[:_BEGINNING]
        for form, sign in _FEEDS:
            if sign.search(beginning):
                return [{"format": str(form), **encoding}]
        if "jsonfeed.org" in beginning:
            return [{"format": str(Format.JSON_FEED), **encoding}]
        if is_json(text):
            return _json_tables(
                answer.address, document_in(text, Format.JSON), zone, near, encoding
            )
        if not text.lstrip().startswith("<"):
            raise PathError("it is neither HTML nor JSON, and no feed or sitemap")
        page = document_in(text, Format.HTML)
        if is_overloaded(page.root):
            raise PathError("it has more elements than any list needs")
    except PathError as error:
        raise NothingFound(f"{answer.address} holds no list of articles: {error}.") from error
    paging = by_link(answer.address, page)
    drawn = [
        table
        for place, document in embedded_json(page)
        for table in _json_tables(
            answer.address, document, zone, near, {**encoding, "inside": place}
        )
    ]
    shown = html_lists_in(page, zone, near)
    return [
        *drawn[:_MOST_DRAWN_TRIED],
        *({"format": "html", **encoding, **paging, **table} for table in shown),
    ]


def _json_tables(
    address: str, document: Any, zone: ZoneInfo, near: datetime, more: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found = [
        (path, with_clock(fields_of(entries, zone, near), entries))
        for path, entries in lists_in(document)
    ]
    tables: list[dict[str, Any]] = [
        {"format": "json", **more, "entries": path, "fields": _with_title(fields)}
        for path, fields in found
        if {"title", "body"} & fields.keys() and {"id", "address"} & fields.keys()
    ]
    return [{**table, **by_address(_escaped(address), table, document)} for table in tables]


def _with_title(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return fields whose title, where it has no key, is at the beginning of the text."""
    if "title" in fields:
        return fields
    return {**fields, "title": {"path": fields["body"], "pattern": _TITLE_IN_TEXT}}


def _with_identity(
    name: str,
    answer: Answer,
    table: Mapping[str, Any],
    articles: Sequence[Answer],
    zone: str,
    fetched: datetime,
) -> dict[str, Any]:
    """Return a whole declaration around a table that describes a list."""
    parts = urlsplit(answer.address)
    host = parts.hostname or ""
    address = _escaped(answer.address)
    news = {
        "address": address,
        **table,
        **by_address(address, table, None),
        "seen": {"on": fetched.date(), "first_hand": True},
    }
    whole: dict[str, Any] = {
        "title": host,
        "site": urlunsplit((parts.scheme, parts.netloc, "/", "", "")),
        "zone": zone,
        "hosts": [host],
        "family": f"*.{_registered_domain(host).top_domain_under_public_suffix or host}",
        "extract": True,
        "lists": {_MAIN: news},
    }
    entries = read_list(declared(whole, Path(f"{name}.toml")), _MAIN, answer).entries
    addresses = [entry.address for entry in entries if entry.address]
    if not addresses and (template := _template(entries, articles)):
        path = news["fields"]["id"]
        news["fields"] = {**news["fields"], "address": {"path": path, "template": template}}
        addresses = [template.replace("{}", entry.id) for entry in entries if entry.id]
    if layout := json_layout(articles, ZoneInfo(zone)):
        whole["articles"] = {"api": {**layout, "seen": news["seen"]}}
    pattern = pattern_of(addresses)
    if pattern:
        whole["identity"] = {"addresses": [{"pattern": pattern}]}
    elsewhere = sorted({urlsplit(one).hostname or "" for one in addresses} - {host})
    whole["hosts"] = [host, *filter(HOST_NAME.fullmatch, elsewhere[:_MOST_HOSTS])]
    bodies = [len(entry.body.text) for entry in entries if entry.body]
    if bodies and len(bodies) == len(entries) and (min(bodies) >= _SHORTEST_BODY or not addresses):
        news["whole"] = True
    return whole


def _escaped(address: str) -> str:
    """Return an address without braces, which stand for places in a declaration."""
    return address.replace("{", "%7B").replace("}", "%7D")


def _template(entries: Sequence[Entry], articles: Sequence[Answer]) -> str | None:
    """Return the form of the articles' addresses, where ids of entries are in them."""
    ids = sorted((entry.id for entry in entries if entry.id), key=len, reverse=True)
    for article in articles:
        known = next((own_id for own_id in ids if article.address.count(own_id) == 1), None)
        if known and not set(article.address) & {"{", "}"}:
            return article.address.replace(known, "{}")
    return None


def _worth(page: ListAnswer) -> int:
    """Return how much a reading gives: titles, times and addresses of articles."""
    return sum(
        -3
        if entry.title is None and entry.body is None
        else 2 + 4 * bool(entry.published) + bool(entry.address)
        for entry in page.entries
    )


def _is_alike(first: _ListFound, other: _ListFound) -> bool:
    """Report whether another list leads to the same kind of articles, and names them."""
    if other.worth <= 0 or "identity" not in first.whole:
        return False
    pattern = first.whole["identity"]["addresses"][0]["pattern"]
    alike = [bool(re.search(pattern, entry.address or "")) for entry in other.page.entries]
    return sum(alike) >= _SHARE_ALIKE * len(alike)


def _name_of(found: _ListFound, taken: Mapping[str, Any]) -> str:
    kinds = {"html": "page", "json": "answer", "sitemap": "sitemap"}
    name = kinds.get(found.table["format"], "feed")
    names = (f"{name}{number if number > 1 else ''}" for number in count(1))
    return next(one for one in names if one not in taken)


def _order(page: ListAnswer) -> dict[str, Any]:
    """Return what a list has beside its table where its entries are in no order of time."""
    times = [entry.published.time for entry in page.entries if entry.published]
    return {} if times == sorted(times, reverse=True) else {"newest_first": False}


def _shared_name(articles: Sequence[Answer]) -> str | None:
    """Return the name of the site that several pages of articles give."""
    names = Counter(name for article in articles if (name := site_name(article)))
    return next((name for name, number in names.most_common(1) if number > 1), None)


def _titles(found: Sequence[_ListFound]) -> Iterator[str]:
    for one in found:
        if title := site_name(one.answer):
            yield title
