"""All of the made-up site put together: the mirror, the share hosts, and what to expect of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from demo.articles import SHANGHAI, SHARE_HOSTS, Article, made_up_articles
from demo.exchange import Site
from demo.mirror import MIRROR_HOST, rendered_site
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


def made_up_site(*, articles: int = 150, seed: int = 3060, built: datetime = BUILT) -> MadeUpSite:
    """A site of so many articles; the same arguments make the same site.

    Raises ValueError for fewer articles than have room for every quirk.
    """
    # Made-up text needs repeatable numbers, not secret ones.
    made_up = tuple(made_up_articles(articles, Random(seed), built))
    pages = rendered_site(made_up, built)
    files = {path: StaticFile(page.encode(), built) for path, page in pages.items()}
    sites = {MIRROR_HOST: static_site(files.get)}
    for host in SHARE_HOSTS:
        known = {entry.info_code: entry.answer for entry in made_up if host in entry.share_hosts}
        sites[host] = share_api_site(known)
    return MadeUpSite(
        articles=made_up,
        sites=sites,
        posts={entry.file_name: expected_post(entry) for entry in made_up if entry.share_hosts},
        mirror_only=frozenset(entry.info_code for entry in made_up if not entry.share_hosts),
    )
