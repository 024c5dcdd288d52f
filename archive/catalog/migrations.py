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
from archive.catalog.views import create_views
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


@catalog_migrations()
def first_catalog(db: Database) -> None:
    """Create the tables of posts, categories, superseded versions, securities and crawls."""
    db.create_table(
        "categories",
        {"media": str, "slug": str, "tag": str},
        pk="media",
        not_null={"slug", "tag"},
    )
    posts = db.create_table(
        "posts",
        {
            "id": int,
            "info_code": str,
            "title": str,
            "published": str,
            "media": str,
            "category": str,
            "tag": str,
            "digest": str,
            "length": int,
            "pictures": str,
            "body_source": str,
            "body_provisional": int,
            "link": str,
            "addresses": str,
            "captures": str,
            "path": str,
            "sha256": str,
            "bytes": int,
            "version": int,
            "first_seen": str,
            "checked": str,
            "revised": str,
            "gone": str,
            "text": str,
        },
        pk="info_code",
        not_null={
            *(
                "id",
                "title",
                "published",
                "length",
                "pictures",
                "body_provisional",
                "addresses",
                "captures",
            ),
            *("path", "sha256", "bytes", "version", "first_seen", "checked", "text"),
        },
    )
    posts.create_index(["id"], unique=True)
    posts.create_index(["first_seen"])
    # With the number in the index, a search within a media reads only the rows that it shows.
    posts.create_index(["media", "published", "id"], "posts_by_media")
    posts.create_index(["category", "published"])
    db.create_table(
        "revisions",
        {
            "info_code": str,
            "version": int,
            "path": str,
            "sha256": str,
            "bytes": int,
            "body_source": str,
            "captures": str,
            "superseded": str,
        },
        pk=("info_code", "version"),
        not_null={"path", "sha256", "bytes", "captures", "superseded"},
        foreign_keys=[("info_code", "posts", "info_code")],
    )
    db.create_table(
        "securities",
        {"code": str, "market": int, "symbol": str, "name": str, "kind": str},
        pk="code",
        not_null={"market", "symbol", "kind"},
    )
    # Publication time in the key: the newest posts of a security are the end of one range.
    db.execute(
        """
        CREATE TABLE mentions (
            security TEXT NOT NULL REFERENCES securities(code),
            published TEXT NOT NULL,
            info_code TEXT NOT NULL REFERENCES posts(info_code),
            PRIMARY KEY (security, published, info_code)
        ) WITHOUT ROWID
        """
    )
    db.table("mentions").create_index(["info_code"])
    db.create_table(
        "crawls",
        {
            "id": int,
            "spider": str,
            "arguments": str,
            "started": str,
            "ended": str,
            "status": int,
            "verdict": str,
            "found": int,
            "asked": int,
            "added": int,
            "revised": int,
            "unchanged": int,
            "gone": int,
            "failed": int,
            "reasons": str,
            "hosts": str,
        },
        pk="id",
        not_null={"spider", "arguments", "started"},
    )
    db.create_table(
        "payloads",
        {"digest": str, "url": str, "file": str, "offset": int, "fetched": str},
        pk="digest",
        not_null={"url", "file", "offset", "fetched"},
    )
    # The changes that a check of the source found.
    db.execute(
        """
        CREATE TABLE changes (
            info_code TEXT NOT NULL REFERENCES posts(info_code),
            at TEXT NOT NULL,
            what TEXT NOT NULL,
            PRIMARY KEY (info_code, at, what)
        ) WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX posts_provisional ON posts (checked) WHERE body_provisional")
    create_views(db)
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


@catalog_migrations()
def pictures(db: Database) -> None:
    """Add the tables of the pictures that posts show, and of the stored pictures."""
    create_pictures(db)


@catalog_migrations()
def editions(db: Database) -> None:
    """Add the table of articles that were published as two posts."""
    create_editions(db)


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


@catalog_migrations()
def versions(db: Database) -> None:
    """Add to each version its cause, its edits and its texts, and the table of absences."""
    create_versions(db)


@catalog_migrations()
def events(db: Database) -> None:
    """Add the table of events, in the order in which the archive learnt of them."""
    create_events(db)


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


@catalog_migrations()
def dates_ahead(db: Database) -> None:
    """Add the index of states whose publisher states a time after the archive knew of them."""
    create_index_of_dates_ahead(db)


@catalog_migrations()
def states_by_key(db: Database) -> None:
    """Replace the view of all states: it finds the version of a past state by its key."""
    create_view_of_states(db)


@catalog_migrations()
def states_of_media(db: Database) -> None:
    """Add the index of states by media: a rare one is found without a scan of all states."""
    create_index_of_media(db)
