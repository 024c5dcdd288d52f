"""The catalog's schema, as named migrations; each runs in one transaction."""

from functools import cache

from archive.catalog.addresses import create_addresses
from archive.catalog.editions import create_editions, create_view_of_files
from archive.catalog.events import create_events
from archive.catalog.history import (
    create_history,
    create_index_of_dates_ahead,
    create_index_of_media,
    create_view_of_states,
)
from archive.catalog.images import create_pictures
from archive.catalog.past_states import record_past_states
from archive.catalog.versions import create_versions
from archive.search import (
    create_search,
    create_security_keys,
    create_security_names,
    rebuild_search,
    register,
)
from archive.tables import Database, Migrations

catalog_migrations = Migrations("finews")


def missing_parts(db: Database) -> list[str]:
    """Return the parts of the schema that a migrated catalog lacks, such as ``table changes``.

    Releases before 0.1.0 wrote such catalogs, because their migrations were changed later.
    """
    return sorted(_present_schema() - _schema_of(db))


@cache
def _present_schema() -> frozenset[str]:
    db = Database(memory=True)
    register(db.conn)
    catalog_migrations.apply(db)
    schema = _schema_of(db)
    db.close()
    return schema


def _schema_of(db: Database) -> frozenset[str]:
    parts = db.execute(
        "SELECT type || ' ' || name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
    )
    columns = db.execute(
        "SELECT 'column ' || tables.name || '.' || columns.name"
        " FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
        " WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%'"
    )
    return frozenset(part for (part,) in (*parts, *columns))


_FIRST_SCHEMA = (
    """
    CREATE TABLE categories (media TEXT PRIMARY KEY, slug TEXT NOT NULL, tag TEXT NOT NULL)
    """,
    """
    CREATE TABLE posts (
        id INTEGER NOT NULL, info_code TEXT PRIMARY KEY,
        title TEXT NOT NULL, published TEXT NOT NULL,
        media TEXT, category TEXT, tag TEXT, digest TEXT,
        length INTEGER NOT NULL, pictures TEXT NOT NULL,
        body_source TEXT, body_provisional INTEGER NOT NULL,
        link TEXT, addresses TEXT NOT NULL, captures TEXT NOT NULL,
        path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, version INTEGER NOT NULL,
        first_seen TEXT NOT NULL, checked TEXT NOT NULL, revised TEXT, gone TEXT,
        text TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX idx_posts_id ON posts (id)",
    "CREATE INDEX idx_posts_first_seen ON posts (first_seen)",
    # With the number in the index, a search within a media reads only the rows that it shows.
    "CREATE INDEX posts_by_media ON posts (media, published, id)",
    "CREATE INDEX idx_posts_category_published ON posts (category, published)",
    "CREATE INDEX posts_provisional ON posts (checked) WHERE body_provisional",
    """
    CREATE TABLE revisions (
        info_code TEXT REFERENCES posts(info_code), version INTEGER,
        path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
        body_source TEXT, captures TEXT NOT NULL, superseded TEXT NOT NULL,
        PRIMARY KEY (info_code, version)
    )
    """,
    """
    CREATE TABLE securities (
        code TEXT PRIMARY KEY, market INTEGER NOT NULL, symbol TEXT NOT NULL,
        name TEXT, kind TEXT NOT NULL
    )
    """,
    # Publication time in the key: the newest posts of a security are the end of one range.
    """
    CREATE TABLE mentions (
        security TEXT NOT NULL REFERENCES securities(code),
        published TEXT NOT NULL,
        info_code TEXT NOT NULL REFERENCES posts(info_code),
        PRIMARY KEY (security, published, info_code)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX idx_mentions_info_code ON mentions (info_code)",
    """
    CREATE TABLE crawls (
        id INTEGER PRIMARY KEY, spider TEXT NOT NULL, arguments TEXT NOT NULL,
        started TEXT NOT NULL, ended TEXT, status INTEGER, verdict TEXT,
        found INTEGER, asked INTEGER, added INTEGER, revised INTEGER, unchanged INTEGER,
        gone INTEGER, failed INTEGER, reasons TEXT, hosts TEXT
    )
    """,
    """
    CREATE TABLE payloads (
        digest TEXT PRIMARY KEY, url TEXT NOT NULL, file TEXT NOT NULL,
        offset INTEGER NOT NULL, fetched TEXT NOT NULL
    )
    """,
    # The changes that a check of the source found.
    """
    CREATE TABLE changes (
        info_code TEXT NOT NULL REFERENCES posts(info_code),
        at TEXT NOT NULL,
        what TEXT NOT NULL,
        PRIMARY KEY (info_code, at, what)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX posts_by_source ON posts (body_source, published, id)",
    "CREATE INDEX mentions_by_time ON mentions (published, security)",
    "CREATE INDEX posts_revised ON posts (revised) WHERE revised IS NOT NULL",
    "CREATE INDEX posts_gone ON posts (gone) WHERE gone IS NOT NULL",
    "CREATE INDEX changes_by_time ON changes (at)",
    "CREATE INDEX securities_by_name ON securities (name)",
    "CREATE INDEX securities_by_symbol ON securities (symbol)",
)
_FIRST_VIEWS = {
    "posts_per_day": """
        SELECT substr(published, 1, 10) AS day, count(*) AS posts, count(DISTINCT media) AS media
        FROM posts GROUP BY day ORDER BY day DESC
    """,
    "posts_per_media": """
        SELECT media, count(*) AS posts, min(published) AS first, max(published) AS newest
        FROM posts WHERE media IS NOT NULL GROUP BY media ORDER BY posts DESC
    """,
    "posts_per_security": """
        SELECT code AS security, name, kind, posts, first, newest
        FROM (
            SELECT security, count(*) AS posts, min(published) AS first, max(published) AS newest
            FROM mentions GROUP BY security
        )
        JOIN securities ON code = security ORDER BY posts DESC
    """,
}


@catalog_migrations()
def first_catalog(db: Database) -> None:
    """Create the tables of posts, categories, superseded versions, securities and crawls."""
    for statement in _FIRST_SCHEMA:
        db.execute(statement)
    for name, sql in _FIRST_VIEWS.items():
        db.create_view(name, sql)
    create_search(db)


@catalog_migrations()
def crawls_by_end(db: Database) -> None:
    """Add an index that finds the crawls of an hour."""
    db.table("crawls").create_index(["ended"])


@catalog_migrations()
def lists_of_the_source(db: Database) -> None:
    """Add the securities that lists name for articles, and the crawls that processed all lists."""
    db.table("posts").add_column("stock_list", str, not_null_default="[]")
    db.table("crawls").add_column("complete", int, not_null_default=0)


catalog_migrations(name="pictures")(create_pictures)


catalog_migrations(name="editions")(create_editions)


@catalog_migrations()
def any_source(db: Database) -> None:
    """Add the facts of articles of any source, and the table of addresses."""
    for table in (db.table("posts"), db.table("editions")):
        table.add_column("source", str, not_null_default="eastmoney")
        table.add_column("author", str)
        table.add_column("lang", str)
        table.add_column("precision", str, not_null_default="second")
        table.add_column("extractor", str)
        table.add_column("mentioned", str, not_null_default="[]")
    db.table("editions").add_column("found", str, not_null_default="[]")
    db.table("mentions").add_column("found", str)
    db.table("revisions").add_column("extractor", str)
    db.table("posts").create_index(["source", "published", "id"], "posts_by_publisher")
    create_addresses(db)


@catalog_migrations()
def folded_search(db: Database) -> None:
    """Index all texts as they are folded now, and add the keys by which securities are found."""
    if db.table("posts").count:
        rebuild_search(db)
    create_security_keys(db)


catalog_migrations(name="versions")(create_versions)


catalog_migrations(name="events")(create_events)


@catalog_migrations()
def flags(db: Database) -> None:
    """Add what sources state of articles: flags, keywords, and the time of the last change."""
    for table in (db.table("posts"), db.table("editions")):
        table.add_column("flags", str, not_null_default="[]")
        table.add_column("keywords", str, not_null_default="[]")
        table.add_column("modified", str)
    create_view_of_files(db)


@catalog_migrations()
def history(db: Database) -> None:
    """Add what the catalog knew of each article at each time, and the search of past texts."""
    create_history(db)
    record_past_states(db.conn)
    create_security_names(db)


catalog_migrations(name="dates_ahead")(create_index_of_dates_ahead)


catalog_migrations(name="states_by_key")(create_view_of_states)
catalog_migrations(name="states_of_media")(create_index_of_media)
