"""Load declarations from folders of TOML files."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from crawler.declarations.errors import InvalidDeclaration
from crawler.declarations.model import Declaration

_MOST_COMPLAINTS = 3


def load_all(folders: Iterable[Path]) -> dict[str, Declaration]:
    """Load every declaration of some folders, by its name.

    A declaration in a later folder replaces one of the same name in an earlier one.

    :raises InvalidDeclaration: when a file is wrong.
    """
    declarations, broken = load_each(folders)
    for error in broken.values():
        raise error
    return declarations


def load_each(
    folders: Iterable[Path],
) -> tuple[dict[str, Declaration], dict[str, InvalidDeclaration]]:
    """Load the declarations of some folders, and return what is wrong with the others, by name.

    A declaration in a later folder replaces one of the same name in an earlier one.
    """
    files = files_in(folders)
    declarations: dict[str, Declaration] = {}
    broken: dict[str, InvalidDeclaration] = {}
    for name, path in files.items():
        try:
            declaration = load(path)
            if unknown := [other for other in declaration.fallback if other not in files]:
                raise InvalidDeclaration(
                    f"{path}: fallback names {unknown[0]!r}, and no source has that name."
                )
            declarations[name] = declaration
        except InvalidDeclaration as error:
            broken[name] = error
    return declarations, broken


def files_in(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the file of every declaration of some folders, by its name."""
    files: dict[str, Path] = {}
    for folder in folders:
        files |= {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return files


def load(path: Path) -> Declaration:
    """Load a declaration.

    :raises InvalidDeclaration: with a sentence that names the file, the key, and what is allowed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidDeclaration(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InvalidDeclaration(f"{path} is not in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidDeclaration(f"{path} is not TOML: {error}.") from error
    return declared(table, path)


def declared(table: Mapping[str, Any], path: Path) -> Declaration:
    """Check a table as the declaration that a file holds.

    :raises InvalidDeclaration: when it is invalid.
    """
    if "name" in table:
        raise InvalidDeclaration(f"{path}: name is not a key here; the file's name is the name.")
    try:
        return Declaration.model_validate({**table, "name": path.stem})
    except ValidationError as error:
        complaints = list(dict.fromkeys(map(_complaint, error.errors())))[:_MOST_COMPLAINTS]
        raise InvalidDeclaration(f"{path}: {'; '.join(complaints)}.") from error


def undeclared(name: str, *, title: str | None = None, lang: str = "zh") -> Declaration:
    """Return a declaration of a source about which nothing is known but its name."""
    host = f"{name}.invalid"
    no_list = {
        "format": "json",
        "address": f"https://{host}/",
        "entries": "none",
        "fields": {"address": "address"},
        "seen": {"on": "2026-01-01", "first_hand": False},
    }
    return Declaration.model_validate(
        {
            "name": name,
            "title": title or name,
            "lang": lang,
            "site": f"https://{host}/",
            "hosts": [host],
            "family": f"*.{host}",
            "lists": {"none": no_list},
            "extract": True,
        }
    )


def _complaint(details: ErrorDetails) -> str:
    """Write what is wrong with a key, and what is allowed."""
    place = [str(part) for part in details["loc"] if not isinstance(part, int) and part != "[key]"]
    key = ".".join(place)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        close = get_close_matches(place[-1], _keys_beside(place), n=1)
        return f"{key} is not a key here" + (f"; {close[0]} is" if close else "")
    if kind == "missing":
        return f"{key} is missing"
    if kind in {"literal_error", "enum"}:
        return f"{key} should be {context['expected']}, not {details['input']!r}"
    if kind == "value_error":
        message = details["msg"].removeprefix("Value error, ")
        return f"{key} {message}" if key else f"it {message}"
    if kind in {"model_type", "dict_type", "mapping_type"}:
        return f"{key} should be a table, not {details['input']!r}"
    if kind == "too_short":
        return f"{key} should have one entry at least"
    return f"{key}: {details['msg'][:1].lower()}{details['msg'][1:]}, not {details['input']!r}"


def _keys_beside(place: list[str]) -> list[str]:
    """Return the keys that are known where a key is written."""
    tables: list[Any] = [Declaration]
    for part in place[:-1]:
        inner = [table.model_fields.get(part) for table in tables if _is_table(table)]
        found = [one for field in inner if field for one in _tables_in(field.annotation)]
        tables = found or tables  # a name of the user's own, such as that of a list
    return [
        field.alias or name
        for table in tables
        if _is_table(table)
        for name, field in table.model_fields.items()
    ]


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _tables_in(annotation: Any) -> list[Any]:
    if _is_table(annotation):
        return [annotation]
    return [table for inner in get_args(annotation) for table in _tables_in(inner)]
