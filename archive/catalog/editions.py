"""Articles that were published as two posts: both in the catalog's ``editions``, one in ``posts``.

An article that has one post has no row in ``editions``; its row in ``posts`` is that of its post.
Of an article that has two, ``editions`` has a row for each post, and ``posts`` has one row that is
merged from both. So the order in which the two posts arrive does not change the rows.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from archive.article import Edition, Found
from archive.catalog.rows import POST_COLUMNS, PostRow, post_of
from archive.storage import named_rows
from archive.tables import Database

#: SQL for the edition of a post: the name of the file of rolling news has the code without ``NW``.
EDITION_OF_PATH = """iif(
                info_code GLOB 'NW[0-9]*' AND path GLOB '*-' || substr(info_code, 3) || '.md',
                'rolling', 'media'
            )"""


@dataclass(frozen=True, slots=True)
class EditionRow:
    """The catalog's data of one post of an article.

    :param securities: how each of the securities that the post names was found, by their codes, in
        order; None for those that were recorded before this was.
    """

    post: PostRow
    securities: Mapping[str, str | None]

    def is_same(self, other: "EditionRow") -> bool:
        """Return whether nothing differs but the time of the last check."""
        post = replace(self.post, checked=other.post.checked)
        return (post, dict(self.securities)) == (other.post, dict(other.securities))


def article_row(posts: Sequence[PostRow]) -> PostRow:
    """Merge the rows of an article's editions into the row of the article.

    The file, its version, text, category and media are those of the media's post; digest and
    securities come from the rolling news. The article is gone when both posts are.

    :param posts: rows of one or two editions.
    """
    first, *others = sorted(posts, key=_order)
    if not others:
        return first
    rolling_first = [*others, first]
    gone = [post.gone for post in posts if post.gone]
    return replace(
        first,
        digest=next((post.digest for post in rolling_first if post.digest), None),
        pictures=_union([post.pictures for post in (first, *others)]),
        stock_list=_union([post.stock_list for post in rolling_first]),
        body_provisional=any(post.body_provisional for post in posts),
        first_seen=min(post.first_seen for post in posts),
        checked=max(post.checked for post in posts),
        gone=min(gone) if len(gone) == len(posts) else None,
    )


def merged_securities(posts: Sequence[Mapping[str, str | None]]) -> dict[str, str | None]:
    """Return how each security was found that one of the posts names, the most certain way."""
    if len(posts) == 1:
        return dict(posts[0])
    found: dict[str, str | None] = {}
    for code, how in (each for post in posts for each in post.items()):
        found[code] = min(found.get(code, how), how, key=_certainty)
    return found


def _certainty(found: str | None) -> int:
    return [*Found, None].index(Found(found) if found else None)


def _order(post: PostRow) -> int:
    return list(Edition).index(post.edition)


def _union(arrays: Sequence[str]) -> str:
    """Return one JSON array with the texts of several JSON arrays, each once."""
    texts = dict.fromkeys(text for array in arrays for text in json.loads(array))
    return json.dumps(list(texts), ensure_ascii=False)


def create_editions(db: Database) -> None:
    """Add the table, the view, and a column for the edition of each superseded version."""
    columns = ", ".join(f"{name} {_TYPES.get(name, 'TEXT')}" for name in _FIRST_COLUMNS)
    db.execute(
        f"CREATE TABLE editions (info_code TEXT NOT NULL REFERENCES posts(info_code),"
        f" edition TEXT NOT NULL, {columns}, securities TEXT NOT NULL,"
        f" PRIMARY KEY (info_code, edition)) WITHOUT ROWID"
    )
    _create_view_of_files(db, _FIRST_COLUMNS)
    revisions = db.table("revisions")
    revisions.add_column("edition", str, not_null_default=Edition.MEDIA)
    for code, version, path in db.execute("SELECT info_code, version, path FROM revisions"):
        if Edition.of_name(path) is Edition.ROLLING:
            db.execute(
                "UPDATE revisions SET edition = ? WHERE info_code = ? AND version = ?",
                (Edition.ROLLING, code, version),
            )
    revisions.transform(pk=("info_code", "edition", "version"))


def create_view_of_files(db: Database) -> None:
    """Create the view of all post files, with the columns of today, in place of the older one."""
    _create_view_of_files(db, _COLUMNS)


def _create_view_of_files(db: Database, columns: Sequence[str]) -> None:
    common = ", ".join(("info_code", *(name for name in columns if name not in _OF_THE_BODY)))
    db.create_view(
        "post_files",
        f"SELECT {common} FROM posts WHERE NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM editions WHERE editions.info_code = posts.info_code)"
        f" UNION ALL SELECT {common} FROM editions",
        replace=True,
    )


def read_editions(connection: sqlite3.Connection, info_code: str) -> list[EditionRow]:
    """Return an article's rows of ``editions``, the media's first; empty when it has one post."""
    return [
        EditionRow(
            PostRow(**{name: row[name] for name in POST_COLUMNS}),
            dict(zip_longest(json.loads(row["securities"]), json.loads(row["found"]))),
        )
        for row in named_rows(connection, _READ, info_code)
    ]


def editions_of(connection: sqlite3.Connection, info_code: str) -> list[EditionRow]:
    """Return the editions of an article, the media's first; empty when it is not archived."""
    if found := read_editions(connection, info_code):
        return found
    mentions = "SELECT security, found FROM mentions WHERE info_code = ? ORDER BY security"
    return [
        EditionRow(post_of(row), dict(connection.execute(mentions, [info_code]).fetchall()))
        for row in named_rows(connection, "SELECT * FROM posts WHERE info_code = ?", info_code)
    ]


def write_edition(connection: sqlite3.Connection, edition: EditionRow) -> None:
    """Write the row of one of an article's two posts.

    The text of the media's edition is not repeated, because it is the article's text in ``posts``.
    """
    post = edition.post
    text = post.text if post.edition is Edition.ROLLING else None
    connection.execute(
        _WRITE,
        {
            **{name: getattr(post, name) for name in POST_COLUMNS},
            "edition": post.edition,
            "text": text,
            "securities": json.dumps(list(edition.securities)),
            "found": json.dumps(list(edition.securities.values())),
        },
    )


_COLUMNS = tuple(name for name in POST_COLUMNS if name != "info_code")
# The columns of the release that brought the table.
_FIRST_COLUMNS = (
    *("title", "published", "media", "category", "tag", "digest", "text", "length", "pictures"),
    *("body_source", "body_provisional", "link", "addresses", "captures", "path", "sha256"),
    *("bytes", "version", "first_seen", "checked", "revised", "gone", "stock_list"),
)
_OF_THE_BODY = ("text", "length", "pictures")
_TYPES = dict.fromkeys(("length", "bytes", "version", "body_provisional"), "INTEGER")
_READ = f"""
    SELECT {", ".join(f"editions.{name}" for name in POST_COLUMNS if name != "text")},
        coalesce(editions.text, posts.text) AS text, securities, found
    FROM editions JOIN posts USING (info_code)
    WHERE info_code = ? ORDER BY edition
"""  # noqa: S608 (names of our own columns)
_WRITE = f"""
    INSERT OR REPLACE INTO editions (edition, securities, found, {", ".join(POST_COLUMNS)})
    VALUES (:edition, :securities, :found, {", ".join(f":{name}" for name in POST_COLUMNS)})
"""  # noqa: S608
