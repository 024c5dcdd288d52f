"""The archive as a Jekyll site: the original's pages at the original's addresses."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath

from archive.categories import ROLLING, Category
from archive.content import CarriedPicture, format_post, quoted
from archive.errors import FinewsError
from archive.export.incremental_folder import ExportResult, Planned, export_to, planned
from archive.export.site.feeds import Published, feed_files
from archive.export.site.posts import PublishedPost, read_posts, read_rolling_editions
from archive.export.site.sitemap import SITEMAP, sitemap_files
from archive.export.site.urls import Address, category_page
from archive.progress import Progress, silent
from archive.search import Query
from archive.storage import sha256

_THEME = Path(__file__).with_name("theme")
_CONFIGURATION = PurePosixPath("_config.yml")

_HALF_MADE = "theme: half exported (say finews export site again)\n"
"""Stands in the configuration's place. Jekyll ends, because there is no such theme, and says so."""

Told = Callable[[PublishedPost, str], None]
"""Is told of a post that is not published as it stands, and why."""


def publish_site(
    published: Published, folder: Path, progress: Progress = silent, *, tell: Told
) -> ExportResult:
    """Export a Jekyll source, or bring one up to date, as an `archive.export.incremental_folder`.

    :param folder: where to; `jekyll build` makes the site of it.
    :param tell: is told of each post whose file is broken or lost, when it is exported.
    :raises FinewsError: when the archive cannot be read or the folder not be written.
    """
    _refuse_inside(published.folder, folder)
    files = dict(_site_files(published, tell))
    seal = (_CONFIGURATION, _HALF_MADE.encode())
    return export_to(folder, files, progress, seal=seal)


def publish_feed(published: Published, folder: Path, progress: Progress = silent) -> ExportResult:
    """Export the feed and its archived pages, or bring them up to date."""
    _refuse_inside(published.folder, folder)
    return export_to(folder, dict(feed_files(published)), progress)


def _refuse_inside(archive: Path, folder: Path) -> None:
    if folder.resolve().is_relative_to(archive.resolve()):
        raise FinewsError(f"{folder} is in the archive {archive}; export to a folder elsewhere.")


def what_to_publish(
    folder: Path,
    query: Query,
    *,
    title: str,
    address: str,
    version: str,
    days: int | None = None,
    with_pictures: bool = False,
) -> Published:
    """Choose the posts of an archive.

    :param address: that they will be served at.
    :param version: of this program.
    :param days: when the query is for so many last days: its ``since`` is another one tomorrow.
    :param with_pictures: the site carries those that the archive keeps.
    :raises FinewsError: when `address` is none, or the archive cannot be read.
    """
    return Published(
        folder=folder,
        title=title,
        name=_feed_name(query, days),
        address=Address.parse(address),
        version=version,
        posts=list(read_posts(folder, query, with_pictures=with_pictures)),
        rolling_editions=list(read_rolling_editions(folder, query, with_pictures=with_pictures)),
    )


def _feed_name(query: Query, days: int | None) -> str:
    """Return the name that identifies a feed; it is the same in every release."""
    names = {"query" if name == "q" else name: value for name, value in query.parameters.items()}
    if days is not None:
        names["days"] = str(days)
        del names["since"]
    return f"feed {sorted(names.items())}"


def _site_files(published: Published, tell: Told) -> Iterator[tuple[PurePosixPath, Planned]]:
    yield _CONFIGURATION, planned(_configuration(published))
    for path in sorted(_THEME.rglob("*")):
        if path.is_file():
            yield PurePosixPath(path.relative_to(_THEME).as_posix()), planned(path.read_bytes())
    posts = published.all_posts
    for post in posts:
        made_of = published.made_of(*post.facts)
        yield post.source, Planned(made_of, partial(_source, published.folder, post, tell))
    categories = _categories(posts)
    yield PurePosixPath("_data", "categories.yml"), planned(_as_data(categories))
    # The newest news of the home page leaves these out: it has their articles already.
    names = "".join(f"- {quoted(post.name)}\n" for post in published.rolling_editions)
    yield PurePosixPath("_data", "rolling_editions.yml"), planned(names.encode() or b"[]\n")
    for category in categories:
        yield PurePosixPath(category_page(category.slug)), planned(_category_page(category))
    if ROLLING in categories:
        yield PurePosixPath(ROLLING.slug, "index.html"), planned(_rolling_page())
    yield from _picture_files(published.folder, posts, tell)
    yield PurePosixPath("robots.txt"), planned(_robots(published.address))
    yield from sitemap_files(published, categories)
    yield from feed_files(published)


def _source(folder: Path, post: PublishedPost, tell: Told) -> bytes | None:
    article = post.article(folder)
    if article is None:
        tell(post, "its file is lost, so it is left out; `finews verify --repair` may mend that")
        return None
    source = format_post(article)
    if sha256(source) != post.sha256:
        tell(post, "its file is not in the site's format, so it is written anew")
    return source


def _picture_files(
    folder: Path, posts: Sequence[PublishedPost], tell: Told
) -> Iterator[tuple[PurePosixPath, Planned]]:
    """The pictures that posts carry, and for the layout which post has which, month by month."""
    illustrated = [post for post in posts if post.carried]
    owners = {picture.path: post for post in illustrated for picture in post.carried}
    for path, owner in owners.items():
        digest = PurePosixPath(path).stem
        make = partial(_picture, folder / path, digest, owner, tell)
        yield PurePosixPath(path), Planned(digest, make)
    for month, its_posts in groupby(illustrated, lambda post: post.published[:7]):
        data = "".join(f"{quoted(post.name)}:\n{_as_rows(post.carried)}" for post in its_posts)
        yield PurePosixPath("_data", "pictures", f"{month}.yml"), planned(data.encode())


def _as_rows(pictures: Sequence[CarriedPicture]) -> str:
    return "".join(f"- [{quoted(one.written)}, {quoted(one.path)}]\n" for one in pictures)


def _picture(path: Path, digest: str, post: PublishedPost, tell: Told) -> bytes | None:
    data = path.read_bytes()
    if sha256(data) == digest:
        return data
    tell(post, f"its picture {path} is damaged, so it is left out; `finews verify` says more")
    return None


def _categories(posts: Sequence[PublishedPost]) -> Counter[Category]:
    """Categories with the number of their posts, most first. A slug goes by its newest name."""
    tags = {post.shelf.slug: post.shelf.tag for post in posts}
    counted = Counter(post.shelf.slug for post in posts)
    ordered = sorted(counted, key=lambda slug: (-counted[slug], slug))
    return Counter({Category(slug, tags[slug]): counted[slug] for slug in ordered})


def _as_data(categories: Counter[Category]) -> bytes:
    return "".join(
        f"- slug: {quoted(category.slug)}\n"
        f"  word: {quoted(_first_word(category))}\n"
        f"  tag: {quoted(category.tag)}\n"
        f"  posts: {posts}\n"
        for category, posts in categories.items()
    ).encode()


def _first_word(category: Category) -> str:
    """What Jekyll knows the category's posts by: it takes each word for a category."""
    return category.slug.split()[0]


def _category_page(category: Category) -> bytes:
    return f"""\
---
layout: category
title: {quoted(category.tag)}
slug: {quoted(category.slug)}
word: {quoted(_first_word(category))}
---
""".encode()


def _rolling_page() -> bytes:
    """The original's posts link to an address of rolling news that it did not serve."""
    to = f"/{category_page(ROLLING.slug)}"
    return f"---\nlayout: moved\ntitle: {quoted(ROLLING.tag)}\nto: {to}\n---\n".encode()


def _configuration(published: Published) -> bytes:
    """The zone is a rule, not a name, so that addresses do not hang on a database of zones.

    Liquid is kept out of posts, and so is Markdown: a page has the body as the post has it.
    """
    address = published.address
    return f"""\
title: {quoted(published.title)}
url: {quoted(address.origin)}
baseurl: {quoted(address.path)}
timezone: CST-8
future: true
excerpt_separator: ""
markdown_ext: markdown
defaults:
  - scope: {{path: "", type: posts}}
    values:
      render_with_liquid: false
      permalink: /:categories/:year/:month/:day/:title.html
""".encode()


def _robots(address: Address) -> bytes:
    return f"User-agent: *\nAllow: /\nSitemap: {address.of(SITEMAP)}\n".encode()
