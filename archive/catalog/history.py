"""What the catalog knew of each article, and when: every state that its row in ``posts`` has had.

``post_history`` has a row for each state, the present one too, with the columns that searches use;
``facts`` has the other columns of a past state as JSON. ``mention_history`` has the securities that
past states named. The view ``post_states`` has the columns of ``posts`` for every state. An article
that the source does not have is a state of its own, with a time in ``gone``.

A state begins when the archive learnt of it, never before the state that it follows: the clock of
the machine may go back. ``document`` is the number of its texts in the search: that of the post
where the texts are the present ones, else the negative number of the last state that had them.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from archive.catalog.editions import EDITION_OF_PATH, EditionRow
from archive.catalog.rows import POST_COLUMNS, CatalogEntry
from archive.search import DATED_AHEAD, create_versions_search
from archive.tables import Database


@dataclass(frozen=True, slots=True)
class PostState(EditionRow):
    """What the catalog knows of an article: its own row, and those of its editions.

    :param editions: its posts, where it has two.
    """

    editions: Sequence[EditionRow] = ()

    @property
    def texts(self) -> tuple[str, str | None, str]:
        """The texts that a search finds."""
        return self.post.title, self.post.digest, self.post.text

    @property
    def facts(self) -> str:
        """The state as JSON, without its text."""
        columns = _facts(self)
        if self.editions:
            columns["editions"] = {each.post.edition: _facts(each) for each in self.editions}
        return json.dumps(columns, ensure_ascii=False)


def _facts(post: EditionRow) -> dict[str, object]:
    """Return the columns of a post and the securities that it names, without its text."""
    columns = {name: value for name, value in asdict(post.post).items() if name != "text"}
    return columns | {"edition": post.post.edition, "securities": dict(post.securities)}


def last_learnt(connection: sqlite3.Connection, entry: CatalogEntry) -> str:
    """Return when the archive learnt what an entry states, ISO 8601, UTC.

    It is never before what the archive had learnt of the article: the clock may have gone back.
    """
    sql = "SELECT max(known_from) FROM post_history WHERE info_code = ?"
    (known,) = connection.execute(sql, [entry.post.info_code]).fetchone()
    return max(entry.learnt, known or "")


def record_state(
    connection: sqlite3.Connection,
    before: PostState | None,
    after: PostState,
    learnt: str,
    *,
    same: bool = False,
) -> None:
    """Record what the catalog knows of an article now.

    :param before: what it knew; None for a new article.
    :param learnt: see `last_learnt`.
    :param same: nothing differs in the post that was checked; nothing is recorded.
    """
    code = {"code": after.post.info_code}
    if before is not None:
        opened, is_reopened = connection.execute(_OPENED, code).fetchone()
        if same and not is_reopened:
            return
        past = {"id": opened, "learnt": learnt, "facts": before.facts}
        connection.execute(_END, past)
        connection.execute(_END_MENTIONS, past)
        if before.texts != after.texts:
            connection.execute(_KEEP_TEXTS, past | code)
    connection.execute(
        _BEGIN, code | {"learnt": learnt} | {name: getattr(after.post, name) for name in _SEARCHED}
    )


def forget_state(connection: sqlite3.Connection, info_code: str) -> None:
    """Delete the present state of an article, which is recorded again."""
    connection.execute(_FORGET_PRESENT, [info_code])
    connection.execute(_REOPEN, {"code": info_code})


def forget_history(connection: sqlite3.Connection, info_code: str) -> None:
    """Delete all states of an article."""
    connection.execute(
        "DELETE FROM mention_history WHERE state IN"
        " (SELECT id FROM post_history WHERE info_code = ?)",
        [info_code],
    )
    connection.execute("DELETE FROM post_history WHERE info_code = ?", [info_code])


def number_documents(connection: sqlite3.Connection) -> None:
    """Take over new numbers of posts."""
    connection.execute(
        """
        UPDATE post_history SET document = (
            SELECT id FROM posts WHERE posts.info_code = post_history.info_code
        ) WHERE document > 0
        """
    )


def create_history(db: Database) -> None:
    """Create the tables, the view and the search of past texts, with the present states."""
    for statement in _SCHEMA:
        db.execute(statement)
    create_view_of_states(db)
    create_versions_search(db)
    begin_history(db.conn)


def create_view_of_states(db: Database) -> None:
    """Create the view of all states, with the columns of today, in place of the older one."""
    db.create_view("post_states", _STATES, replace=True)


def create_index_of_dates_ahead(db: Database) -> None:
    """Create the index by which searches of the past know where their scan begins."""
    db.execute(
        f"CREATE INDEX history_ahead ON post_history (known_from, published) WHERE {DATED_AHEAD}"
    )


def create_index_of_media(db: Database) -> None:
    """Create the index by which the past of one media is searched."""
    db.execute(
        "CREATE INDEX history_of_media ON post_history"
        " (media, published, id, known_from, known_until, gone)"
    )


def begin_history(connection: sqlite3.Connection) -> None:
    """Record the present rows of all posts as the only states that are known of them."""
    connection.execute(
        f"""
        INSERT INTO post_history (info_code, document, known_from, {", ".join(_SEARCHED)})
        SELECT info_code, id, coalesce(revised, first_seen), {", ".join(_SEARCHED)}
        FROM posts ORDER BY id
        """  # noqa: S608 (our own columns)
    )


_SEARCHED = ("published", "media", "category", "body_source", "source", "gone")
_SCHEMA = (
    """
    CREATE TABLE post_history (
        id INTEGER PRIMARY KEY,
        info_code TEXT NOT NULL REFERENCES posts(info_code),
        document INTEGER NOT NULL,
        known_from TEXT NOT NULL,
        known_until TEXT,
        published TEXT NOT NULL,
        media TEXT,
        category TEXT,
        body_source TEXT,
        source TEXT NOT NULL,
        gone TEXT,
        facts TEXT
    )
    """,
    """
    CREATE TABLE mention_history (
        security TEXT NOT NULL,
        state INTEGER NOT NULL REFERENCES post_history(id),
        PRIMARY KEY (security, state)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX mentions_of_states ON mention_history (state)",
    "CREATE INDEX history_of_posts ON post_history (info_code, known_from)",
    # All columns that searches use: they read this index alone, and the rows of their page.
    "CREATE INDEX history_newest ON post_history (published, id, known_from, known_until, gone,"
    " media, category, body_source, source, document, info_code)",
    "CREATE INDEX history_of_documents ON post_history"
    " (document, known_from, known_until, gone, published)",
)


def _column(name: str) -> str:
    if name in _SEARCHED:
        return f"post_history.{name}"
    if name == "checked":  # later checks found the same
        return "known_from AS checked"
    past = f"facts ->> '$.{name}'"
    return f"iif(known_until IS NULL, posts.{name}, {past}) AS {name}"


def _of_version(column: str, of_edition: str) -> str:
    """Return SQL for a column of the version that a past state had.

    Each table is searched by its key: in the view ``versions``, SQLite would read all versions.
    """
    is_it = "info_code = post_history.info_code AND version = facts ->> '$.version' AND {} ="
    is_it += " facts ->> '$.edition'"
    return f"""(
            SELECT {column} FROM revisions WHERE revisions.{is_it.format("edition")}
            UNION ALL
            SELECT {of_edition} FROM editions WHERE editions.{is_it.format("edition")}
            UNION ALL
            SELECT {column} FROM posts AS present
            WHERE present.{is_it.format(EDITION_OF_PATH)} AND NOT EXISTS (
                SELECT 1 FROM editions WHERE editions.info_code = present.info_code
            )
        )"""  # noqa: S608 (our own columns)


_STATES = f"""
    SELECT post_history.id, info_code, known_from, known_until, document, posts.id AS post,
        {", ".join(_column(name) for name in POST_COLUMNS if name not in ("info_code", "text"))},
        iif(known_until IS NULL, (
            SELECT json_group_object(security, found) FROM (
                SELECT security, found FROM mentions
                WHERE mentions.info_code = post_history.info_code ORDER BY security
            )
        ), facts ->> '$.securities') AS securities,
        iif(known_until IS NULL, posts.path, {_of_version("path", "path")}) AS file,
        iif(document > 0, posts.text, {_of_version("text", "coalesce(text, posts.text)")}) AS text
    FROM post_history JOIN posts USING (info_code)
"""  # noqa: S608 (our own columns)
_THIS = "info_code = :code AND known_until IS NULL"
# Only a state that `forget_state` has made the present one again has facts.
_OPENED = f"SELECT id, facts IS NOT NULL FROM post_history WHERE {_THIS}"  # noqa: S608
_END = """
    UPDATE post_history
    SET known_until = :learnt, facts = coalesce(facts, :facts) WHERE id = :id
"""
_END_MENTIONS = """
    INSERT OR IGNORE INTO mention_history (security, state)
    SELECT named.key, post_history.id
    FROM post_history, json_each(facts, '$.securities') AS named WHERE post_history.id = :id
"""
_KEEP_TEXTS = """
    UPDATE post_history SET document = -:id WHERE info_code = :code AND document > 0
"""
_BEGIN = f"""
    INSERT INTO post_history (info_code, document, known_from, {", ".join(_SEARCHED)})
    SELECT :code, posts.id, :learnt, {", ".join(f":{name}" for name in _SEARCHED)}
    FROM posts WHERE info_code = :code
"""  # noqa: S608 (our own columns)
_FORGET_PRESENT = "DELETE FROM post_history WHERE info_code = ? AND known_until IS NULL"
_REOPEN = """
    UPDATE post_history SET known_until = NULL
    WHERE id = (SELECT max(id) FROM post_history WHERE info_code = :code)
"""
