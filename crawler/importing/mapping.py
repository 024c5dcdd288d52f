"""How the rows of a table are read: a user's mapping of columns to the fields of an article.

    source = "caixun"
    encoding = "gb18030"

    [fields]
    title = "headline"
    published = { path = "pub_date", format = "%Y/%m/%d %H:%M" }
    address = "url"
    body = "content"

A path is a JMESPath in JSON Lines, and the name of a column in CSV.
"""

import json
import tomllib
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from archive.errors import FinewsError
from archive.validation import in_one_sentence
from crawler.declarations.formats import Format
from crawler.declarations.model import Encoding, ListTable, SourceName, Zone
from crawler.declarations.values import Fields, Table, TimeAlternatives, paths_in

_FIRST_SEEN = "first_seen"
_NEEDED = ("address", "published", "body")
#: Keys of a value whose paths lead to columns.
_PATHS = frozenset({"path", "join", "near", "each"})
_OF_ALL_ROWS = "https://rows.invalid/"


class InvalidMapping(FinewsError):
    """A mapping is wrong, or a table does not have its columns."""


class Mapping(Table):
    """What the rows of a table hold of articles.

    :param source: whose articles those are whose address is of no declared source.
    :param title: the name of that source for readers.
    :param lang: the language of its articles.
    :param zone: the time zone of times that name none.
    :param encoding: of the file's characters; without it, UTF-8, or UTF-16 with a byte order mark.
    :param delimiter: between the columns of CSV; without it, the one that gives the columns.
    :param first_seen: when the article was first seen; without it, at the time of the import.
    :param fields: of an article, as in a declaration.
    """

    source: SourceName | None = None
    title: str | None = None
    lang: str = "zh"
    zone: Zone = "Asia/Shanghai"
    encoding: Encoding | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    first_seen: TimeAlternatives = ()
    fields: Fields

    @model_validator(mode="after")
    def _has_what_articles_need(self) -> "Mapping":
        for name in _NEEDED:
            if not getattr(self.fields, name):
                raise ValueError(f"should have fields.{name}")
        _ = self.table  # checks the paths
        return self

    @property
    def table(self) -> ListTable:
        """The mapping as the table of a list whose only entry is a row."""
        return ListTable.model_validate(
            {
                "format": Format.JSON,
                "address": _OF_ALL_ROWS,
                "entries": "@",
                "whole": True,
                "fields": self.fields,
                "seen": {"on": "2026-01-01", "first_hand": True},
            }
        )

    @property
    def columns(self) -> list[str]:
        """The columns of CSV that the mapping names, each once."""
        paths = paths_in((*self.first_seen, self.fields))
        return list(dict.fromkeys(json.loads(path) for path in paths if path.startswith('"')))


def load_mapping(file: Path | None, pairs: AnyMapping[str, str], *, of_csv: bool) -> Mapping:
    """Load a mapping.

    :param file: a TOML file; None where there are only pairs.
    :param pairs: paths by the names of fields; they replace those of the file.
    :param of_csv: whether paths are names of columns.
    :raises InvalidMapping: with a sentence that names what is wrong.
    """
    place = f"The mapping {file}" if file else "The mapping"
    table = _read(file) if file else {}
    fields = table.get("fields", {})
    if not isinstance(fields, dict):
        raise InvalidMapping(f"{place} is wrong: fields should be a table.")
    own = {name: path for name, path in pairs.items() if name != _FIRST_SEEN}
    table["fields"] = {**fields, **own}
    if _FIRST_SEEN in pairs:
        table[_FIRST_SEEN] = pairs[_FIRST_SEEN]
    if of_csv:
        table["fields"] = {name: _of_columns(value) for name, value in table["fields"].items()}
        table[_FIRST_SEEN] = _of_columns(table.get(_FIRST_SEEN, ()))
    try:
        return Mapping.model_validate(table)
    except ValidationError as error:
        raise InvalidMapping(f"{place} is wrong: {in_one_sentence(error)}") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidMapping(f"The mapping {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidMapping(f"The mapping {file} is not TOML: {error}.") from error


def _of_columns(value: Any) -> Any:
    """Return a value whose paths are names of columns with paths that JMESPath reads."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return [_of_columns(one) for one in value]
    if isinstance(value, dict):
        return {key: _of_columns(one) if key in _PATHS else one for key, one in value.items()}
    return value
