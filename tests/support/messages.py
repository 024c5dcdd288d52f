"""Find the texts of the product that a person may read: sentences, clauses and reasons in the code.

A text is English prose in a literal or an f-string, such as ``f"{path} is not TOML: {error}."``.
Its message has ``%(name)s`` for each value, as the catalogue has it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

#: What gettext translates itself, and what no person reads as a sentence.
_NOT_READ = frozenset(
    (
        *("_", "gettext", "ngettext", "N_", "option", "argument", "getLogger", "compile"),
        *("debug", "info", "warning", "error", "exception", "AttributeError"),
        *("execute", "executemany", "executescript", "xpath", "css"),
    )
)
_PROSE = re.compile(r"(?<![\w.%/<=:@-])[A-Za-z]+(?:'s|s')?[,;:]? (?:[a-z]{2,}|a)(?![\w/=(\[:>-])")
_CODE = re.compile(
    r"\b(?:SELECT|FROM|WHERE|CREATE|INSERT|UPDATE|DELETE|ORDER BY|CASE|NULL|NOT|AND|AS|IN|OR) "
    r"|::attr|@[a-z]|</|<\w+ \w+=|<\?|charset=|-src '|\(\)\[|^\s*#|\n(?: |\w+:)|filename|^[a-z]+ = "
    r"|posts\.|coalesce|starts-with|^(?:  |cd )|iif\(|\[\?"
)
#: Names in the code of a value that do not name it.
_FUNCTIONS = frozenset(
    (
        *("str", "repr", "len", "sorted", "min", "max", "map", "sum", "int", "type", "format"),
        *("self", "name__", "shlex", "quote", "shortened"),
        *("or", "and", "if", "else", "in", "for", "not"),
    )
)


def texts(path: Path) -> Iterator[str]:
    """Yield the message of each text of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from filter(is_prose, map(message, _literals(tree)))


def is_prose(text: str) -> bool:
    """Return whether a message has two English words in a row, and is no code."""
    words = re.sub(r"`[^`]*`", "x", re.sub(r"%\(\w+\)s", "X", text))
    return bool(_PROSE.search(words)) and not _CODE.search(text)


def message(node: ast.Constant | ast.JoinedStr) -> str:
    """Return a literal, with ``%(name)s`` for each value of an f-string."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    text, names = "", dict[str, str]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("%", "%%")
        elif isinstance(part, ast.FormattedValue):
            text += f"%({_name_of(ast.unparse(part.value), names)})s"
    return text


def _name_of(code: str, names: dict[str, str]) -> str:
    """Return a name for a value, which no other value of the same text has."""
    words = re.findall(r"[A-Za-z]\w+", re.sub(r"'[^']*'\.join", "", code))
    name = next((word for word in reversed(words) if word not in _FUNCTIONS), "value")
    name = name.lower().rstrip("_")
    while names.setdefault(name, code) != code:
        name += "_"
    return name


def _literals(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the literals of a tree, but for docstrings and what no person reads."""
    if isinstance(node, ast.Assert) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ):
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _NOT_READ:
        return
    if isinstance(node, ast.JoinedStr):
        yield node
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _literals(part.value)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _literals(child)
