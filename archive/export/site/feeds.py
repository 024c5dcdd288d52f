"""Generate the Atom feed of a query: the newest articles, and archived pages, one for each day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import groupby
from pathlib import Path, PurePosixPath

from archive.article import Article
from archive.categories import ROLLING
from archive.content import AtomEntry, AtomFeed, with_carried
from archive.content.atom import atom
from archive.export.incremental_folder import Planned, digest
from archive.export.site.posts import PublishedPost
from archive.export.site.urls import Address, category_page
from archive.search import EVERYTHING, Query

FEED = "feed.xml"
#: Number of articles in the feed itself.
_NEWEST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The posts to publish, and where.

    :param folder: the folder of the archive.
    :param title: title of the site and the feed.
    :param name: name that identifies the feed of this query.
    :param address: address that the site is served at.
    :param version: version of this program; another version generates all files again.
    :param posts: one post for each article, oldest first.
    :param rolling_editions: the rolling news of articles whose other edition is among `posts`.
    :param then: the query for everything at the time as of which posts are published.
    """

    folder: Path
    title: str
    name: str
    address: Address
    version: str
    posts: Sequence[PublishedPost]
    rolling_editions: Sequence[PublishedPost] = ()
    then: Query = EVERYTHING

    @property
    def all_posts(self) -> list[PublishedPost]:
        """All posts, oldest first."""
        both = [*self.posts, *self.rolling_editions]
        return sorted(both, key=lambda post: (post.published, post.info_code))

    def inputs_digest(self, *parts: object) -> str:
        """Return a digest of `parts` and of the inputs of every file."""
        return digest(self.version, self.title, self.name, self.address, *parts)


def feed_files(published: Published) -> Iterator[tuple[PurePosixPath, Planned]]:
    """Generate the archived pages (RFC 5005, section 4), oldest first, then the feed itself.

    A page has the articles of one day in Shanghai; it changes when an article of that day is added
    or revised. The feed has the articles that were archived last, late ones too.
    """
    days = {day: list(posts) for day, posts in groupby(published.posts, lambda post: post.day)}
    names = list(days)
    for before, day, after in zip([None, *names], names, [*names[1:], None], strict=False):
        links = {"current": FEED, "prev-archive": _page(before), "next-archive": _page(after)}
        yield _document(published, _page(day) or "", links, days[day], is_archive=True)
    newest = sorted(published.posts, key=lambda post: (post.updated, post.published, post.name))
    links = {"prev-archive": _page(names[-1] if names else None)}
    yield _document(published, FEED, links, newest[-_NEWEST:], is_archive=False)


def _page(day: str | None) -> str | None:
    return f"feed/{day}.xml" if day else None


def _document(
    published: Published,
    path: str,
    links: Mapping[str, str | None],
    posts: Sequence[PublishedPost],
    *,
    is_archive: bool,
) -> tuple[PurePosixPath, Planned]:
    address = published.address
    feed = AtomFeed(
        name=published.name,
        title=published.title,
        address=address.of(path),
        page=address.of(""),
        links=[(relation, address.of(to)) for relation, to in links.items() if to],
        is_archive=is_archive,
    )
    newest_first = list(reversed(posts))
    generate = partial(_write, published, feed, newest_first)
    return PurePosixPath(path), Planned(
        published.inputs_digest(feed, *((post.facts, post.carried) for post in newest_first)),
        generate,
    )


def _write(published: Published, feed: AtomFeed, posts: Sequence[PublishedPost]) -> bytes:
    return atom(feed, (_entry(published, post) for post in posts))


def _entry(published: Published, post: PublishedPost) -> AtomEntry:
    article = post.article(published.folder)
    return AtomEntry(
        name=post.info_code,
        title=post.title,
        published=post.published,
        updated=post.updated,
        page=published.address.of(post.page),
        author=post.media,
        categories=[(post.shelf.slug, post.shelf.tag)],
        digest=post.digest,
        html=None if article is None else _content(article, post, published.address),
    )


def _content(article: Article, post: PublishedPost, address: Address) -> str:
    """Return the HTML below the title of the article's page: same elements, same order."""
    of_site = article.info_code.is_info_code
    has_digest = article.digest and (article.category == ROLLING.slug or not of_site)
    digest = f"<blockquote>\n<p>{escape(article.digest or '')}</p>\n</blockquote>\n\n"
    category = escape(address.of(category_page(article.category or "")))
    link = escape(article.link)
    body = with_carried(article.body, post.carried, f"{address.origin}{address.path}")
    return (
        f"{digest if has_digest else ''}{body}\n\n"
        f'<p><a href="{link}">{link}</a></p>\n\n'
        f'<p><a href="{category}">返回{escape(article.tag or "")}</a>｜'
        f'<a href="{escape(address.of(""))}">返回首页</a></p>'
    )
