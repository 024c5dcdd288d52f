"""The pages of what a reader has marked, and the requests that mark it."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from datasette.utils.asgi import BadRequest, Forbidden, NotFound, Request, Response

from archive.browse.article_page import ArticleView, find_post
from archive.browse.post_list import Card, read_cards
from archive.browse.preferences import MAX_AGE
from archive.browse.readers import COOKIE, Reader, Readers, TooManyMarks
from archive.browse.site import Site
from archive.browse.starred import MAX_ARTICLES, as_markdown, read_starred
from archive.clock import utc_iso, utc_now
from archive.export.epub import epub
from archive.translation import gettext


def _readers(datasette: Site) -> Readers:
    if datasette.readers is None:
        raise NotFound(gettext("There is no such page."))
    return datasette.readers


async def reader_of(request: Request, datasette: Site) -> Reader | None:
    """Return the reader who sends a request; None where the site stores no marks."""
    if datasette.readers is None:
        return None
    identify = datasette.readers.identify
    reader = await asyncio.to_thread(identify, request.headers, request.cookies)
    return reader if reader.name else None


async def note_reading(datasette: Site, reader: Reader | None, article: ArticleView | None) -> None:
    """Record that a known reader has opened an article."""
    if datasette.readers and reader and not reader.is_new and article:
        with suppress(TooManyMarks):
            code = str(article.post["info_code"])
            await asyncio.to_thread(datasette.readers.has_read, reader, code)


async def mark(request: Request, datasette: Site) -> Response:
    """Answer ``POST /reader/<info code>``: star an article, or annotate it."""
    readers, reader = _readers(datasette), await reader_of(request, datasette)
    if reader is None:
        raise Forbidden(gettext("The proxy before this site names no reader."))
    post = await datasette.ask(find_post, request.url_vars["code"])
    if post is None or request.method != "POST":
        raise NotFound(gettext("The archive has no such article."))
    code, form = post["info_code"], await request.post_vars()
    try:
        if form.get("do") == "note":
            note, tags = form.get("note", ""), form.get("tags", "")
            await asyncio.to_thread(readers.annotate, reader, code, note, tags)
        else:
            starred = form.get("do") == "star"
            await asyncio.to_thread(readers.star, reader, code, starred=starred)
    except TooManyMarks:
        raise BadRequest(gettext("This site stores no more marks.")) from None
    back = form.get("back", "")
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = Response.redirect(back if inside else f"/catalog/posts/{code}")
    response.status = 303
    if reader.is_new:
        response.set_cookie(
            COOKIE,
            readers.cookie(reader.name),
            max_age=MAX_AGE,
            path=datasette.setting("base_url"),
            httponly=True,
            samesite="lax",
        )
    return response


async def stars(request: Request, datasette: Site) -> Response:
    """Answer ``/reader``: the starred articles, with ``tag=`` those with a tag."""
    _readers(datasette)
    reader = await reader_of(request, datasette)
    tag = request.args.get("tag") or ""
    marks = [each for each in (reader.starred if reader else []) if not tag or tag in each.tags]
    cards = await datasette.ask(_cards, [each.info_code for each in marks[:MAX_ARTICLES]])
    tags = sorted({name for each in (reader.starred if reader else []) for name in each.tags})
    html = await datasette.render_template(
        "reader.html", {"cards": cards, "tags": tags, "tag": tag}, request=request
    )
    return Response.html(html)


def _cards(connection: sqlite3.Connection, codes: Sequence[str]) -> list[Card]:
    posts = (find_post(connection, code) for code in codes)
    return read_cards(connection, [post["id"] for post in posts if post is not None])


async def stars_file(request: Request, datasette: Site) -> Response:
    """Answer ``/reader/stars.zip`` (Markdown) and ``/reader/stars.epub``."""
    _readers(datasette)
    reader = await reader_of(request, datasette)
    chapters = await datasette.ask(read_starred, reader.starred if reader else [])
    suffix = request.url_vars["suffix"]
    if suffix == "epub":
        title, now = gettext("Starred articles"), utc_iso(utc_now())
        data = await datasette.renderer.run(epub, chapters, title, now)
    else:
        data = await datasette.renderer.run(as_markdown, chapters)
    kind = {"epub": "application/epub+zip", "zip": "application/zip"}[suffix]
    headers = {
        "Content-Disposition": f'attachment; filename="stars.{suffix}"',
        "Cache-Control": "private",
    }
    return Response(data, content_type=kind, headers=headers)
