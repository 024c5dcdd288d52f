"""Locate a sentence: the version, the file and the capture that have it."""

from archive.api.articles import facts_of_version
from archive.api.models import LocatedQuote, QuoteParameters, QuotePlaces
from archive.api.opened import OpenedArchive, until, validated
from archive.api.searching import as_of_text
from archive.catalog.known_versions import OF_ARTICLE
from archive.search import Query, find

# Articles whose versions are read for a sentence.
_MOST_READ = 50

_CODES = "SELECT info_code FROM {} WHERE id = :number"
_VERSIONS = f"""
    SELECT info_code AS id, * FROM ({OF_ARTICLE}) WHERE instr(text, :sentence)
    ORDER BY version, edition
"""  # noqa: S608 (our own columns)


def quotes(opened: OpenedArchive, parameters: QuoteParameters) -> QuotePlaces:
    """Return the versions of articles that have a sentence, with their hashes and captures.

    :raises InvalidQuery: when the text has nothing to search for.
    """
    at = until(parameters.as_of)
    found: list[LocatedQuote] = []
    for info_code in _candidates(opened, parameters):
        for row in opened.rows(_VERSIONS, id=info_code, at=at, sentence=parameters.text):
            start = row["text"].find(parameters.text)
            found.append(validated(LocatedQuote, row, **facts_of_version(row), start=start))
        if len(found) >= parameters.limit:
            break
    return QuotePlaces(as_of=parameters.as_of, items=found[: parameters.limit])


def _candidates(opened: OpenedArchive, parameters: QuoteParameters) -> list[str]:
    """Return articles that have all words of the sentence, the newest first."""
    # No phrase can contain a quotation mark before a space.
    words = " ".join(f'"{part}"' for part in parameters.text.replace('"', " ").split())
    query = Query(q=f"versions:all {words}", as_of=as_of_text(parameters.as_of))
    hits = find(opened.connection, query, limit=_MOST_READ)
    codes = (
        row["info_code"]
        for hit in hits
        for row in opened.rows(_CODES.format(query.tables.rows), number=hit.id)
    )
    return list(dict.fromkeys(codes))
