"""Generate the sitemap (sitemaps.org, protocol 0.9): an index, the lists, and files by month."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import PurePosixPath
from xml.sax.saxutils import escape

from archive.categories import Category
from archive.export.incremental_folder import Planned
from archive.export.site.feeds import Published
from archive.export.site.urls import category_page

SITEMAP = "sitemap.xml"
# The most addresses that the protocol allows in a file.
_MAX_ADDRESSES = 50_000
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap_files(
    published: Published, categories: Iterable[Category], pages: Iterable[str]
) -> Iterator[tuple[PurePosixPath, Planned]]:
    """Generate all files of the sitemap, the index last.

    :param pages: paths of the pages that are neither lists nor posts.
    """
    names = []
    others = parts("pages", [(path, "") for path in sorted(pages)])
    lists = ["", *sorted(category_page(category.slug) for category in categories)]
    named = ("lists", [(path, "") for path in lists])
    for name, entries in [named, *_months(published), *others]:
        path = f"sitemap/{name}.xml"
        names.append((path, max(changed for _, changed in entries)))
        yield _planned(published, path, "urlset", "url", entries)
    yield _planned(published, SITEMAP, "sitemapindex", "sitemap", names)


def _months(published: Published) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    for month, posts in groupby(published.all_posts, lambda post: post.published[:7]):
        yield from parts(month, [(post.page, post.updated) for post in posts])


def parts(
    name: str, entries: Sequence[tuple[str, str]], most: int = _MAX_ADDRESSES
) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Divide entries among files, and yield the name and the entries of each.

    :param most: number of entries in a file.
    """
    for start in range(0, len(entries), most):
        part = f"-{start // most + 1}" if start else ""
        yield f"{name}{part}", entries[start : start + most]


def _planned(
    published: Published, path: str, whole: str, part: str, entries: Sequence[tuple[str, str]]
) -> tuple[PurePosixPath, Planned]:
    generate = partial(_write, published, whole, part, entries)
    return PurePosixPath(path), Planned(published.inputs_digest(whole, *entries), generate)


def _write(
    published: Published, whole: str, part: str, entries: Sequence[tuple[str, str]]
) -> bytes:
    lines = "".join(
        f"<{part}><loc>{escape(published.address.of(path))}</loc>"
        f"{f'<lastmod>{changed}</lastmod>' if changed else ''}</{part}>\n"
        for path, changed in entries
    )
    return f"{_HEAD}<{whole} {_NAMESPACE}>\n{lines}</{whole}>\n".encode()
