"""The layout of articles that are answered as JSON, and which of its fields is what."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crawler.declarations.answers import Answer, json_in, text_of
from crawler.declarations.paths import PathError
from crawler.discovery.json_lists import fields_of, quoted

_DEEPEST = 6
_NEEDED = {"title", "body"}


def json_layout(articles: Sequence[Answer]) -> dict[str, Any] | None:
    """Return the table of a layout that reads answers of JSON; None where no article is one."""
    for article in articles:
        try:
            document = json_in(text_of(article))
        except PathError:
            continue
        found = [
            (len(str(value)), path, fields)
            for path, value in _objects(document, (), 0)
            if (fields := fields_of([value], article.fetched, inside=False)).keys() >= _NEEDED
        ]
        if found:
            _, path, fields = max(found, key=lambda one: (len(one[2]), one[0]))
            whole = {name: ".".join((*path, key)) for name, key in fields.items()}
            whole.pop("address", None)  # its page, which is not where it was asked for
            return {"format": "json", "fields": whole}
    return None


def _objects(
    node: Any, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    if depth > _DEEPEST or not isinstance(node, dict):
        return
    yield path, node
    for key, value in node.items():
        yield from _objects(value, (*path, quoted(key)), depth + 1)
