"""Show the help of commands in the operator's language.

The texts are those of the commands, in English, and `archive.translation` has their Chinese half.
click itself takes its own words, such as "Options", from
``archive/locale/zh/LC_MESSAGES/messages.mo``.
"""

import gettext
import inspect
import re
from collections.abc import Iterable, Iterator

import click

from archive.terminal import columns_of
from archive.translation import CATALOGUES, Language, current_catalogue, current_language

# A Chinese character, a word, each with the marks that must not begin a line; or white space.
_PIECE = re.compile(r"(?:[⺀-鿿＀-￯]|[^\s⺀-鿿＀-￯]+)[，。、；：？！）”》]*|\s+")
# The help of an option, and what click adds to it, such as the default.
_OF_OPTION = re.compile(r"(.*?)(  \[.*\])?", re.DOTALL)

# The whole help of each command, by its first sentence, which lists of commands show.
_WHOLE: dict[str, str] = {}


class _Formatter(click.HelpFormatter):
    """Translates the texts of the help, and wraps lines by the columns that characters take."""

    def write_heading(self, heading: str) -> None:
        super().write_heading(_translated(heading))

    def write_text(self, text: str) -> None:
        super().write_text(_wrapped(_translated(text), self.width - self.current_indent))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        rows = [(term, _translated_row(text)) for term, text in rows]
        first = min(max(len(term) for term, _ in rows), col_max) + col_spacing
        columns = self.width - first - self.current_indent
        wrapped = [(term, _wrapped(text, columns)) for term, text in rows]
        super().write_dl(wrapped, col_max, col_spacing)


class _Context(click.Context):
    formatter_class = _Formatter


def translate_help(command: click.Command) -> None:
    """Show the help of a command, and of those below it, in the current language."""
    command.context_class = _Context
    if command.help:
        _WHOLE[command.get_short_help_str(limit=1000)] = inspect.cleandoc(command.help)
    for below in _below(command):
        translate_help(below)


def translate_click() -> None:
    """Let click find its own words, in the language that the environment names."""
    gettext.bindtextdomain("messages", str(CATALOGUES))


def texts_of(command: click.Command) -> Iterator[str]:
    """Yield all texts of the help of a command and of those below it."""
    if command.help:
        yield inspect.cleandoc(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield inspect.cleandoc(parameter.help)
    for below in _below(command):
        yield from texts_of(below)


def _below(command: click.Command) -> Iterator[click.Command]:
    return iter(command.commands.values() if isinstance(command, click.Group) else ())


def _translated(text: str) -> str:
    return current_catalogue().gettext(text) if text else text


def _translated_row(text: str) -> str:
    if current_language() is Language.ENGLISH:
        return text
    if whole := _WHOLE.get(text):
        sentence, stop, _ = _translated(whole).partition("。")
        return sentence + stop
    match = _OF_OPTION.fullmatch(text)
    return _translated(match[1]) + (match[2] or "") if match else text


def _wrapped(text: str, columns: int) -> str:
    """Return a Chinese text in lines that click leaves as they are; another one unchanged."""
    if current_language() is Language.ENGLISH:
        return text
    paragraphs = text.replace("\b\n", "").split("\n\n")
    return "\n\n".join("\b\n" + "\n".join(_lines(each, columns)) for each in paragraphs)


def _lines(paragraph: str, columns: int) -> Iterator[str]:
    for source in paragraph.split("\n"):
        line = ""
        for piece in _PIECE.findall(source):
            if line and columns_of(line + piece.rstrip()) > columns:
                yield line.rstrip()
                line = ""
            line += piece if line else piece.lstrip()
        yield line
