"""Build rows of the catalog from articles, post files and other rows."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from archive.article import (
    SHANGHAI,
    Article,
    BodySource,
    Found,
    Precision,
    SecurityMention,
)
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog.causes import Cause
from archive.catalog.rows import CatalogEntry, PostRow, RevisionRow
from archive.categories import media_of
from archive.clock import utc_iso
from archive.content import (
    BodyFacts,
    Post,
    Security,
    parse_post,
    place_of_post,
    post_path,
    read_body,
    with_named,
)
from archive.content.source_fields import flags_of
from archive.storage import revision_path, sha256


def seen_again(row: PostRow, stored: PostRow) -> PostRow:
    """Return the updated row of a post after the source had no better version.

    :param row: of the version that the source has.
    :param stored: row in the catalog.
    """
    source = BodySource(row.body_source or BodySource.MIRROR)
    worse = stored.body_source is not None and source.is_worse_than(BodySource(stored.body_source))
    same = row.sha256 == stored.sha256
    return replace(
        stored,
        checked=row.checked,
        media=row.media if same and row.media else stored.media,
        body_source=row.body_source if same and not worse else stored.body_source,
        body_provisional=stored.body_provisional and row.body_provisional,
        # Only the source that no longer had the article can show that it is back.
        gone=stored.gone if source.stands_in or worse else None,
    )


def row_of(
    article: Article, post: bytes, now: str, listed: str = "[]"
) -> tuple[PostRow, Sequence[Security]]:
    """Return the row of an article's first version, and the securities that the article names.

    :param post: bytes of the post file.
    :param now: ISO 8601, UTC.
    :param listed: the stored stock list, a JSON array, used when the article has none.
    """
    body = read_body(article.body)
    row = _first_row(
        article,
        body,
        post,
        now,
        PurePosixPath("_posts") / post_path(article),
        info_code=str(article.info_code),
        source=article.source,
        title=article.title,
        published=_time(article.published),
        media=media_of(article.media, body.media),
        body_source=article.body_source.value,
        body_provisional=article.body_provisional,
        addresses=as_json(article.addresses),
        captures=as_json([asdict(capture) for capture in article.captures]),
        stock_list=as_json(article.stock_list) if article.stock_list else listed,
        mentioned=as_json([asdict(mention) for mention in article.securities]),
    )
    return row, named_by(row, body.securities)


def named_by(row: PostRow, in_body: Sequence[Security]) -> tuple[Security, ...]:
    """Return the securities that an article names in its body and otherwise."""
    return with_named(in_body, row.stock_list, row.mentioned)


def entry_of_file(path: PurePosixPath, data: bytes, modified: datetime) -> CatalogEntry | None:
    """Build the entry of a post file from the file alone.

    :param path: below the archive's folder.
    :param data: bytes of the file.
    :param modified: used as the time when the article was first seen; aware.
    :returns: None when the file names no article or no day.
    """
    return entry_of_post(parse_post(data, path.name), data, modified, path)


def entry_of_post(
    post: Post, data: bytes, seen: datetime, path: PurePosixPath | None = None
) -> CatalogEntry | None:
    """Build the entry of a parsed post from the post alone.

    :param data: bytes of the post file.
    :param seen: when the article was first seen; aware.
    :param path: below the archive's folder; the path that a crawl would use when None.
    :returns: None when the post names no article or no day.
    """
    if post.info_code is None or post.day is None:
        return None
    body = read_body(post.body)
    media = post.media or media_of(post.tag.removesuffix("新闻") if post.tag else None, body.media)
    row = _first_row(
        post,
        body,
        data,
        utc_iso(seen),
        path or PurePosixPath("_posts") / place_of_post(post.info_code, post.day, post.category),
        info_code=str(post.info_code),
        source=post.info_code.source,
        title=post.title or "",
        published=post.published.isoformat() if post.published else f"{post.day}T00:00:00+08:00",
        media=media,
        cause=Cause.IMPORTED,
    )
    return CatalogEntry(row, body.securities)


def _first_row(
    article: Article | Post,
    body: BodyFacts,
    data: bytes,
    now: str,
    path: PurePosixPath,
    **facts: Any,
) -> PostRow:
    """Return the row of a first version.

    :param facts: that an article and a post state in other ways.
    """
    return PostRow(
        **facts,
        **_facts_of_file(body, data),
        category=article.category,
        tag=article.tag,
        digest=article.digest,
        link=article.link,
        author=article.author,
        lang=article.lang,
        precision=article.precision.value,
        extractor=article.extractor,
        flags=as_json(article.flags),
        keywords=as_json(article.keywords),
        modified=_time(article.modified),
        path=str(path),
        version=1,
        first_seen=now,
        checked=now,
    )


def _facts_of_file(body: BodyFacts, data: bytes) -> dict[str, Any]:
    """Return the columns that depend on a post's file alone."""
    return {
        "text": body.text,
        "length": len(body.text),
        "pictures": body.pictures_json,
        "sha256": sha256(data),
        "bytes": len(data),
    }


def article_from(row: PostRow, post: Post) -> Article:
    """Return the article that a row and its post describe.

    :raises InvalidArticle: when the post is broken.
    """
    return Article(
        info_code=ArticleId(row.info_code),
        title=row.title,
        published=datetime.fromisoformat(row.published),
        body=post.body,
        body_source=BodySource(row.body_source or BodySource.MIRROR),
        body_provisional=bool(row.body_provisional),  # SQLite has 0 or 1
        link=row.link or "",
        category=row.category,
        tag=row.tag,
        media=row.media,
        digest=row.digest,
        stock_list=tuple(json.loads(row.stock_list)),
        securities=tuple(
            SecurityMention(each["code"], each["name"], Found(each["found"]))
            for each in json.loads(row.mentioned)
        ),
        precision=Precision(row.precision),
        author=row.author,
        lang=row.lang,
        extractor=row.extractor,
        flags=tuple(flags_of(json.loads(row.flags))),
        keywords=tuple(json.loads(row.keywords)),
        modified=datetime.fromisoformat(row.modified) if row.modified else None,
        addresses=tuple(json.loads(row.addresses)),
        captures=tuple(Capture(**capture) for capture in json.loads(row.captures)),
    )


def _time(time: datetime | None) -> str | None:
    """Return a time of a source as the catalog stores it."""
    return time.astimezone(SHANGHAI).isoformat(timespec="seconds") if time else None


def as_json(values: object) -> str:
    """Return JSON as the catalog stores it: without escapes for Chinese characters."""
    return json.dumps(values, ensure_ascii=False)


def row_of_file(row: PostRow, data: bytes) -> PostRow:
    """Return the row of a version that is known from its file alone.

    :param row: of another version of the same post; states what the file does not show.
    """
    body = read_body(parse_post(data, PurePosixPath(row.path).name).body)
    return replace(
        row,
        **_facts_of_file(body, data),
        body_source=None,
        extractor=None,
        captures="[]",
        cause=Cause.IMPORTED,
        edits="[]",
    )


def revision_of(stored: PostRow, securities: Collection[str], now: str) -> RevisionRow:
    """Return the row in ``revisions`` of a version that is superseded now.

    :param stored: row of the superseded version.
    :param securities: codes of the securities that it names.
    :param now: ISO 8601, UTC.
    """
    path = str(revision_path(PurePosixPath(stored.path), stored.version))
    same = {name: getattr(stored, name) for name in _SAME_IN_REVISION}
    return RevisionRow(
        **same | {"path": path}, securities=as_json(sorted(securities)), superseded=now
    )


_SAME_IN_REVISION = tuple(
    each.name for each in fields(RevisionRow) if each.name not in ("securities", "superseded")
)
