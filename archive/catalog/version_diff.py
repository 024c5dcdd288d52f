"""Find the kinds of changes between two versions of an article."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from enum import StrEnum

from archive.catalog.rows import PostRow

_FIGURE = re.compile(r"\d[\d,.]*\d|\d")


class ChangeKind(StrEnum):
    """A kind of change that a check of the source found."""

    TITLE = "title"
    TEXT = "text"
    FIGURES = "figures"
    SECURITIES = "securities"
    DIGEST = "digest"
    PUBLISHED = "published"
    CATEGORY = "category"
    BODY_SOURCE = "body source"
    MARKUP = "markup"
    GONE = "gone"
    RETURNED = "returned"


def is_alike(old: PostRow, new: PostRow) -> bool:
    """Return whether the bodies of two versions can be compared: one source, one extractor."""
    return (old.body_source, old.extractor) == (new.body_source, new.extractor)


def changes_between(
    old: PostRow, new: PostRow, old_securities: Collection[str], new_securities: Collection[str]
) -> list[ChangeKind]:
    """Return the kinds of changes between two versions, in the order of `ChangeKind`.

    Only like is compared with like: a body from another source is no edit of the text.
    `ChangeKind.MARKUP` is returned only where nothing else has changed.

    :param old_securities: codes of the securities that the old version names.
    :param new_securities: codes of the securities that the new version names.
    """
    found = list(_found(old, new))
    if set(old_securities) != set(new_securities):
        found.append(ChangeKind.SECURITIES)
    if not found and old.sha256 != new.sha256:
        found.append(ChangeKind.MARKUP)
    return [change for change in ChangeKind if change in found]


def _found(old: PostRow, new: PostRow) -> Iterator[ChangeKind]:
    if old.title != new.title:
        yield ChangeKind.TITLE
    if is_alike(old, new):
        if old.text != new.text:
            yield ChangeKind.TEXT
        if _figures(old) != _figures(new):
            yield ChangeKind.FIGURES
    else:
        yield ChangeKind.BODY_SOURCE
    if old.digest != new.digest:
        yield ChangeKind.DIGEST
    if old.published != new.published:
        yield ChangeKind.PUBLISHED
    if (old.category, old.tag) != (new.category, new.tag):
        yield ChangeKind.CATEGORY


def _figures(row: PostRow) -> Counter[str]:
    return Counter(_FIGURE.findall(f"{row.title}\n{row.digest}\n{row.text}"))
