"""Export an archive as a Jekyll site with the original's pages at the original's addresses."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath

from archive.categories import ROLLING, Category
from archive.content import format_post, quoted
from archive.errors import FinewsError
from archive.export.incremental_folder import ExportResult, Planned, export_to, planned
from archive.export.site.feeds import Published, feed_files
from archive.export.site.posts import PublishedPost, read_posts
from archive.export.site.search import search_files
from archive.export.site.securities import security_files
from archive.export.site.sitemap import SITEMAP, sitemap_files
from archive.export.site.urls import Address, category_page
from archive.export.site.versions import version_files
from archive.progress import Progress, silent
from archive.search import Query
from archive.storage import bytes_if_there, disk_errors, is_archive, real_path, sha256

_THEME = Path(__file__).with_name("theme")
_CONFIGURATION = PurePosixPath("_config.yml")

#: Configuration while the export runs: Jekyll refuses it and prints the name of the missing theme.
_INCOMPLETE = "theme: half exported (run finews export site again)\n"

#: Receives each post that is not published unchanged, and the reason.
Report = Callable[[PublishedPost, str], None]


def publish_site(
    published: Published, folder: Path, progress: Progress = silent, *, report: Report
) -> ExportResult:
    """Export a Jekyll source, or update one; see `archive.export.incremental_folder`.

    :param folder: the folder to write; `jekyll build` generates the site from it.
    :param report: receives each post whose file is broken or lost, when it is exported.
    :raises FinewsError: when the archive cannot be read or the folder cannot be written.
    """
    _refuse_overlap(published.folder, folder)
    files = dict(_site_files(published, report))
    seal = (_CONFIGURATION, _INCOMPLETE.encode())
    return export_to(folder, files, progress, seal=seal)


def publish_feed(published: Published, folder: Path, progress: Progress = silent) -> ExportResult:
    """Export the feed and its archived pages, or update them."""
    _refuse_overlap(published.folder, folder)
    return export_to(folder, dict(feed_files(published)), progress)


def _refuse_overlap(archive: Path, folder: Path) -> None:
    target, source = real_path(folder), real_path(archive)
    if target.is_relative_to(source):
        raise FinewsError(f"{folder} is in the archive {archive}; export to a folder elsewhere.")
    if source.is_relative_to(target):  # Jekyll would find the posts of the archive as well
        raise FinewsError(f"{folder} contains the archive {archive}; export to a folder elsewhere.")
    if is_archive(folder):
        raise FinewsError(f"{folder} is an archive; export to a folder of its own.")


def choose_posts(
    folder: Path,
    query: Query,
    *,
    title: str,
    address: str,
    version: str,
    days: int | None = None,
    with_pictures: bool = False,
) -> Published:
    """Choose the posts of an archive to publish.

    :param address: address that the site will be served at.
    :param version: version of this program.
    :param days: number of last days that the query is for; its ``since`` changes every day.
    :param with_pictures: whether the site contains the stored pictures.
    :raises FinewsError: when `address` is invalid, or the archive cannot be read.
    """
    return Published(
        folder=folder,
        title=title,
        name=_feed_name(query, days),
        address=Address.parse(address),
        version=version,
        posts=list(read_posts(folder, query, with_pictures=with_pictures)),
        rolling_editions=list(read_posts(folder, query, rolling=True, with_pictures=with_pictures)),
        then=Query(as_of=query.as_of),
    )


def _feed_name(query: Query, days: int | None) -> str:
    """Return the name that identifies a feed; it is the same in every release."""
    names = {"query" if name == "q" else name: value for name, value in query.parameters.items()}
    if days is not None:
        names["days"] = str(days)
        del names["since"]
    return f"feed {sorted(names.items())}"


def _site_files(published: Published, report: Report) -> Iterator[tuple[PurePosixPath, Planned]]:
    yield _CONFIGURATION, planned(_configuration(published))
    for path in sorted(_THEME.rglob("*")):
        if path.is_file():
            yield PurePosixPath(path.relative_to(_THEME).as_posix()), planned(path.read_bytes())
    posts = published.all_posts
    for post in posts:
        inputs_digest = published.inputs_digest(*post.facts)
        yield post.source, Planned(inputs_digest, partial(_source, published.folder, post, report))
    categories = _categories(posts)
    yield PurePosixPath("_data", "categories.yml"), planned(_as_data(categories))
    # The home page leaves these out of its newest news: it lists the other edition.
    names = "".join(f"- {quoted(post.name)}\n" for post in published.rolling_editions)
    yield PurePosixPath("_data", "rolling_editions.yml"), planned(names.encode() or b"[]\n")
    for category in categories:
        yield PurePosixPath(category_page(category.slug)), planned(_category_page(category))
    if ROLLING in categories:
        yield PurePosixPath(ROLLING.slug, "index.html"), planned(_rolling_page())
    yield from _picture_files(published.folder, posts, report)
    yield PurePosixPath("robots.txt"), planned(_robots(published.address))
    others = [
        *search_files(published),
        *security_files(published),
        *version_files(published),
    ]
    yield from others
    pages = [str(path) for path, _ in others if path.suffix == ".html"]
    yield from sitemap_files(published, categories, pages)
    yield from feed_files(published)


def _source(folder: Path, post: PublishedPost, report: Report) -> bytes | None:
    article = post.article(folder)
    if article is None:
        report(post, "its file is lost, so it is left out; `finews verify --repair` may restore it")
        return None
    source = format_post(article)
    if sha256(source) != post.sha256:
        report(post, "its file is not in the site's format, so it is written again in that format")
    return source


def _picture_files(
    folder: Path, posts: Sequence[PublishedPost], report: Report
) -> Iterator[tuple[PurePosixPath, Planned]]:
    """Generate the pictures of posts, and for the layout a list of them for each month."""
    illustrated = [post for post in posts if post.carried]
    owners = {picture.path: post for post in illustrated for picture in post.carried}
    for path, owner in owners.items():
        digest = PurePosixPath(path).stem
        generate = partial(_picture, folder / path, digest, owner, report)
        yield PurePosixPath(path), Planned(digest, generate)
    for month, its_posts in groupby(illustrated, lambda post: post.published[:7]):
        data = "".join(
            f"{quoted(post.name)}:\n"
            + "".join(f"- [{quoted(one.written)}, {quoted(one.path)}]\n" for one in post.carried)
            for post in its_posts
        )
        yield PurePosixPath("_data", "pictures", f"{month}.yml"), planned(data.encode())


def _picture(path: Path, digest: str, post: PublishedPost, report: Report) -> bytes | None:
    with disk_errors(path):
        data = bytes_if_there(path)
    if data is not None and sha256(data) == digest:
        return data
    report(post, f"its picture {path} is damaged, so it is left out; run `finews verify`")
    return None


def _categories(posts: Sequence[PublishedPost]) -> Counter[Category]:
    """Count the posts of each category, most posts first; a category has its newest name."""
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
    """Return the name under which Jekyll lists the posts: each word is a category to it."""
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
    """Generate the page of rolling news, to which posts link but which the original lacks."""
    to = f"/{category_page(ROLLING.slug)}"
    return f"---\nlayout: moved\ntitle: {quoted(ROLLING.tag)}\nto: {to}\n---\n".encode()


def _configuration(published: Published) -> bytes:
    """Generate Jekyll's configuration.

    The time zone is a rule, not a name, so that addresses do not depend on a database of zones.
    Neither Liquid nor Markdown is rendered in posts: a page has the post's body unchanged.
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
