"""The pages of docs/reference/, made of the code that they describe."""

import argparse
import ast
import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from pydantic import BaseModel
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from archive import grams
from archive.catalog import Catalog
from archive.cli import main
from archive.entries import PostRow, RevisionRow
from crawler import verdict
from settings import base
from tests.conftest import ROOT
from tests.declaration_reference import declarations_page
from tests.search_examples import EXAMPLES

WIDTH = 80
_MADE = "<!-- Made of the code by `pytest tests/test_reference.py --write-golden`. -->\n\n"


def settings_page() -> str:
    """Every settings module and the facts about the sources, block by block as they stand."""
    text = (
        "# Settings\n\nFrom the weakest to the strongest: what stands below, the environment"
        " variable `FINEWS_ARCHIVE` (for that one setting), and `-s NAME=VALUE` on the command line"
        " of `python -m scrapy`. Scrapy's own settings are in [Scrapy's documentation]"
        "(https://docs.scrapy.org/en/2.19/topics/settings.html).\n"
    )
    for path in sorted((ROOT / "settings").iterdir()):
        if path.name == "__init__.py" or path.suffix not in {".py", ".toml"}:
            continue
        source = path.read_text(encoding="utf-8")
        text += f"\n## {path.relative_to(ROOT)}\n"
        if path.suffix == ".py":
            text += f"\n{markdown(ast.get_docstring(ast.parse(source)) or '')}\n"
        for comment, code in blocks(source):
            kind = {".py": "python", ".toml": "toml"}[path.suffix]
            text += f"\n{comment}\n" if comment else ""
            text += f"\n```{kind}\n{code}\n```\n" if code else ""
    return text


def blocks(source: str) -> Iterator[tuple[str, str]]:
    """Comments, and the code that follows each, of a file of assignments."""
    for block in re.split(r"\n{2,}", source.strip()):
        comments: list[str] = []
        code: list[str] = []
        for line in block.splitlines():
            if line.startswith("#") and code:  # another comment of the same block
                yield " ".join(comments), "\n".join(code)
                comments, code = [], []
            (comments if line.startswith("#") else code).append(line.removeprefix("# "))
        text = "\n".join(code)
        if not text.startswith(('"""', "import ", "from ")):
            yield " ".join(comments), text


def arguments_page() -> str:
    """What each spider may be told with ``-a``."""
    text = (
        "# Arguments of the spiders\n\n`python -m scrapy crawl SPIDER -a NAME=VALUE`. A wrong name"
        " or value is refused in one sentence, before any request, with exit status 2.\n"
    )
    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": base.SPIDER_MODULES}))
    for name in sorted(loader.list()):
        spider = loader.load(name)
        arguments: type[BaseModel] | None = getattr(spider, "arguments", None)
        text += f"\n## {name}\n\n{first_paragraph(spider)}\n"
        told = parameters(arguments) if arguments else {}
        if told:
            text += "\n| argument | meaning |\n| --- | --- |\n"
        text += "".join(f"| `{field}` | {markdown(meaning)} |\n" for field, meaning in told.items())
    return text


def first_paragraph(documented: object) -> str:
    return markdown(" ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split()))


def parameters(documented: type) -> dict[str, str]:
    """The ``:param`` lines of a docstring."""
    found = re.findall(
        r"^:param (\w+): (.*?)(?=^:|\Z)", inspect.getdoc(documented) or "", re.MULTILINE | re.DOTALL
    )
    return {name: " ".join(meaning.split()) for name, meaning in found}


def markdown(docstring: str) -> str:
    return docstring.replace("``", "`").replace("|", r"\|")


def commands_page() -> str:
    """Every command: `finews …` with its help, and the project's own of Scrapy."""
    text = (
        "# Commands\n\nEvery command of `finews` ends with 0 when it did its job, with 1 and one"
        " sentence when it could not, and with 2 when it was called wrongly. `verify` and"
        " `rebuild` end with 3 when something is wrong with the archive, and with 4 while it is"
        " being written; `sources` has statuses of its own. Ctrl-C, SIGTERM and SIGHUP end a"
        " command in good order, with 9; `browse`, which only serves, with 0. Those of"
        " `python -m scrapy` are told in [exit statuses](exit-statuses.md).\n"
    )
    for name, command in commands_of(main, "finews"):
        context = click.Context(
            command, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH
        )
        context.help_option_names = ["-h", "--help"]
        command._help_option = None  # which click keeps from whoever asked for help first
        text += f"\n## {name}\n\n```\n{command.get_help(context).rstrip()}\n```\n"
    for path in sorted((ROOT / "crawler" / "commands").glob("[a-z]*.py")):
        command = import_module(f"crawler.commands.{path.stem}").Command()
        text += f"\n## python -m scrapy {path.stem}\n\n{command.short_desc()}.\n\n"
        text += f"```\npython -m scrapy {path.stem} {command.syntax()}\n```\n"
        options = own_options(command)
        text += "\n| option | meaning |\n| --- | --- |\n" if options else ""
        text += "".join(f"| {flags} | {markdown(meaning)} |\n" for flags, meaning in options)
    return text


def commands_of(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command and those below it."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            below = command.get_command(context, child)
            assert below is not None
            yield from commands_of(below, f"{name} {child}")


def own_options(command: ScrapyCommand) -> list[tuple[str, str]]:
    """Flags and help of what a command has besides those that all of Scrapy's have."""

    def flags_of(of: ScrapyCommand) -> dict[str, str]:
        of.settings = Settings()
        parser = argparse.ArgumentParser(conflict_handler="resolve")
        of.add_options(parser)
        actions = parser._actions
        return {
            ", ".join(f"`{flag}`" for flag in action.option_strings): str(action.help)
            for action in actions
        }

    class Plain(ScrapyCommand):
        def run(self, args: list[str], opts: argparse.Namespace) -> None:
            """Never called."""

        def short_desc(self) -> str:
            return ""

    common = flags_of(Plain())
    shown = flags_of(command)
    return [(flags, meaning) for flags, meaning in shown.items() if flags not in common]


def exit_statuses_page() -> str:
    """The statuses of a crawl, with what is said of each in the code."""
    text = (
        "# Exit statuses of a crawl\n\nOf `python -m scrapy crawl` and `python -m scrapy replay`."
        " [What to do](../operating.md#when-a-crawl-fails) about each.\n\n"
        "| status | meaning |\n| --- | --- |\n"
    )
    for status in verdict.ExitStatus:
        meaning = member_docstrings(verdict.ExitStatus)[status.name]
        text += f"| {status.value} | {markdown(meaning)} |\n"
    return text


def member_docstrings(enumeration: type) -> dict[str, str]:
    """The string below each member."""
    (definition,) = ast.parse(inspect.getsource(enumeration)).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for member, text in zip(definition.body, definition.body[1:], strict=False):
        match member, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=told)):
                found[name] = " ".join(str(told).split())
    return found


def catalog_page() -> str:
    """The tables of a new catalog as SQLite has them."""
    meanings: dict[str, dict[str, str]] = {
        "posts": parameters(PostRow),
        "revisions": parameters(RevisionRow),
    }
    text = (
        "# The catalog\n\n`catalog.db`, an SQLite file in WAL mode: read it as you like, while"
        " crawls write to it. [What is where](../archive.md#what-is-where-in-the-catalog) tells it"
        f" in words. {first_paragraph(PostRow)}\n"
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        Catalog(path).close()
        with closing(sqlite3.connect(path)) as connection:
            for name, kind, sql in connection.execute(
                "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')"
                " AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'posts_search_%'"
                " AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY type, name"
            ):
                if kind == "view" or "VIRTUAL" in sql:
                    text += f"\n## {name}\n\n```sql\n{inspect.cleandoc(sql)}\n```\n"
                else:
                    text += table(connection, name, meanings.get(name, {}))
    return text


def table(connection: sqlite3.Connection, name: str, meanings: dict[str, str]) -> str:
    """A table's columns, what they refer to, and its indexes."""
    text = f"\n## {name}\n\n| column | type | |\n| --- | --- | --- |\n"
    refers = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
    for _, column, kind, not_null, _, key in connection.execute(f"PRAGMA table_info({name})"):
        notes = [
            "key" if key else "" if not_null else "may be null",
            f"of `{refers[column]}`" if column in refers else "",
            markdown(meanings.get(column, "").rstrip(".")),
        ]
        text += f"| `{column}` | {kind.lower()} | {'; '.join(filter(None, notes))} |\n"
    indexes = [
        ", ".join(row[2] for row in connection.execute(f"PRAGMA index_info({index})"))
        for _, index, *_ in connection.execute(f"PRAGMA index_list({name})")
    ]
    if indexes:
        text += f"\nIndexes: {'; '.join(f'({columns})' for columns in sorted(indexes))}.\n"
    return text


def search_page() -> str:
    """The search syntax, in the words of the code, with examples that a test runs."""
    _, told = (inspect.getdoc(grams) or "").split("\n\n", 1)
    text = (
        "# Searching\n\nThis is how the search box of `finews browse`, `finews export --search` and"
        " `posts_search MATCH escape_fts(…)` in SQL read a query.\n\n" + told.replace("``", "`")
    )
    text += (
        f"\n\nOf a query {grams.MAX_QUERY} characters are read, and {grams.MAX_TERMS} terms used."
        "\n\n| query | finds | does not find |\n| --- | --- | --- |\n"
    )
    for query, found, not_found in EXAMPLES:
        text += f"| `{query}` | {found} | {not_found} |\n"
    return text


PAGES: dict[str, Callable[[], str]] = {
    "settings": settings_page,
    "arguments": arguments_page,
    "commands": commands_page,
    "exit-statuses": exit_statuses_page,
    "catalog": catalog_page,
    "search": search_page,
    "declarations": declarations_page,
}


def page(name: str) -> str:
    """A page of the reference, whole."""
    title, _, rest = PAGES[name]().partition("\n\n")
    return f"{title}\n\n{_MADE}{rest}"
