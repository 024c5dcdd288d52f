"""Answer with an article, and with its versions, as of a time."""

import sqlite3
from contextlib import suppress
from typing import Any

from archive.addresses import InvalidAddress
from archive.api.models import (
    ArticleParameters,
    FullArticle,
    MentionedSecurity,
    VersionPage,
    VersionsParameters,
    VersionSummary,
    WordsChanged,
)
from archive.api.opened import OpenedArchive, until, validated
from archive.article_id import ArticleId
from archive.capture import captures_from
from archive.catalog import article_at, edits_from, read_post
from archive.catalog.known_versions import OF_ARTICLE
from archive.content import Post, render_body
from archive.errors import InvalidArticleId, NotArchived
from archive.search import NAME_THEN

# Bytes of a post up to which its body is rendered as HTML.
_MOST_RENDERED = 100_000

# Without an edition, that of the media where it was known already.
_KNOWN = f"""
    WITH known_versions AS ({OF_ARTICLE}), known AS (
        SELECT * FROM known_versions WHERE edition = coalesce(nullif(:edition, ''), (
            SELECT min(edition) FROM known_versions
        ))
    )
"""  # noqa: S608 (our own columns)
_VERSION = f"""
    {_KNOWN} SELECT known.*, posts.source, posts.first_seen, info_code AS id, (
        SELECT max(gone_from) FROM absences
        WHERE absences.info_code = known.info_code AND absences.edition = known.edition
        AND gone_from <= :at AND (gone_until IS NULL OR gone_until > :at)
    ) AS gone
    FROM known JOIN posts USING (info_code)
    WHERE :version IS NULL OR known.version = :version
    ORDER BY known.version DESC LIMIT 1
"""  # noqa: S608
_VERSIONS = f"""
    {_KNOWN} SELECT info_code AS id, * FROM known WHERE version > :after
    ORDER BY version LIMIT :limit
"""  # noqa: S608

_NAMES = f"""
    SELECT code, {NAME_THEN} FROM securities
    WHERE code IN (SELECT value FROM json_each(:codes)) ORDER BY code
"""  # noqa: S608


def article(opened: OpenedArchive, parameters: ArticleParameters) -> FullArticle:
    """Return an article with its body: the version of the time, or the one with a number.

    :raises NotArchived: when the archive did not have it.
    """
    at = until(parameters.as_of)
    found = opened.rows(
        _VERSION,
        id=parameters.id,
        edition=parameters.edition,
        version=parameters.version,
        at=at,
    )
    if not found:
        raise _not_archived(parameters.id)
    row = found[0]
    post = read_post(opened.folder, row["path"], row["version"], row["sha256"])
    body, body_format = _body(row, post, parameters.body)
    end = parameters.start + parameters.characters if body_format == "text" else None
    return validated(
        FullArticle,
        row,
        **facts_of_version(row),
        as_of=parameters.as_of,
        author=post and post.author,
        flags=post.flags if post else (),
        keywords=post.keywords if post else (),
        modified=post and post.modified,
        link=post and post.link,
        securities=_securities(opened, row, at),
        body=body and body[parameters.start if end else 0 : end],
        body_format=body_format,
        start=parameters.start if end else 0,
        next=end if body and end and len(body) > end else None,
    )


def versions(opened: OpenedArchive, parameters: VersionsParameters) -> VersionPage:
    """Return the versions of an article that were stored by the time, the oldest first.

    :raises NotArchived: when the archive had none.
    """
    at = until(parameters.as_of)
    found = opened.rows(
        _VERSIONS,
        id=parameters.id,
        edition=parameters.edition,
        after=parameters.after,
        at=at,
        limit=parameters.limit + 1,
    )
    if not found and not parameters.after:
        raise _not_archived(parameters.id)
    page = found[: parameters.limit]
    return VersionPage(
        as_of=parameters.as_of,
        items=[validated(VersionSummary, row, **facts_of_version(row)) for row in page],
        next=page[-1]["version"] if len(found) > len(page) else None,
    )


def article_named(opened: OpenedArchive, text: str) -> ArticleId:
    """Return the id of an article, from its id or from an address that leads to it.

    :raises NotArchived: when the text is no id, and the archive knows no such address.
    """
    with suppress(InvalidArticleId):
        return ArticleId.named_by(text)
    with suppress(InvalidAddress):
        if (found := article_at(opened.connection, text)) is not None:
            return found
    raise NotArchived(f"{text[:200]!r} is no id of an article, and no address in the archive.")


def _not_archived(info_code: str) -> NotArchived:
    return NotArchived(f"The archive has no version of {info_code} as requested.")


def facts_of_version(row: sqlite3.Row) -> dict[str, Any]:
    """Return the values of a row of ``versions`` that its model has in another form."""
    return {"edits": words_changed(row["edits"]), "captures": captures_from(row["captures"]) or ()}


def words_changed(edits: str) -> list[WordsChanged]:
    """Return the edits in a column of the catalog."""
    return [
        WordsChanged(field=each.edit_class, before=each.before, after=each.after)
        for each in edits_from(edits)
    ]


def _securities(opened: OpenedArchive, row: sqlite3.Row, at: str) -> list[MentionedSecurity]:
    """Return the securities of a version, with their names of the time."""
    found = opened.rows(_NAMES, codes=row["securities"], as_of=at)
    return [MentionedSecurity(code=code, name=name) for code, name in found]


def _body(row: sqlite3.Row, post: Post | None, wanted: str) -> tuple[str | None, str | None]:
    """Return the body, and its format: text in place of the HTML of a very large post."""
    if wanted == "none":
        return None, None
    if wanted == "html" and post and row["bytes"] <= _MOST_RENDERED:
        return render_body(post.body, "/security/{}".format), "html"
    return row["text"], row["text"] and "text"
