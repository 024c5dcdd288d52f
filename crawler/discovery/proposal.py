"""Propose a declaration by an answer that is a list, and by pages of its articles."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import tldextract
import tomli_w

from archive.errors import FinewsError
from crawler.declarations.answers import Answer, document_in, text_of
from crawler.declarations.errors import AnswerError
from crawler.declarations.formats import Format
from crawler.declarations.lists import ListPage, read_list
from crawler.declarations.loading import declared
from crawler.declarations.model import Declaration
from crawler.declarations.paths import PathError
from crawler.discovery.html_lists import HtmlList, html_lists_in
from crawler.discovery.json_lists import fields_of, lists_in
from crawler.discovery.patterns import pattern_of
from crawler.extraction import ExtractionError, extract

_FEEDS = (
    (Format.RSS, re.compile(r"<(?:rss|rdf:RDF)\b")),
    (Format.ATOM, re.compile(r"<feed\b")),
    (Format.SITEMAP, re.compile(r"<(?:urlset|sitemapindex)\b")),
)
_DATE_IN_ADDRESS = re.compile(r"/((?:19|20)\d{2}-?[01]\d-?[0-3]\d)(?:/|\D)")
_BEGINNING = 2_000
_registered_domain = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_PAGE = re.compile(r"([?&](?:page|p|page_index|pageIndex|pn)=)1(?=&|$)")
_MOST_LISTS_TRIED = 12
_SHORTEST_BODY = 60


class NothingFound(FinewsError):
    """An answer holds no list of articles that can be found."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A declaration that reads the answers that it was made of.

    :param toml: the file.
    :param page: what it reads in the list.
    :param unsure: what somebody should look at, as sentences.
    """

    declaration: Declaration
    toml: str
    page: ListPage
    unsure: tuple[str, ...]


def propose(
    name: str, answer: Answer, articles: Sequence[Answer] = (), *, zone: str = "Asia/Shanghai"
) -> Proposal:
    """Propose the declaration of a source.

    :param name: of the source.
    :param answer: a list of its articles: a feed, a sitemap, JSON, or a page of links.
    :param articles: pages of some articles.
    :raises NothingFound: when the answer holds no list of articles.
    """
    fetched = answer.fetched or datetime.now(UTC)
    answer = replace(answer, fetched=fetched)
    best: tuple[int, dict[str, Any], Declaration, ListPage] | None = None
    for table in _tables(answer, ZoneInfo(zone), fetched)[:_MOST_LISTS_TRIED]:
        try:
            whole = _with_identity(name, answer, table, zone, fetched)
            declaration = declared(whole, Path(f"{name}.toml"))
            page = read_list(declaration, "news", answer)
        except AnswerError:
            continue
        worth = _worth(page)
        if page.entries and (best is None or worth > best[0]):
            best = worth, whole, declaration, page
    if best is None:
        raise NothingFound(f"{answer.address} holds no list of articles that can be found.")
    _, whole, declaration, page = best
    return Proposal(declaration, tomli_w.dumps(whole), page, _unsure(page, articles))


def _tables(answer: Answer, zone: ZoneInfo, near: datetime) -> list[dict[str, Any]]:
    """Return what may describe an answer as a list, the most likely first."""
    try:
        text = text_of(answer)
        beginning = text[:_BEGINNING]
        for form, sign in _FEEDS:
            if sign.search(beginning):
                return [{"format": str(form)}]
        if "jsonfeed.org" in beginning:
            return [{"format": str(Format.JSON_FEED)}]
        if not text.lstrip().startswith("<"):
            document = document_in(text, Format.JSON)
            found = [(path, fields_of(entries, zone)) for path, entries in lists_in(document)]
            return [
                {"format": "json", "entries": path, "fields": fields}
                for path, fields in found
                if "title" in fields and {"id", "address"} & fields.keys()
            ]
        page = document_in(text, Format.HTML)
    except PathError as error:
        raise NothingFound(f"{answer.address} holds no list of articles: {error}.") from error
    return [
        {
            "format": "html",
            "entries": one.entries,
            "fields": {
                "address": f"{one.link}::attr(href)",
                "title": one.link,
                **({"published": _time_of(one)} if one.time else {}),
            },
        }
        for one in html_lists_in(page, zone, near)
    ]


def _time_of(found: HtmlList) -> dict[str, Any]:
    """Return the time of an entry; its day or year may be in the address alone."""
    dated = all(_DATE_IN_ADDRESS.search(address) for address in found.addresses)
    near = {"near": {"in": "address", "pattern": _DATE_IN_ADDRESS.pattern}} if dated else {}
    return {"path": found.time, **near}


def _with_identity(
    name: str, answer: Answer, table: Mapping[str, Any], zone: str, fetched: datetime
) -> dict[str, Any]:
    """Return a whole declaration around a table that describes a list."""
    parts = urlsplit(answer.address)
    host = parts.hostname or ""
    numbered = _PAGE.search(answer.address) is not None
    news = {
        "address": _PAGE.sub(r"\1{page}", answer.address),
        **({"paging": {"first": 1}} if numbered else {}),
        **table,
        "seen": {"on": fetched.date(), "first_hand": True},
    }
    whole: dict[str, Any] = {
        "title": host,
        "site": urlunsplit((parts.scheme, parts.netloc, "/", "", "")),
        "zone": zone,
        "hosts": [host],
        "family": f"*.{_registered_domain(host).top_domain_under_public_suffix or host}",
        "extract": True,
        "lists": {"news": news},
    }
    entries = read_list(declared(whole, Path(f"{name}.toml")), "news", answer).entries
    addresses = [entry.address for entry in entries if entry.address]
    pattern = pattern_of(addresses)
    if pattern:
        whole["identity"] = {"addresses": [{"pattern": pattern}]}
    elsewhere = sorted({urlsplit(one).hostname or "" for one in addresses} - {host, ""})
    whole["hosts"] = [host, *elsewhere[:5]]
    bodies = [len(entry.body.text) for entry in entries if entry.body]
    if bodies and len(bodies) == len(entries) and (min(bodies) >= _SHORTEST_BODY or not addresses):
        news["whole"] = True
    return whole


def _worth(page: ListPage) -> int:
    """Return how much a reading gives: titles, times and addresses of articles."""
    return sum(
        -3 if entry.title is None else 2 + 4 * bool(entry.published) + bool(entry.address)
        for entry in page.entries
    )


def _unsure(page: ListPage, articles: Sequence[Answer]) -> tuple[str, ...]:
    count = len(page.entries)
    unsure = []
    for what, found in (
        ("time", sum(1 for entry in page.entries if entry.published)),
        ("title", sum(1 for entry in page.entries if entry.title)),
        ("address", sum(1 for entry in page.entries if entry.address)),
    ):
        if found < count:
            unsure.append(f"{count - found} of {count} entries of the list have no {what}.")
    for article in articles:
        try:
            found_article = extract(article)
        except ExtractionError as error:
            unsure.append(str(error))
            continue
        if not found_article.title:
            unsure.append(f"{article.address} has no title that was found.")
        if not found_article.published:
            unsure.append(f"{article.address} states no time that was found.")
    return tuple(unsure)
