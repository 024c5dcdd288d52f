"""Chinese full-text search over the posts, exact from one character up."""

from archive.search.conditions import PRESENT
from archive.search.facets import count_by_month, most_named, read_facets
from archive.search.index import (
    IndexedRow,
    Indexing,
    PostText,
    create_search,
    create_versions_search,
    indexed_row,
    rebuild_search,
    register,
    without_index,
)
from archive.search.language import parse
from archive.search.matching import matching
from archive.search.moment import moment_of
from archive.search.query import (
    CONDITIONS,
    DATED_AHEAD,
    EVERYTHING,
    HAS_CHARACTER,
    Hit,
    Query,
    conditions_here,
    count,
    count_in_time,
    estimate,
    find,
    has_at_least,
    is_frequent,
    latest_publication,
    named_then,
    names_meant,
    state_at,
    usual_character,
)
from archive.search.relevance import MOST_RANKED, find_relevant
from archive.search.securities import (
    NAME_THEN,
    QueriedSecurity,
    create_security_keys,
    create_security_names,
    learn_name,
    securities_named,
    security_of,
)
from archive.search.snippet import snippet
from archive.search.suggestions import Explanation, explain
from archive.search.tokenizer import grams
