"""Read the rows of a table as articles."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from archive.article import Article
from archive.errors import InvalidArticle, Refused
from crawler.declarations.composed import composed, to_article
from crawler.declarations.lists import read_entry
from crawler.declarations.model import ListTable
from crawler.declarations.paths import PathError
from crawler.declarations.reading import Scope
from crawler.declarations.times import states_zone
from crawler.importing.mapping import Mapping
from crawler.importing.publishers import Publishers
from crawler.importing.rows import Row, rows_of


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row, and the article in it.

    :param article: None where it has none that can be read.
    :param first_seen: when the article was first seen; None where the row does not state it.
    :param is_zoneless: whether the time of the article states no zone.
    :param problem: why it has no article.
    """

    number: int
    article: Article | None = None
    first_seen: datetime | None = None
    is_zoneless: bool = False
    problem: str = ""


def articles_in(
    path: Path, mapping: Mapping, publishers: Publishers, now: datetime
) -> Iterator[ReadRow]:
    """Yield the rows of a table.

    :param now: the time of the import; aware.
    :raises FinewsError: when the rest of the file cannot be read.
    :raises OSError: when the file cannot be read.
    """
    table, zone = mapping.table, ZoneInfo(mapping.zone)
    for row in rows_of(path, mapping):
        if row.values is None:
            yield ReadRow(row.number, problem=row.problem)
            continue
        scope = Scope(entry=row.values, answer=row.values, zone=zone)
        try:
            yield _read(row, scope, mapping, table, publishers, now)
        except (PathError, Refused, OverflowError) as error:
            yield ReadRow(row.number, problem=str(error))


def _read(
    row: Row,
    scope: Scope,
    mapping: Mapping,
    table: ListTable,
    publishers: Publishers,
    now: datetime,
) -> ReadRow:
    """Read a row; a time such as 昨天 is one near the time when its article was first seen.

    :raises PathError: when a value is not what the mapping describes.
    :raises Refused: when the row is no article.
    """
    address = scope.link(mapping.fields.address)
    if address is None:
        raise InvalidArticle("it has no address")
    publisher = publishers.source_at(address)
    if publisher is None:
        raise Refused(f"{address} is of no declared source; name one with --source")
    declaration = publisher.declaration
    seen = scope.time("first_seen", mapping.first_seen)
    first_seen = seen.time.astimezone(UTC) if seen else None
    scope = replace(scope, fetched=first_seen)
    entry = read_entry(declaration, table, scope)
    written = scope.text(mapping.fields.published) or ""
    found = composed(declaration, entry)
    missing = {
        "text": found is None,
        "time": entry.published is None,
        "title": entry.title is None and bool(mapping.fields.title),
    }
    if lacks := [name for name, is_missing in missing.items() if is_missing]:
        raise InvalidArticle(f"it has no {', '.join(lacks)}")
    assert found, "its text is not missing"
    article = to_article(
        found,
        declaration,
        fetched=first_seen or now,
        addresses=(),
        lexicon=publisher.lexicon,
    )
    return ReadRow(row.number, article, first_seen, is_zoneless=not states_zone(written))
