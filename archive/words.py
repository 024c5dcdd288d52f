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

# Columns whose names are words already.
_WORDS = (
    *(N_("address"), N_("arguments"), N_("author"), N_("bytes"), N_("category"), N_("cause")),
    *(N_("code"), N_("complete"), N_("day"), N_("digest"), N_("edition"), N_("edits")),
    *(N_("event"), N_("keywords"), N_("failed"), N_("file"), N_("first"), N_("found")),
    *(N_("host"), N_("hosts"), N_("hour"), N_("kind"), N_("market"), N_("media"), N_("minute")),
    *(N_("month"), N_("name"), N_("newest"), N_("offset"), N_("pictures"), N_("posts")),
    *(N_("rank"), N_("reasons"), N_("security"), N_("slug"), N_("source"), N_("spider")),
    *(N_("superseded"), N_("symbol"), N_("text"), N_("title"), N_("unchanged"), N_("until")),
    *(N_("verdict"), N_("version")),
)
_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in _WORDS},
        "added": N_("new"),
        "addresses": N_("fetched from"),
        "asked": N_("fetched articles"),
        "at": N_("time"),
        "body_provisional": N_("provisional text"),
        "body_source": N_("source of the text"),
        "captures": N_("responses"),
        "checked": N_("last checked"),
        "classes": N_("what changed"),
        "cursor": N_("number"),
        "document": N_("number in the search"),
        "ended": N_("end"),
        "extractor": N_("extracted by"),
        "flags": N_("marks of the source"),
        "modified": N_("changed, by the source"),
        "fetched": N_("time of the crawl"),
        "first_day": N_("first day"),
        "first_seen": N_("first archived"),
        "gone": N_("withdrawn"),
        "gone_from": N_("missing since"),
        "gone_until": N_("missing until"),
        "id": N_("number"),
        "info_code": N_("article id"),
        "key": N_("search key"),
        "known_from": N_("known since"),
        "known_until": N_("known until"),
        "Link": N_("row"),
        "lang": N_("language"),
        "last_day": N_("last day"),
        "length": N_("characters"),
        "link": N_("original"),
        "mentioned": N_("securities beside the text"),
        "month_day": N_("month and day"),
        "path": N_("file"),
        "post": N_("number of the post"),
        "precision": N_("precision of the time"),
        "published": N_("time of publication"),
        "q": N_("search"),
        "revised": N_("last revised"),
        "securities": N_("securities named"),
        "seen_from": N_("archived"),
        "seen_until": N_("superseded"),
        "sha256": "SHA-256",
        "since": N_("from"),
        "started": N_("start"),
        "status": N_("exit status"),
        "stock_list": N_("securities in lists"),
        "tag": N_("category's name"),
        "time": N_("clock time"),
        "type": N_("media type"),
        "url": N_("address"),
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
