"""The page of docs/reference/ about declarations of sources, made of their model."""

import inspect
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from crawler.declarations import values
from crawler.declarations.model import Declaration
from crawler.declarations.values import TimeValue, Value


def declarations_page() -> str:
    """Every table and key of a declaration, and the sources that are declared."""
    text = (
        "# Declarations of sources\n\nA file of `settings/sources/`, such as"
        " `settings/sources/ths.toml`, declares the source that has its name. It holds facts"
        " alone. Paths into JSON are"
        " [JMESPath](https://jmespath.org/specification.html), with one function more,"
        " `parse_json(text)`, for JSON that is written in a text; paths into HTML are CSS, or XPath"
        " where they begin with `/`, `./`, `../` or `(`; paths into feeds and sitemaps are XPath."
        " [The sources](sources.md) that finews declares have a page of their own."
        " A list named `news` is the table `lists.news`, a layout named `page` is `articles.page`."
        "\n\n## Values\n\nA value is a path, a table, or a list of both, whose first text counts."
    )
    text += f"\n\n```toml\n{_examples()}\n```\n"
    for name, table in _tables():
        text += f"\n## {name}\n\n{_paragraphs(table)}\n\n| key | | meaning |\n| --- | --- | --- |\n"
        keys = (
            (key, field)
            for key, field in table.model_fields.items()
            if key != "name" or table is not Declaration
        )
        text += "".join(_row(key, field, table) for key, field in keys)
    return text


def _tables() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield every table with its place, the tables of values last."""
    waiting: list[tuple[str, type[BaseModel]]] = [("The file", Declaration)]
    met: dict[type[BaseModel], str] = {}
    while waiting:
        name, table = waiting.pop(0)
        if table in met:
            continue
        met[table] = name
        for key, field in table.model_fields.items():
            for inner in _tables_in(field.annotation):
                place = key if table is Declaration else f"{name}.{key}"
                waiting.append((f"{place}.NAME" if _is_mapping(field) else place, inner))
    names = {Value: "A value", TimeValue: "A time"}
    yield from ((names.get(table, name), table) for table, name in met.items())


def _tables_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables_in(inner)


def _choices(annotation: Any) -> Iterator[str]:
    """Yield the words that a key may have, where they are few."""
    if inspect.isclass(annotation) and issubclass(annotation, StrEnum):
        yield from annotation
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for inner in get_args(annotation):
            yield from _choices(inner)


def _is_mapping(field: FieldInfo) -> bool:
    return "Mapping" in str(field.annotation)


def _row(key: str, field: FieldInfo, table: type[BaseModel]) -> str:
    inner = next(_tables_in(field.annotation), None)
    meaning = _meanings(table).get(key) or (_paragraphs(inner) if inner else "")
    if choices := [f"`{one}`" for one in _choices(field.annotation)]:
        meaning = f"{meaning} One of {', '.join(choices)}."
    default = field.get_default(call_default_factory=True)
    if field.is_required():
        note = "required"
    elif isinstance(default, str | float | int) and default not in ("", False):
        note = f"else `{str(default).lower() if isinstance(default, bool) else default}`"
    else:
        note = ""
    return f"| `{field.alias or key}` | {note} | {meaning} |\n"


def _meanings(table: type[BaseModel]) -> dict[str, str]:
    """Return the ``:param`` lines of a table, and of the tables that it continues."""
    found: dict[str, str] = {}
    for part in reversed(table.__mro__):
        if issubclass(part, BaseModel) and part.__doc__:
            lines = re.findall(
                r"^:param (\w+): (.*?)(?=^:|\Z)", inspect.cleandoc(part.__doc__), re.M | re.S
            )
            found |= {name: _markdown(meaning) for name, meaning in lines}
    return found


def _paragraphs(table: type[BaseModel]) -> str:
    return _markdown(inspect.cleandoc(table.__doc__ or "").partition("\n\n:param")[0])


def _markdown(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", r"\|")


def _examples() -> str:
    return inspect.cleandoc((values.__doc__ or "").partition("\n\n")[2])
