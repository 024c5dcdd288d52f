"""All of the made-up site put together: every host, and what to expect of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from demo.article_api import ARTICLE_API_HOST, article_api_site
from demo.article_page import PAGE_HOST, article_page_site
from demo.articles import SHANGHAI, SHARE_HOSTS, Article, made_up_articles
from demo.eastmoney import (
    LISTAPI_HOST,
    SCRIPT_HOST,
    WEBLIST_HOST,
    FastNews,
    columns_of,
    list_site,
    made_up_fast_news,
    script_site,
)
from demo.exchange import Site
from demo.mirror import MIRROR_HOST, rendered_site
from demo.pictures import CHART_HOST, PICTURE_HOST, chart_site, picture_site
from demo.post import expected_post
from demo.share import share_api_site
from demo.static import StaticFile, static_site

BUILT = datetime(2026, 11, 22, 23, 47, 52, tzinfo=SHANGHAI)
"""When the made-up mirror was built, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class MadeUpSite:
    """The made-up site, ready for a Replica, and the facts that a crawl of it is judged by."""

    articles: tuple[Article, ...]
    """Oldest first."""
    sites: Mapping[str, Site]
    """What each host says."""
    posts: Mapping[str, bytes]
    """File name to the exact bytes of every post that a correct crawl archives, except those of
    `mirror_only`."""
    mirror_only: frozenset[str]
    """The infoCodes that no share host knows: of those the archive has only the mirror's
    rendering, whose exact bytes are its own affair."""
    fast_news: tuple[FastNews, ...]
    """Eastmoney's rolling news, newest first."""
    summary_only: frozenset[str]
    """The infoCodes of rolling news that have no article: no share host, no page of Eastmoney and
    no post of the mirror knows them."""
    columns: Mapping[str, tuple[Article, ...]]
    """Eastmoney's columns, newest first."""
    page_only: frozenset[str]
    """The infoCodes whose body only the article page has, of all that is Eastmoney's. The mirror
    has them too."""


def made_up_site(*, articles: int = 150, seed: int = 3060, built: datetime = BUILT) -> MadeUpSite:
    """A site of so many articles; the same arguments make the same site.

    Raises ValueError for fewer articles than have room for every quirk.
    """
    # Made-up text needs repeatable numbers, not secret ones.
    made_up = tuple(made_up_articles(articles, Random(seed), built))
    pages = rendered_site(made_up, built)
    files = {path: StaticFile(page.encode(), built) for path, page in pages.items()}
    fast_news = made_up_fast_news(made_up, Random(f"summaries {seed}"))
    columns = columns_of(made_up)
    sites = {
        MIRROR_HOST: static_site(files.get),
        WEBLIST_HOST: list_site(fast_news),
        LISTAPI_HOST: list_site(fast_news, columns),
        SCRIPT_HOST: script_site(fast_news),
        ARTICLE_API_HOST: article_api_site(entry for entry in made_up if entry.share_hosts),
        PAGE_HOST: article_page_site(made_up),
        PICTURE_HOST: picture_site(),
        CHART_HOST: chart_site(),
    }
    for host in SHARE_HOSTS:
        known = {entry.info_code: entry.answer for entry in made_up if host in entry.share_hosts}
        sites[host] = share_api_site(known)
    unshared = frozenset(entry.info_code for entry in made_up if not entry.share_hosts)
    return MadeUpSite(
        articles=made_up,
        sites=sites,
        posts={entry.file_name: expected_post(entry) for entry in made_up if entry.share_hosts},
        mirror_only=unshared,
        fast_news=fast_news,
        summary_only=frozenset(piece.info_code for piece in fast_news if piece.article is None),
        columns=columns,
        page_only=unshared,
    )
