"""Generate the whole made-up site: every host, and the expected posts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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

#: Default time when the made-up mirror was built.
BUILT = datetime(2026, 11, 22, 23, 47, 52, tzinfo=SHANGHAI)

_AMOUNT = re.compile(r"达到(\d+\.\d+)亿元")


@dataclass(frozen=True, slots=True)
class MadeUpSite:
    """The made-up site, ready for a Replica, and the expected result of a crawl."""

    #: Time when the mirror was built.
    built: datetime
    #: Oldest first.
    articles: tuple[Article, ...]
    #: The other editions of rolling news that is also in the category of its media.
    media_posts: tuple[Article, ...]
    #: The sites by host name.
    sites: Mapping[str, Site]
    #: File name to the exact bytes of every post that a correct crawl archives, except those of
    #: `mirror_only`.
    posts: Mapping[str, bytes]
    #: The infoCodes that no share host has: the archive has only the mirror's rendering of them,
    #: whose exact bytes are not defined here.
    mirror_only: frozenset[str]
    #: Eastmoney's rolling news, newest first.
    fast_news: tuple[FastNews, ...]
    #: The infoCodes of rolling news that have no article: no share host, no page of Eastmoney and
    #: no post of the mirror knows them.
    summary_only: frozenset[str]
    #: Eastmoney's columns, newest first.
    columns: Mapping[str, tuple[Article, ...]]
    #: The infoCodes whose body only the article page has, of all that is Eastmoney's. The mirror
    #: has them too.
    page_only: frozenset[str]


def made_up_site(
    *, articles: int = 150, seed: int = 3060, built: datetime = BUILT, odd: bool = True
) -> MadeUpSite:
    """Generate a site with a number of articles; the same arguments give the same site.

    :param odd: some titles and texts resemble markup, a template or a mistake.
    :raises ValueError: when there are fewer articles than every quirk needs.
    """
    # Made-up text needs repeatable numbers, not secret ones.
    made_up = tuple(made_up_articles(articles, Random(seed), built, odd=odd))
    return _site_of(made_up, made_up_fast_news(made_up, Random(f"summaries {seed}")), built)


@dataclass(frozen=True, slots=True)
class LaterSite:
    """The made-up site an hour later: its publisher corrected one article and withdrew two.

    Then one of the two returned.
    """

    site: MadeUpSite
    #: The corrected article, with one other figure.
    corrected: Article
    #: The withdrawn article.
    withdrawn: Article
    #: The article that returned.
    returned: Article

    @property
    def before_return(self) -> MadeUpSite:
        """The site while both withdrawn articles were missing."""
        articles = tuple(each for each in self.site.articles if each is not self.returned)
        return _site_of(articles, self.site.fast_news, self.site.built)


def later(site: MadeUpSite) -> LaterSite:
    """Return the site an hour after it was built."""
    *_, returned, withdrawn, wrong = filter(_is_correctable, site.articles)
    corrected = _corrected(wrong)
    articles = tuple(
        corrected if article is wrong else article
        for article in site.articles
        if article is not withdrawn
    )
    moved_on = _site_of(articles, site.fast_news, site.built + timedelta(hours=1))
    return LaterSite(moved_on, corrected, withdrawn, returned)


def _is_correctable(article: Article) -> bool:
    """Return whether an article has one post, on every host, with an amount in its text."""
    ordinary = not (article.is_rolling or article.broken)
    known = article.share_hosts == SHARE_HOSTS
    return ordinary and known and _AMOUNT.search(article.api_body) is not None


def _corrected(article: Article) -> Article:
    """Return the article with the decimal point of its first amount moved."""
    amount = _AMOUNT.search(article.api_body)
    assert amount is not None
    wrong, right = amount[0], f"达到{float(amount[1]) / 10:.2f}亿元"
    body = tuple(replace(block, html=block.html.replace(wrong, right)) for block in article.body)
    answer = article.answer.replace(wrong.encode(), right.encode())
    return replace(article, body=body, answer=answer)


def _site_of(
    made_up: tuple[Article, ...], fast_news: tuple[FastNews, ...], built: datetime
) -> MadeUpSite:
    media_posts = tuple(entry.media_post for entry in made_up if entry.published_twice)
    pages = rendered_site((*made_up, *media_posts), built)
    files = {path: StaticFile(page.encode(), built) for path, page in pages.items()}
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
        built=built,
        articles=made_up,
        sites=sites,
        media_posts=media_posts,
        posts={
            entry.file_name: expected_post(entry)
            for entry in (*made_up, *media_posts)
            if entry.share_hosts
        },
        mirror_only=unshared,
        fast_news=fast_news,
        summary_only=frozenset(piece.info_code for piece in fast_news if piece.article is None),
        columns=columns,
        page_only=unshared,
    )
