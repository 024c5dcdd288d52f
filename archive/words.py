"""The words that pages show for the codes and the columns of the catalog, in both languages.

A filter accepts the word that a page shows as well as the code.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from archive.translation import N_, Language, gettext, language

#: Columns and parameters whose values are codes.
CODED = frozenset(
    (
        *("body_source", "cause", "class", "edition", "event", "found", "kind", "precision"),
        *("source", "what"),
    )
)

_CODES: Mapping[str, str] = MappingProxyType(
    {
        # Sources, and where a body came from.
        "eastmoney": N_("Eastmoney"),
        "share_api": N_("share interface"),
        "article_page": N_("Eastmoney's page"),
        "article_api": N_("Eastmoney's interface"),
        "mirror": N_("mirror's page"),
        "summary": N_("summary of rolling news"),
        "extraction": N_("automatic extraction"),
        # How a mention was found.
        "list": N_("list"),
        "page": N_("web page"),
        "field": N_("named by the source"),
        "code": N_("code in the text"),
        "name": N_("name in the text"),
        # Kinds of securities.
        "share": N_("share"),
        "sector": N_("sector"),
        "fund": N_("fund"),
        "bond": N_("bond"),
        "index": N_("market index"),
        # What a publisher changed.
        "title": N_("title"),
        "figures": N_("figures"),
        "securities": N_("securities named"),
        "retraction": N_("retraction or correction notice"),
        "wording": N_("wording"),
        "addition": N_("addition"),
        "published": N_("time of publication"),
        "markup": N_("layout"),
        "body source": N_("source of the text"),
        "digest": N_("digest"),
        # Why a version exists.
        "first_seen": N_("first archived"),
        "edited": N_("edited by the publisher"),
        "corrected_in_list": N_("corrected in a list"),
        "better_copy": N_("better copy of the text"),
        "read_anew": N_("parsed again"),
        "imported": N_("imported from a file"),
        "unknown": N_("unknown"),
        # Whether an article is public.
        "gone": N_("withdrawn"),
        "returned": N_("public again"),
        # Editions of an article.
        "media": N_("media's category"),
        "rolling": N_("rolling news"),
        # Precision of a time of publication.
        "second": N_("to the second"),
        "minute": N_("to the minute"),
        "day": N_("to the day"),
        "fetched": N_("time of the crawl"),
    }
)

_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "added": N_("new"),
        "address": N_("address"),
        "addresses": N_("fetched from"),
        "arguments": N_("arguments"),
        "asked": N_("fetched articles"),
        "at": N_("time"),
        "author": N_("author"),
        "body_provisional": N_("provisional text"),
        "body_source": N_("source of the text"),
        "bytes": N_("bytes"),
        "captures": N_("responses"),
        "category": N_("category"),
        "cause": N_("cause"),
        "checked": N_("last checked"),
        "classes": N_("what changed"),
        "code": N_("code"),
        "complete": N_("complete"),
        "cursor": N_("number"),
        "day": N_("day"),
        "digest": N_("digest"),
        "document": N_("number in the search"),
        "edition": N_("edition"),
        "edits": N_("edits"),
        "ended": N_("end"),
        "event": N_("event"),
        "extractor": N_("extracted by"),
        "flags": N_("marks of the source"),
        "keywords": N_("keywords"),
        "modified": N_("changed, by the source"),
        "failed": N_("failed"),
        "fetched": N_("time of the crawl"),
        "file": N_("file"),
        "first": N_("first"),
        "first_day": N_("first day"),
        "first_seen": N_("first archived"),
        "found": N_("found"),
        "gone": N_("withdrawn"),
        "gone_from": N_("missing since"),
        "gone_until": N_("missing until"),
        "host": N_("host"),
        "hosts": N_("hosts"),
        "hour": N_("hour"),
        "id": N_("number"),
        "info_code": N_("article id"),
        "key": N_("search key"),
        "kind": N_("kind"),
        "known_from": N_("known since"),
        "known_until": N_("known until"),
        "Link": N_("row"),
        "lang": N_("language"),
        "last_day": N_("last day"),
        "length": N_("characters"),
        "link": N_("original"),
        "market": N_("market"),
        "media": N_("media"),
        "mentioned": N_("securities beside the text"),
        "minute": N_("minute"),
        "month": N_("month"),
        "month_day": N_("month and day"),
        "name": N_("name"),
        "newest": N_("newest"),
        "offset": N_("offset"),
        "path": N_("file"),
        "pictures": N_("pictures"),
        "post": N_("number of the post"),
        "posts": N_("posts"),
        "precision": N_("precision of the time"),
        "published": N_("time of publication"),
        "q": N_("search"),
        "rank": N_("rank"),
        "reasons": N_("reasons"),
        "revised": N_("last revised"),
        "securities": N_("securities named"),
        "security": N_("security"),
        "seen_from": N_("archived"),
        "seen_until": N_("superseded"),
        "sha256": "SHA-256",
        "since": N_("from"),
        "slug": N_("slug"),
        "source": N_("source"),
        "spider": N_("spider"),
        "started": N_("start"),
        "status": N_("exit status"),
        "stock_list": N_("securities in lists"),
        "superseded": N_("superseded"),
        "symbol": N_("symbol"),
        "tag": N_("category's name"),
        "text": N_("text"),
        "time": N_("clock time"),
        "title": N_("title"),
        "type": N_("media type"),
        "unchanged": N_("unchanged"),
        "until": N_("until"),
        "url": N_("address"),
        "verdict": N_("verdict"),
        "version": N_("version"),
        "what": N_("what changed"),
    }
)

# Why a crawl failed, by exit status.
_FAILURES: Mapping[int, str] = MappingProxyType(
    {
        1: N_("the crawler itself failed"),
        2: N_("wrong arguments or settings"),
        3: N_("the source, or one of its lists, could not be read"),
        4: N_("the layout of the source's pages has changed"),
        5: N_("the lists name no article, or far fewer than usual"),
        6: N_("too many articles could not be fetched"),
        7: N_("the archive could not be written"),
        8: N_("another crawl was writing to the archive"),
        9: N_("it was ended early"),
        10: N_("another process has been writing to the archive for long"),
    }
)

# The comparisons of Datasette's filters that are words.
_OPERATORS = (
    *(N_("contains"), N_("ends with"), N_("starts with"), N_("like"), N_("not like"), N_("glob")),
    *(N_("in"), N_("not in"), N_("array contains"), N_("array does not contain"), N_("date")),
    *(N_("is null"), N_("is not null"), N_("is blank"), N_("is not blank")),
)


def word(code: str | None) -> str:
    """Return the word for a code of the catalog, such as ``share_api``."""
    known = _CODES.get(code or "unknown")
    return gettext(known) if known else code or ""


def column_title(name: str) -> str:
    """Return the title of a column or a parameter, such as ``info_code``."""
    return gettext(_COLUMNS[name]) if name in _COLUMNS else name


def operator(display: str) -> str:
    """Return the words for a comparison of Datasette's filters, such as ``contains``."""
    return gettext(display) if display in _OPERATORS else display


def failure(status: int | None) -> str:
    """Return why a crawl failed, from its exit status."""
    return gettext(_FAILURES.get(status or 0, N_("unknown")))


def accepted_words(parameter: str) -> list[str]:
    """Return the words that a parameter of a canned query accepts; none where it takes any text."""
    kinds = ("title", "figures", "securities", "retraction", "wording", "addition", "published")
    return [word(kind) for kind in (*kinds, "gone", "returned")] if parameter == "what" else []


def with_codes(query_string: str) -> str:
    """Return a query string with the codes for the words that pages show."""
    values = parse_qsl(query_string, keep_blank_values=True)
    coded = [
        (name, _codes().get(value.strip().lower(), value) if is_coded(name) else value)
        for name, value in values
    ]
    return query_string if coded == values else urlencode(coded)


def is_coded(parameter: str) -> bool:
    """Return whether the values of a column, or of a parameter of an address, are codes."""
    return parameter.partition("__")[0] in CODED or parameter.startswith("_filter_value")


@cache
def _codes() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for each in Language:
        with language(each):
            found |= {word(code).lower(): code for code in _CODES}
    return found
