"""Generate the reference pages of the Python face and of the HTTP API."""

import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

from pydantic import BaseModel

from archive.api.endpoints import ENDPOINTS
from archive.api.news import News, Results, open  # noqa: A004
from archive.api.openapi import BASE, openapi, parameters_of

EXAMPLE = """\
import archive

with archive.open("news") as news:
    for found in news.search("央行 OR 银行", since="2021-12"):
        article = news.get(found.id)
        print(article.published, article.id, article.title, article.length)

    cursor = 0
    for change in news.changes(after=cursor, events="edited,gone"):
        print(change.at, change.id, [edit.after for edit in change.edits])
        cursor = change.cursor

    then = news.as_of("2026-11-22T09:30")
    table = then.search("银行").to_arrow()
"""
_EXPLAINED = ":param ", ":raises ", ":returns: "


def python_page() -> str:
    """Return the page of what ``import archive`` offers for reading."""
    text = (
        "# Python\n\n`import archive` reads an archive. A crawl may write to it meanwhile. The"
        " answers are the same models that [the API](api.md) returns as JSON.\n\n"
        f"```python\n{EXAMPLE}```\n\n{prose(inspect.getdoc(News) or '').partition('- ')[0]}"
        "Search results, versions, changes and media are `Results`: they are read while a program"
        " iterates over them. `to_arrow()` returns them as a table of pyarrow, `to_pandas()` as a"
        " data frame of pandas; both packages are optional.\n\n"
        "Every error is an `archive.FinewsError`, whose text is one sentence: `InvalidQuery` for"
        " wrong arguments, `NotArchived`, and `ArchiveError` when the archive cannot be read.\n"
    )
    text += function("archive.open", open)
    for kind, prefix in ((News, "news"), (Results, "results")):
        for name, member in vars(kind).items():
            if inspect.isfunction(member) and not name.startswith("_"):
                text += function(f"{prefix}.{name}", member)
    return text


def function(name: str, function: Any) -> str:
    """Return the section of a function: its signature and its docstring."""
    hints = get_type_hints(function)
    signature = inspect.signature(function)
    shown = ", ".join(
        each.name if each.default is each.empty else f"{each.name}={each.default!r}"
        for each in signature.parameters.values()
        if each.name != "self"
    )
    returned = model_of(hints["return"])
    link = f" → [{returned}](api.md#{returned.lower()})" if returned else ""
    return f"\n## {name}\n\n`{name}({shown})`{link}\n\n{prose(inspect.getdoc(function) or '')}\n"


def model_of(hint: Any) -> str | None:
    """Return the name of the model of an answer in a type."""
    inner = next(iter(getattr(hint, "__args__", ())), hint)
    return inner.__name__ if inspect.isclass(inner) and issubclass(inner, BaseModel) else None


def prose(docstring: str) -> str:
    """Return a docstring as Markdown, its parameters as a list."""
    lines: list[str] = []
    for line in docstring.replace("``", "`").splitlines():
        if line.startswith(_EXPLAINED):
            _, kind, meaning = line.split(":", 2)
            word, _, name = kind.partition(" ")
            label = {"param": f"`{name}`", "raises": f"`{name}`", "returns": "Returns"}[word]
            lines.append(f"- {label}:{meaning}")
        elif line.startswith("    "):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines).strip()


def api_page() -> str:
    """Return the page of the HTTP API."""
    document = openapi("")
    text = (
        f"# The API\n\n`finews browse` serves it at `{BASE}/`: JSON, read-only. A running site has"
        f" this page at `{BASE}/docs` and the OpenAPI 3.1 document at `{BASE}/openapi.json`.\n\n"
        f"- `{BASE}/search?q=降准&as_of=2026-11-22T09:30` answers from what the archive had stored"
        " at that time in Shanghai. Nothing that it learnt later is in the answer: no article, no"
        " version, no count, no withdrawal. A search does not find what was withdrawn by then.\n"
        "- To read all pages, pass the `next` of a page as `after`. A page begins after an article,"
        " not after a number of articles, so that nothing is read twice or left out.\n"
        "- An answer has an ETag; `If-None-Match` with it gets status 304 while nothing changed.\n"
        "- An error is a problem (RFC 9457, `application/problem+json`): 400 with each wrong"
        " parameter, 404, 429 with `Retry-After`, 503. The option `--api-rate` of `finews browse`"
        " sets the requests in a minute that an address may send.\n"
    )
    for endpoint in ENDPOINTS:
        text += f"\n## GET {BASE}{endpoint.path}\n\n{endpoint.summary} → {link(endpoint.answer)}\n"
        text += "\n| parameter | type | meaning |\n| --- | --- | --- |\n"
        for each in parameters_of(endpoint):
            required = ", required" if each["required"] else ""
            text += row(each["name"], kind(each["schema"]) + required, each["description"])
    text += "\n## Answers\n"
    for name, schema in document["components"]["schemas"].items():
        text += f"\n### {name}\n\n{schema['description']}\n"
        text += "\n| field | type | meaning |\n| --- | --- | --- |\n"
        for field, each in schema["properties"].items():
            text += row(field, kind(each), each.get("description", ""))
    return text


def row(name: str, kind: str, meaning: str) -> str:
    return f"| `{name}` | {kind} | {meaning} |\n"


def link(model: type[BaseModel]) -> str:
    return f"[{model.__name__}](#{model.__name__.lower()})"


def kind(schema: dict[str, Any]) -> str:
    """Return the type of a field, as a cell of a table."""
    return " or ".join(kinds(schema))


def kinds(schema: dict[str, Any]) -> Iterator[str]:
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        yield f"[{name}](#{name.lower()})"
    elif choices := schema.get("anyOf"):
        for each in choices:
            yield from kinds(each)
    elif "enum" in schema:
        yield ", ".join(f"`{value}`" if value else "nothing" for value in schema["enum"])
    elif schema.get("type") == "array":
        yield f"list of {kind(schema['items'])}"
    else:
        yield schema.get("format") or schema.get("type", "null")
