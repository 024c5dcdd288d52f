"""Decide why a version of an article exists, and what its publisher changed in it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from archive.article import BodySource, Found, Precision
from archive.catalog.rows import PostRow
from archive.content import read_body
from archive.edits import ComparedVersion, Edit, EditClass, are_alike, edits_between


class Cause(StrEnum):
    """Why a version of an article exists.

    `FIRST_SEEN`: it is the first one. `EDITED`: the publisher changed the article.
    `CORRECTED_IN_LIST`: the publisher changed the list whose text stands in for the article's own.
    `BETTER_COPY`: the same article from a better source of its body, or from its other edition.
    `READ_ANEW`: a newer parser or extraction read the same answers. `IMPORTED`: from a file that
    no crawl wrote. `UNKNOWN`: the archive cannot know; it is never an edit.
    """

    FIRST_SEEN = "first_seen"
    EDITED = "edited"
    CORRECTED_IN_LIST = "corrected_in_list"
    BETTER_COPY = "better_copy"
    READ_ANEW = "read_anew"
    IMPORTED = "imported"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _: object) -> "Cause":
        return cls.UNKNOWN  # somebody changed the catalog

    @property
    def is_publishers(self) -> bool:
        """True where the publisher changed what readers read."""
        return self in (Cause.EDITED, Cause.CORRECTED_IN_LIST)


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version of a post, as far as its cause depends on it.

    :param body: HTML; None where no file has the version.
    """

    row: PostRow
    body: str | None


def with_cause(before: VersionState | None, after: VersionState) -> PostRow:
    """Return the row of a version with its cause and its edits.

    :param before: the version that it supersedes; None for the first one.
    """
    cause, edits = _explain(before, after)
    return replace(after.row, cause=cause, edits=edits_as_json(edits))


def edits_as_json(edits: Sequence[Edit]) -> str:
    """Return edits as the catalog stores them."""
    values = [
        {"class": each.edit_class, "before": each.before, "after": each.after} for each in edits
    ]
    return json.dumps(values, ensure_ascii=False)


def edits_from(text: str) -> tuple[Edit, ...]:
    """Return the edits in a column of the catalog; none where they cannot be read."""
    try:
        return tuple(
            Edit(EditClass(each["class"]), str(each["before"]), str(each["after"]))
            for each in json.loads(text)
        )
    except (ValueError, TypeError, KeyError, RecursionError):  # somebody changed the catalog
        return ()


def _explain(before: VersionState | None, after: VersionState) -> tuple[Cause, Sequence[Edit]]:
    row = after.row
    if before is None:
        return (Cause.IMPORTED if _is_from_file(row) else Cause.FIRST_SEEN), ()
    old = before.row
    if row.body_source is None:
        return Cause.IMPORTED, ()
    if old.body_source is None or old.edition is not row.edition or row.missing < old.missing:
        return Cause.BETTER_COPY, ()
    if row.captures == old.captures != "[]":
        return Cause.READ_ANEW, ()
    if before.body is None or after.body is None:
        return (Cause.UNKNOWN if old.body_source == row.body_source else Cause.BETTER_COPY), ()
    earlier, later = _compared(before, before.body), _compared(after, after.body)
    if not are_alike(earlier, later):
        same_source = old.body_source == row.body_source
        return (Cause.READ_ANEW if same_source else Cause.BETTER_COPY), ()
    edits = edits_between(earlier, later)
    if any(each.edit_class.is_publishers for each in edits):
        in_list = row.body_source == BodySource.SUMMARY
        return (Cause.CORRECTED_IN_LIST if in_list else Cause.EDITED), edits
    if old.body_source != row.body_source:
        return Cause.BETTER_COPY, ()
    return Cause.UNKNOWN, edits


def _is_from_file(row: PostRow) -> bool:
    """Return whether a version is known from its file alone."""
    return (row.body_source, row.captures) == (None, "[]")


def _securities_in(row: PostRow, body: str) -> set[str]:
    """Return codes of the securities that the publisher names: in mark-up, or in a field."""
    fields = [each["code"] for each in json.loads(row.mentioned) if each["found"] == Found.FIELD]
    return {*fields, *(security.code for security in read_body(body).securities)}


def _compared(version: VersionState, body: str) -> ComparedVersion:
    row = version.row
    return ComparedVersion(
        title=row.title,
        body=body,
        published=datetime.fromisoformat(row.published),
        body_source=BodySource(row.body_source) if row.body_source else None,
        securities=_securities_in(row, body),
        media=row.media,
        edition=row.edition,
        extractor=row.extractor,
        precision=Precision(row.precision),
    )
