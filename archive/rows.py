"""Rows of the catalog, made of articles and of each other."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from archive.article import SHANGHAI, Article, BodySource, InfoCode
from archive.capture import Capture
from archive.categories import media_of
from archive.content import Security, read_body, with_listed
from archive.entries import PostRow, RevisionRow
from archive.post import Post, post_path
from archive.versions import revision_path, sha256


def iso(time: datetime) -> str:
    """A time as the catalog has it: ISO 8601, UTC, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def seen_again(row: PostRow, stored: PostRow) -> PostRow:
    """The stored row after the source gave nothing better."""
    source = BodySource(row.body_source or BodySource.MIRROR)
    worse = stored.body_source is not None and source.is_worse_than(BodySource(stored.body_source))
    same = row.sha256 == stored.sha256
    return replace(
        stored,
        checked=row.checked,
        media=row.media if same and row.media else stored.media,
        body_source=row.body_source if same and not worse else stored.body_source,
        body_provisional=stored.body_provisional and row.body_provisional,
        # It is back where it was missed, not where another source has had it all the while.
        gone=stored.gone if source.stands_in or worse else None,
    )


def row_of(
    article: Article, post: bytes, now: str, listed: str = "[]"
) -> tuple[PostRow, Sequence[Security]]:
    """The row of an article's first version, and the securities that it names.

    :param listed: the stock list that is known of it, for where the article brings none.
    """
    body = read_body(article.body)
    stock_list = as_json(article.stock_list) if article.stock_list else listed
    row = PostRow(
        info_code=str(article.info_code),
        title=article.title,
        published=article.published.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        media=media_of(article.media, body.media),
        category=article.category,
        tag=article.tag,
        digest=article.digest,
        text=body.text,
        length=len(body.text),
        pictures=body.pictures_json,
        body_source=article.body_source.value,
        body_provisional=article.body_provisional,
        link=article.link,
        addresses=as_json(article.addresses),
        captures=as_json([asdict(capture) for capture in article.captures]),
        path=str(PurePosixPath("_posts") / post_path(article)),
        sha256=sha256(post),
        bytes=len(post),
        version=1,
        first_seen=now,
        checked=now,
        revised=None,
        stock_list=stock_list,
    )
    return row, with_listed(body.securities, stock_list)


def article_from(row: PostRow, post: Post) -> Article:
    """The article that a row and its post describe.

    :raises InvalidArticle: when the post is broken.
    """
    return Article(
        info_code=InfoCode(row.info_code),
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
        addresses=tuple(json.loads(row.addresses)),
        captures=tuple(Capture(**capture) for capture in json.loads(row.captures)),
    )


def as_json(values: object) -> str:
    """JSON as the catalog has it: Chinese as it is."""
    return json.dumps(values, ensure_ascii=False)


def row_of_orphan(row: PostRow, orphan: bytes) -> PostRow:
    """The row that a post file without one should have had."""
    return replace(row, sha256=sha256(orphan), bytes=len(orphan), body_source=None, captures="[]")


def revision_of(stored: PostRow, now: str) -> RevisionRow:
    """The row of the version that `stored` was, once another supersedes it."""
    return RevisionRow(
        info_code=stored.info_code,
        version=stored.version,
        path=str(revision_path(PurePosixPath(stored.path), stored.version)),
        sha256=stored.sha256,
        bytes=stored.bytes,
        body_source=stored.body_source,
        captures=stored.captures,
        superseded=now,
    )
