"""Answer with the sources of an archive."""

from archive.api.models import Parameters, SourceList, SourceSummary
from archive.api.opened import OpenedArchive, until, validated

_ARTICLES = """
    SELECT source, count(*) AS articles, max(first_seen) AS newest FROM posts WHERE (
        SELECT min(known_from) FROM post_history WHERE post_history.info_code = posts.info_code
    ) <= :until GROUP BY source
"""
_CRAWLS = """
    SELECT spider AS source, max(ended) AS last_crawl,
        max(ended) FILTER (WHERE status = 0) AS last_success, (
            SELECT status FROM crawls AS last
            WHERE last.spider = crawls.spider AND last.ended <= :until ORDER BY ended DESC LIMIT 1
        ) AS status
    FROM crawls WHERE ended <= :until GROUP BY spider
"""


def sources(opened: OpenedArchive, parameters: Parameters) -> SourceList:
    """Return each source with its number of articles and its last crawl."""
    at = until(parameters.as_of)
    unknown = dict.fromkeys(SourceSummary.model_fields) | {"articles": 0}
    found = {row["source"]: dict(row) for row in opened.rows(_ARTICLES, until=at)}
    for row in opened.rows(_CRAWLS, until=at):
        found.setdefault(row["source"], {}).update(dict(row))
    return SourceList(
        as_of=parameters.as_of,
        items=[validated(SourceSummary, unknown | found[name]) for name in sorted(found)],
    )
