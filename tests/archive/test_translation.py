"""Every message has its Chinese half, and a reader gets one language."""

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po, write_po
from hypothesis import given
from hypothesis import strategies as st

from archive.api.openapi import openapi
from archive.cli import main
from archive.commands.help import texts_of
from archive.translation import (
    CATALOGUES,
    Language,
    current_language,
    gettext,
    language,
    language_of,
    language_of_environment,
    negotiate,
    ngettext,
)
from tests.support.messages import texts

ROOT = Path(__file__).parents[2]
PACKAGES = ("archive", "cluster", "crawler", "demo")
PO = CATALOGUES / "zh.po"
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
_UNWANTED = (
    *('"Project-Id', '"Report-', '"POT-', '"PO-', '"Last-T', '"Language-Team', '"Generated-By'),
    "# ",
)
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}

#: The modules and packages whose texts have no Chinese half, besides those that `_` marks.
IN_ENGLISH = (
    # For programs and agents: what the API and metrics answer; the page of the API is translated.
    *("archive/api/", "archive/browse/api.py", "archive/mcp/", "archive/monitoring/metrics.py"),
    *("archive/export/dataset.py", "archive/export/parquet.py"),
    # `cluster` has its own operators; the made-up sites answer the crawler alone.
    *("cluster/", "demo/"),
    # Names of elements, columns and rules.
    *("archive/content/safe_html.py", "archive/content/tree.py", "archive/content/text_mention.py"),
    *("archive/html_limits.py", "archive/search/conditions.py", "archive/search/index.py"),
    *("archive/browse/filters.py", "crawler/declarations/formats.py"),
)

TRANSLATED_ANYWAY = ("demo/__main__.py", "demo/articles.py", "demo/faults.py")

#: Texts that no person reads.
NO_MESSAGES = frozenset(
    (
        # Compared with texts of libraries, or formatted from them.
        *("unclosed database", "Value error, ", "Forbidden by robots.txt"),
        *("certificate verify failed", "%(key)s: %(lower)s%(msg)s, not %(input)s"),
        # In files and logs, which no language changes.
        "theme: half exported (run finews export site again)\n",
        "%(stage)s of %(article)s as %(edition)s, %(visit)s",
        *("cause of version ", "end of crawl ", "%(title)s, lists.%(chosen)s: %(entries)s"),
        # Commands and patterns.
        *("finews import --source %(shown)s FILE...", "\\s*<!doctype html|\\s*<html"),
    )
)

#: Reasons of the system and of SQLite.
REASONS = (
    *map(
        os.strerror,
        (
            *(errno.EACCES, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.ECONNREFUSED),
            *(errno.EDQUOT, errno.EEXIST, errno.EFBIG, errno.EIO, errno.EISDIR, errno.ELOOP),
            *(errno.EMFILE, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOMEM, errno.ENOSPC),
            *(errno.ENOTDIR, errno.ENOTEMPTY, errno.EPERM, errno.EPIPE, errno.EROFS),
        ),
    ),
    *("attempt to write a readonly database", "database disk image is malformed"),
    *("database is locked", "database or disk is full", "disk I/O error"),
    *("file is not a database", "unable to open database file"),
)


@cache
def messages() -> Catalog:
    """The messages of the code and the templates."""
    catalogue = Catalog(locale="zh", charset="utf-8")
    for package in PACKAGES:
        found = extract_from_dir(
            ROOT / package, METHODS, OPTIONS, directory_filter=lambda path: "theme" not in path
        )
        for name, _, message, _, _ in found:
            catalogue.add(message, locations=[(f"{package}/{name}", 0)])
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(TRANSLATED_ANYWAY) or not name.startswith(IN_ENGLISH):
                for text in texts(path):
                    if text not in NO_MESSAGES:
                        catalogue.add(text, locations=[(name, 0)])
    for reason in REASONS:
        catalogue.add(reason, locations=[("archive/storage", 0)])
    for text in descriptions(openapi("")):
        catalogue.add(text, locations=[("archive/api", 0)])
    context = click.Context(main)
    for command in (
        main,
        *(main.get_command(context, name) for name in main.list_commands(context)),
    ):
        for text in texts_of(command):
            catalogue.add(text, locations=[(f"finews/{command.name}", 0)])
    return catalogue


def descriptions(document: Any) -> Iterator[str]:
    """The texts in the description of the API."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name in ("description", "summary") and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(document, list):
        for value in document:
            yield from descriptions(value)


def written(catalogue: Catalog) -> bytes:
    """The catalogue as a file, in the order of the messages."""
    file = BytesIO()
    write_po(
        file,
        catalogue,
        width=100,
        omit_header=False,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    lines = file.getvalue().decode().splitlines()
    return "".join(f"{line}\n" for line in lines if not line.startswith(_UNWANTED)).encode()


def chinese() -> Catalog:
    """The Chinese catalogue."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


def test_every_message_has_its_other_half(request: pytest.FixtureRequest) -> None:
    catalogue, found = chinese(), messages()
    if request.config.getoption("--write-golden"):
        catalogue.update(found, no_fuzzy_matching=True)
        PO.write_bytes(written(catalogue))
        catalogue = chinese()
    known = {message.id: message for message in catalogue if message.id}
    wanted = {message.id for message in found if message.id}
    assert wanted - known.keys() == set(), "run pytest --write-golden, and translate"
    assert known.keys() - wanted == set(), "run pytest --write-golden"
    assert not catalogue.obsolete
    for message in known.values():
        halves = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(halves), f"{message.id} is not translated"
        assert not message.fuzzy, message.id
        assert not list(message.check(catalogue)), message.id


def test_english_is_the_language_of_the_messages() -> None:
    for message in messages():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in ids:
            assert len(re.findall("[a-zA-Z]", text)) >= len(re.findall("[\u4e00-\u9fff]", text))


def test_both_halves_have_the_same_names_commands_and_numbers() -> None:
    """A wrong half, such as that of a similar message, has others."""
    typed = re.compile(
        r"`(?:finews|mkdir)[^`%]+`|(?<![\w-])--?[a-z][a-z-]+|FINEWS_\w+|\b\d{2,}\b|\w+\.(?:toml|db)"
    )
    for message in chinese():
        if message.id and isinstance(message.id, str) and isinstance(message.string, str):
            halves = [
                set(typed.findall(text.replace("\n", " "))) for text in (message.id, message.string)
            ]
            assert halves[0] == halves[1], message.id


def test_messages_are_in_the_current_language() -> None:
    assert current_language() is Language.ENGLISH
    assert gettext("There is no such page.") == "There is no such page."
    assert ngettext("%(num)s post", "%(num)s posts", 1) == "1 post"
    assert ngettext("%(num)s post", "%(num)s posts", 2) == "2 posts"
    with language(Language.CHINESE):
        assert gettext("There is no such page.") == "没有这个页面。"
        assert ngettext("%(num)s post", "%(num)s posts", 2) == "2 篇"
    assert current_language() is Language.ENGLISH


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "zh"),
        ("fr", "zh"),
        ("*", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-TW,en;q=0.9", "zh"),
        ("en;q=0.3, zh-Hans-CN;q=0.7", "zh"),
        ("en;q=0, *", "zh"),
        ("zh;q=0,*;q=0.5", "en"),
        ("fr;q=1.0,en;q=0.2", "en"),
        ("en;q=nonsense", "zh"),
        ("EN-us", "en"),
    ],
)
def test_a_browser_gets_the_language_that_it_prefers(header: str, expected: str) -> None:
    assert negotiate(header) == expected


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert negotiate(header) in Language
    assert language_of(header) in {*Language, None}


def test_commands_have_the_language_of_the_environment() -> None:
    assert language_of_environment({"LANG": "zh_CN.UTF-8"}) is Language.CHINESE
    assert language_of_environment({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}) is Language.ENGLISH
    assert language_of_environment({"LC_MESSAGES": "zh", "LANG": "de_DE"}) is Language.CHINESE
    assert language_of_environment({"LC_ALL": "", "LANG": "fr_FR"}) is Language.ENGLISH
    assert language_of_environment({}) is Language.ENGLISH


def test_the_words_of_click_are_compiled_and_known_to_it() -> None:
    """Python's gettext, by which click finds them, reads compiled catalogues alone."""
    folder = CATALOGUES / "zh" / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh")
    with (folder / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    halves = [
        {json.dumps(message.id): json.dumps(message.string) for message in each if message.id}
        for each in (compiled, catalogue)
    ]
    assert halves[0] == halves[1]
    words = extract_from_dir(Path(click.__file__).parent, [("**.py", "python")])
    known = {message for _, _, message, _, _ in words}
    for message in catalogue:
        assert not message.id or message.id in known, message.id
        assert not message.id or not list(message.check(catalogue)), message.id


def test_help_and_errors_are_in_the_language_of_the_environment() -> None:
    def run(*arguments: str) -> str:
        code = "from archive.cli import main; main(prog_name='finews')"
        command = (sys.executable, "-c", code, *arguments)
        environment = {**os.environ, "LC_ALL": "zh_CN.UTF-8", "COLUMNS": "80"}
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        return ended.stdout + ended.stderr

    shown = run("verify", "--help")
    assert "用法： finews verify [OPTIONS] [ARCHIVE]" in shown
    assert "修复损坏；不会因此丢失什么。\n" in shown
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", shown), shown
    assert "错误：没有命令 'serch'。 是不是 'search'？\n" in run("serch")
    assert "错误：elsewhere 里没有存档：" in run("stats", "elsewhere")
