"""The pattern that addresses of articles have in common."""

import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

_EXTENSION = re.compile(r"^(.*?)(\.[A-Za-z]{2,6}(?:\.[a-z]{2,6})?)$")
#: Parts of a path that differ from day to day, even where those of one day are the same.
_DATE = re.compile(r"(?:19|20)\d{2}(?:-?\d{2}){0,2}|[01]?\d|[0-3]?\d(?:-\d{1,2})?", re.ASCII)
#: A number that may be counted anew in each part of a site, and any number.
_SHORT_NUMBER = re.compile(r"/\d{1,7}(?:\.[a-z]+)?$", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
#: The smallest share of the addresses that have one pattern, where others are numbered anew.
_MOST = 0.6
#: Digits of a number that begins with a date; shorter ones get another digit some day.
_FIXED = 8
_ID_PARAMETER = re.compile(r"\w*(?:id|code|no)", re.ASCII | re.IGNORECASE)


def pattern_of(addresses: Sequence[str]) -> str | None:
    """Return a pattern of addresses, whose group is the part that differs; None where none has one.

    The pattern is that of most of them.
    """
    shapes = Counter(_shape(address) for address in addresses)
    if not shapes:
        return None
    shape, _ = shapes.most_common(1)[0]
    alike = list(dict.fromkeys(one for one in addresses if _shape(one) == shape))
    return _of_parameter(alike) or _of_path(
        _of_one_numbering([urlsplit(one).path for one in alike])
    )


def _shape(address: str) -> tuple[int, str]:
    """Return what addresses of one kind have in common: the depth of their path, and its end."""
    path = urlsplit(address).path
    ending = _EXTENSION.match(path.rpartition("/")[2])
    return path.count("/"), ending[2] if ending else ""


def _of_parameter(addresses: Sequence[str]) -> str | None:
    parameters = [dict(parse_qsl(urlsplit(one).query)) for one in addresses]
    for name in filter(_ID_PARAMETER.fullmatch, sorted(parameters[0], key=len)):
        values = [found.get(name) for found in parameters]
        if all(values) and len(set(values)) == len(values):
            return rf"[?&]{name}=([\w.-]+)"
    return None


def _of_one_numbering(paths: Sequence[str]) -> Sequence[str]:
    """Return the paths of most articles, where others may have the same short numbers.

    So /article/4.html and /video/4.html do not become one article.
    """
    if not all(_SHORT_NUMBER.search(path) for path in paths):
        return paths
    before = Counter(_NUMBER.sub("0", path.rpartition("/")[0]) for path in paths)
    most, count = before.most_common(1)[0]
    if count == len(paths):
        return paths
    if count < len(paths) * _MOST:
        return []
    return [path for path in paths if _NUMBER.sub("0", path.rpartition("/")[0]) == most]


def _of_path(paths: Sequence[str]) -> str | None:
    columns = list(zip(*(path.split("/") for path in paths), strict=True))
    varying = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    if not varying:
        return None
    parts = [_part(column, is_id=place == varying[-1]) for place, column in enumerate(columns)]
    first = next((place for place, part in enumerate(parts) if not part.startswith("[")), 0)
    return "/" + "/".join(parts[max(first, 1) :])


def _part(column: Sequence[str], *, is_id: bool) -> str:
    """Return the pattern of one part of paths."""
    if len(set(column)) == 1:
        same = re.escape(column[0])
        return re.sub(r"\d+", r"\\d+", same) if not is_id and _DATE.fullmatch(column[0]) else same
    endings = [_EXTENSION.match(part) for part in column]
    shared = {ending[2] for ending in endings if ending}
    if len(shared) == 1 and all(endings):
        stems = [ending[1] for ending in endings if ending]
        after = re.escape(shared.pop())
    else:
        stems, after = list(column), ""
    stem = _stem(stems)
    return f"({stem}){after}" if is_id else f"{stem}{after}"


def _stem(stems: Sequence[str]) -> str:
    if all(stem.isdecimal() for stem in stems):
        lengths = {len(stem) for stem in stems}
        is_fixed = len(lengths) == 1 and min(lengths) >= _FIXED
        return rf"\d{{{lengths.pop()}}}" if is_fixed else r"\d+"
    forms = {re.sub(r"\d+", r"\\d+", re.escape(stem)).replace(r"\-", "-") for stem in stems}
    if len(forms) == 1:
        return forms.pop()
    return r"[\w.~-]+"
