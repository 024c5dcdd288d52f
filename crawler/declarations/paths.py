"""Paths into an answer: JMESPath in JSON, CSS or XPath in HTML, XPath in XML.

JMESPath has one function more here: ``parse_json(text)`` reads JSON that is written in a text.
"""

import json
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import jmespath
from cssselect import SelectorError
from jmespath.exceptions import JMESPathError
from lxml import etree
from parsel import Selector
from parsel.csstranslator import HTMLTranslator

#: A JSON value, or a `parsel.Selector`.
Node: TypeAlias = Any

#: The beginnings of an XPath for HTML; other paths are CSS.
_XPATH = ("/", "./", "../", "(")


_LONGEST_REASON = 160


class PathError(ValueError):
    """A path cannot be used: it is none, or the answer has something else in its place."""


class _Functions(jmespath.functions.Functions):  # type: ignore[misc]
    @jmespath.functions.signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_parse_json(self, text: str | None) -> Any:
        return parse_json(text) if text else None


_OPTIONS = jmespath.Options(custom_functions=_Functions())
_compile_json = lru_cache(maxsize=1_000)(jmespath.compile)
_translate = lru_cache(maxsize=1_000)(HTMLTranslator().css_to_xpath)


def parse_json(text: str) -> Any:
    """Parse JSON.

    :raises PathError: when it is none, is nested too deep, or has numbers that JSON does not have.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise PathError(f"it is not JSON ({_reason(error)})") from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def check_path(path: str, *, of_json: bool, of_xml: bool = False) -> str:
    """Return a path that can be used.

    :raises PathError: when it is none, with what its language reports.
    """
    try:
        if of_json:
            _compile_json(path)
        else:
            etree.XPath(_xpath(path, of_xml=of_xml))
    except (JMESPathError, SelectorError, etree.XPathError, ValueError) as error:
        language = "JMESPath" if of_json else "XPath" if of_xml else "CSS or XPath"
        reason = _reason(error)
        raise PathError(f"should be {language}, and {path!r} is not ({reason})") from error
    return path


def find_all(node: Node, path: str) -> list[Any]:
    """Return what a path leads to, in order: JSON values, or texts and elements.

    A list in JSON gives its items; what is null or not there gives nothing.

    :raises PathError: when a function of the path cannot take what is there.
    """
    if isinstance(node, Selector):
        try:
            found = node.xpath(_xpath(path, of_xml=node.type == "xml"))
        except ValueError as error:
            raise PathError(f"{path} cannot be read ({_reason(error)})") from error
        return [_text_or_element(one) for one in found]
    value = json_at(node, path)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def json_at(value: Any, path: str) -> Any:
    """Return what a path leads to in JSON, as it is there; None where nothing is.

    :raises PathError: when a function of the path cannot take what is there.
    """
    try:
        return _compile_json(path).search(value, options=_OPTIONS)
    except (JMESPathError, TypeError, ValueError, RecursionError) as error:
        raise PathError(f"{path} cannot be read ({_reason(error)})") from error


def objects_in(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects at any depth of JSON, before the objects inside them."""
    waiting = deque([document])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            yield node
            waiting += node.values()


def _reason(error: Exception) -> str:
    """Return what a library reports, in one short line."""
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"


def _text_or_element(found: Selector) -> str | Selector:
    """Return a text as such, also of an element of XML that contains nothing but text."""
    if isinstance(found.root, str):
        return found.root
    return found.root.text or "" if found.type == "xml" and not len(found.root) else found


def _xpath(path: str, *, of_xml: bool) -> str:
    return path if of_xml or path.startswith(_XPATH) else _translate(path)
