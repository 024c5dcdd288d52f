"""Store news articles, and read them: ``archive.open`` opens an archive for reading.

The public names are loaded when they are first used, so that a command loads only what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.api.news import News, open  # noqa: A004
    from archive.archive import Archive
    from archive.article import Article, Edition
    from archive.article_id import ArticleId, InfoCode
    from archive.errors import (
        ArchiveError,
        ArchiveLocked,
        CatalogDamaged,
        CatalogMissing,
        CatalogOutdated,
        FinewsError,
        InvalidArticle,
        InvalidArticleId,
        InvalidInfoCode,
        InvalidQuery,
        MisshapenCatalog,
        NotArchived,
        Refused,
        StrayFolder,
    )
    from archive.search import Query

_NAMES_BY_MODULE = {
    "archive.api.news": ("News", "open"),
    "archive.archive": ("Archive",),
    "archive.article": ("Article", "Edition"),
    "archive.article_id": ("ArticleId", "InfoCode"),
    "archive.search": ("Query",),
}

__all__ = [
    "Archive",
    "ArchiveError",
    "ArchiveLocked",
    "Article",
    "ArticleId",
    "CatalogDamaged",
    "CatalogMissing",
    "CatalogOutdated",
    "Edition",
    "FinewsError",
    "InfoCode",
    "InvalidArticle",
    "InvalidArticleId",
    "InvalidInfoCode",
    "InvalidQuery",
    "MisshapenCatalog",
    "News",
    "NotArchived",
    "Query",
    "Refused",
    "StrayFolder",
    "open",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = (module for module, names in _NAMES_BY_MODULE.items() if name in names)
    value = getattr(import_module(next(modules, "archive.errors")), name)
    globals()[name] = value  # from now on, a plain attribute
    return value
