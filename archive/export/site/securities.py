"""Generate the pages of a published site about the securities that its articles name."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import quote

from archive.content import quoted
from archive.export.incremental_folder import Planned, planned
from archive.export.site.feeds import Published
from archive.export.site.posts import PublishedPost
from archive.export.site.urls import security_page
from archive.search import NAME_THEN, PRESENT
from archive.storage import reading_catalog

#: Posts on the page of a security, and securities on the page of all of them.
_POSTS, _SECURITIES = 500, 2_000

_MENTIONS = """
    SELECT info_code, code, symbol, coalesce(name, symbol)
    FROM mentions JOIN securities ON code = security ORDER BY code
"""
_MENTIONS_THEN = f"""
    SELECT info_code, code, symbol, {NAME_THEN}
    FROM post_states AS posts, json_each(posts.securities) AS named
    JOIN securities ON code = named.key WHERE {{condition}} ORDER BY code
"""  # noqa: S608 (our own words)


@dataclass(frozen=True, slots=True)
class _Security:
    code: str
    symbol: str
    name: str


def security_files(published: Published) -> Iterator[tuple[PurePosixPath, Planned]]:
    """Generate a page for each security, one of all, and the securities of each post."""
    mentioned = _mentioned(published)
    posts_of: defaultdict[_Security, list[PublishedPost]] = defaultdict(list)
    for post in published.posts:
        for security in mentioned.get(post.info_code, ()):
            posts_of[security].append(post)
    for security, posts in posts_of.items():
        newest = posts[: -_POSTS - 1 : -1]
        facts = published.inputs_digest(security, len(posts), *(post.facts for post in newest))
        generate = partial(_security_page, published, security, len(posts), newest)
        yield PurePosixPath(security_page(security.code)), Planned(facts, generate)
    ranked = sorted(posts_of, key=lambda each: (-len(posts_of[each]), each.code))[:_SECURITIES]
    rows = "".join(
        f"<li>{_link(published, security_page(each.code), each.name)}"
        f" <small>{escape(each.symbol)}</small> <time>{len(posts_of[each])}</time></li>\n"
        for each in ranked
    )
    empty = "<p>没有文章提到证券。</p>"
    list_of_all = f'<ul class="posts names">\n{rows}</ul>' if rows else empty
    yield PurePosixPath("security", "index.html"), planned(page("证券", list_of_all))
    for month, its_posts in groupby(published.posts, lambda post: post.published[:7]):
        named = {post.name: mentioned.get(post.info_code, ()) for post in its_posts}
        data = "".join(
            f"{quoted(name)}:\n"
            + "".join(f"- [{quoted(each.code)}, {quoted(each.name)}]\n" for each in securities)
            for name, securities in named.items()
            if securities
        )
        if data:
            yield PurePosixPath("_data", "mentioned", f"{month}.yml"), planned(data.encode())


def page(title: str, html: str) -> bytes:
    """Return the source of a page that Jekyll puts into the site's layout as it is."""
    return f"""\
---
layout: default
title: {quoted(title)}
render_with_liquid: false
---
<main>
<h1>{escape(title)}</h1>
{html}
</main>
""".encode()


def post_rows(published: Published, posts: Sequence[PublishedPost]) -> str:
    """Return the list of posts as HTML."""
    return "".join(
        f"<li><time>{post.published[:16].replace('T', ' ')}</time>"
        f"{_link(published, post.page, post.title)}</li>\n"
        for post in posts
    )


def _link(published: Published, path: str, text: str) -> str:
    address = f"{published.address.path}/{quote(path)}"
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _security_page(
    published: Published, security: _Security, number: int, newest: Sequence[PublishedPost]
) -> bytes:
    count = (
        f"{number} 篇" if number == len(newest) else f"{number} 篇，这里是最新的 {len(newest)} 篇"
    )
    rows = post_rows(published, newest)
    html = f'<p class="edition">{count}</p>\n<ul class="posts">\n{rows}</ul>'
    return page(f"{security.name} {security.symbol}", html)


def _mentioned(published: Published) -> Mapping[str, list[_Security]]:
    """Return the securities that each article names, by info code."""
    found: defaultdict[str, list[_Security]] = defaultdict(list)
    then = published.then
    sql = _MENTIONS
    if then.tables is not PRESENT:
        sql = _MENTIONS_THEN.format(condition=then.condition)
    with reading_catalog(published.folder) as connection:
        for info_code, *security in connection.execute(sql, then.values):
            found[info_code].append(_Security(*security))
    return found
