"""Chinese full-text search over the posts, exact from one character up."""

from archive.search.facets import count_by_month, months_between, read_facets
from archive.search.index import (
    IndexedRow,
    Indexing,
    PostText,
    create_search,
    indexed_row,
    register,
    without_index,
)
from archive.search.query import CONDITIONS, EVERYTHING, Hit, Query, count, find, is_frequent
from archive.search.tokenizer import NOTHING, grams, match_expression

__all__ = [
    "CONDITIONS",
    "EVERYTHING",
    "NOTHING",
    "Hit",
    "IndexedRow",
    "Indexing",
    "PostText",
    "Query",
    "count",
    "count_by_month",
    "create_search",
    "find",
    "grams",
    "indexed_row",
    "is_frequent",
    "match_expression",
    "months_between",
    "read_facets",
    "register",
    "without_index",
]
