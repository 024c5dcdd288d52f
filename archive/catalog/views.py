"""The catalog's views, and the indexes that the pages need."""

from archive.tables import Database


def create_views(db: Database) -> None:
    """Create the views and the indexes that the pages need; the tables must exist."""
    for name, sql in _VIEWS.items():
        db.create_view(name, sql)
    for statement in _INDEXES:
        db.execute(statement)


_VIEWS = {
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

_INDEXES = (
    "CREATE INDEX posts_by_source ON posts (body_source, published, id)",
    "CREATE INDEX mentions_by_time ON mentions (published, security)",
    "CREATE INDEX posts_revised ON posts (revised) WHERE revised IS NOT NULL",
    "CREATE INDEX posts_gone ON posts (gone) WHERE gone IS NOT NULL",
    "CREATE INDEX changes_by_time ON changes (at)",
    "CREATE INDEX securities_by_name ON securities (name)",
    "CREATE INDEX securities_by_symbol ON securities (symbol)",
)
