"""The site's own pages: each reads an address, queries the catalog and renders a template."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin

from datasette.utils.asgi import BadRequest, NotFound, Request, Response

from archive import words
from archive.addresses import InvalidAddress
from archive.article_id import ArticleId
from archive.browse import template_filters
from archive.browse.article_page import (
    find_post,
    read_article,
    read_file,
    read_picture,
    read_text,
    read_versions,
)
from archive.browse.changes_feed import ChangesQuery, generate_changes_feed, read_changes
from archive.browse.conditional import conditional
from archive.browse.feed import Addresses, generate_feed, modified, read_newest
from archive.browse.filters import table_parameters
from archive.browse.front_page import read_front, read_media, read_securities
from archive.browse.metadata import TITLE
from archive.browse.past import WithdrawnThen, instant, moment_in
from archive.browse.post_list import ListPosition, Page, read_future, read_page, read_relevant
from archive.browse.rendering import MAX_CHARACTERS
from archive.browse.security import read_security
from archive.browse.site import Site
from archive.browse.text_diff import compare, stretches
from archive.catalog import article_at, horizon, read_crawls
from archive.errors import InvalidArticleId, InvalidQuery
from archive.search import (
    Query,
    count_in_time,
    estimate,
    explain,
    named_then,
    parse,
    read_facets,
    securities_named,
    security_of,
)
from archive.storage import holder_of
from archive.translation import gettext
from archive.watches.model import watch_lines

#: A page; Datasette passes the arguments that the page's parameters name.
View = Callable[..., Awaitable[Response]]

_ATOM = "application/atom+xml; charset=utf-8"


async def front(request: Request, datasette: Site) -> Response:
    """Answer ``/``; as of a time, the list of then is the front page."""
    if as_of := moment_in(request):
        return _redirect(datasette, "/news", Query(as_of=as_of))
    until = horizon()
    page = await datasette.ask_cached("front", read_front, until)
    now = datetime.now(UTC)
    crawls = await datasette.ask(read_crawls, now, holder_of(datasette.folder))
    return await _render(datasette, request, "front.html", page=page, crawls=crawls)


async def news(request: Request, datasette: Site) -> Response:
    """Answer ``/news``, with the parameters of `Query`, and ``sort=relevance`` or ``fresh``, or
    ``after=``, ``before=`` and ``page=last``."""
    query = _read_query(request)
    if article := await _find_article(datasette, query.q):
        return _redirect(datasette, f"/catalog/posts/{article}", Query(as_of=query.as_of))
    until = horizon(instant(query.as_of))
    sort = (request.args.get("sort") or "") if query.q else ""
    if sort in ("relevance", "fresh"):
        cards = await datasette.ask(read_relevant, query, until, sort == "fresh")
        page = Page([("", cards)] if cards else (), None, None)
    else:
        sort = "time"
        position = ListPosition.from_arguments(request.args)
        page = await datasette.ask(read_page, query, position, until)
    future = await datasette.ask_or_give_up(("future", query), read_future, query, until) or ()
    counted = await datasette.ask_or_give_up(("count", query), count_in_time, query)
    if counted is None:
        counted = await datasette.ask_cached(("estimate", query), estimate, query), True
    total, estimated = counted
    facets = await datasette.ask_or_give_up(("facets", query), read_facets, query)
    named = await datasette.ask(
        lambda catalog: named_then(catalog, securities_named(catalog, query.q), query.as_of)
    )
    explanation = (
        None
        if total or estimated
        else await datasette.ask_or_give_up(("explain", query), explain, query)
    )
    return await _render(
        datasette,
        request,
        "news.html",
        selection=query,
        heading=await _heading(datasette, query),
        page=page,
        total=max(0, total - sum(posts for _, posts in future)),
        estimated=estimated,
        future=future,
        facets=facets or (),
        facets_left_out=facets is None,
        securities=named,
        sort=sort,
        explanation=explanation,
        list_path="/news",
        watch="" if query.as_of or not query.written else watch_lines(query.written),
        feed=_absolute(request, datasette)(f"/news.atom{query.query_string()}"),
        json=_table_address(datasette, query, "json", {"_shape": "objects"}),
        csv=_table_address(datasette, query, "csv", {"_size": "max", "_dl": "1"}),
    )


async def news_feed(request: Request, datasette: Site) -> Response:
    """Answer ``/news.atom`` with the parameters of ``/news``."""
    query, absolute = _read_query(request), _absolute(request, datasette)
    parameters = query.query_string()
    of_then = Query(as_of=query.as_of).query_string()
    addresses = Addresses(
        feed=absolute(f"/news.atom{parameters}"),
        page=absolute(f"/news{parameters}"),
        article=lambda code: absolute(f"/catalog/posts/{code}{of_then}"),
        security=lambda code: absolute(f"/security/{code}{of_then}"),
        picture=lambda name: absolute(f"/pictures/{name}"),
    )
    until = horizon(instant(query.as_of))
    posts = await datasette.ask(read_newest, query, addresses, until)
    title = f"{await _heading(datasette, query)} · {gettext(TITLE)}"
    renderer = datasette.renderer
    feed = await renderer.run(generate_feed, posts, query, title, addresses, renderer)
    return await renderer.run(
        conditional,
        request,
        feed,
        _ATOM,
        modified=modified(posts),
        max_age=300,
    )


async def changes_feed(request: Request, datasette: Site) -> Response:
    """Answer ``/changes.atom`` with the parameters of `ChangesQuery`."""
    try:
        query = ChangesQuery.from_parameters({name: request.args[name] for name in request.args})
        changes = await datasette.ask(read_changes, query)
    except InvalidQuery as error:
        raise BadRequest(str(error)) from error
    feed = generate_changes_feed(changes, query, _absolute(request, datasette))
    # Without a time: of several changes in one second, the last may have come after an answer.
    return conditional(request, feed, _ATOM, modified=None, max_age=60)


async def security(request: Request, datasette: Site) -> Response:
    """Answer ``/security/<market and symbol>``; as of a time, with the list of then."""
    code = unquote(request.url_vars["code"])
    if as_of := moment_in(request):
        return _redirect(datasette, "/news", Query(security=code, as_of=as_of))
    until = horizon()
    about = await datasette.ask_cached(("security", code), read_security, code, until)
    if about is None:
        raise NotFound(gettext("No post names this security."))
    query = Query(security=code)
    page = await datasette.ask(read_page, query, ListPosition.from_arguments(request.args), until)
    return await _render(
        datasette,
        request,
        "security.html",
        about=about,
        selection=query,
        page=page,
        list_path=f"/security/{quote(code)}",
    )


async def securities(request: Request, datasette: Site) -> Response:
    """Answer ``/security``."""
    as_of = moment_in(request)
    until = horizon(instant(as_of))
    names = await datasette.ask_cached(("securities", as_of), read_securities, until, as_of)
    return await _render(datasette, request, "securities.html", names=names)


async def media(request: Request, datasette: Site) -> Response:
    """Answer ``/media``."""
    as_of = moment_in(request)
    names = await datasette.ask_cached(("media", as_of), read_media, as_of)
    return await _render(datasette, request, "media.html", names=names)


async def article_variables(request: Request, datasette: Site) -> dict[str, Any]:
    """Return the variables for the template of ``/catalog/posts/<info code>``."""
    as_of = moment_in(request)
    article = await datasette.ask(
        read_article,
        unquote(request.url_vars["pks"]),
        lambda name: str(datasette.urls.path(f"/pictures/{name}")),
        request.args.get("edition"),
        as_of,
    )
    _require_known(article and article.post, as_of)
    if article is None:
        return {"article": None}
    body = await datasette.renderer.run(
        datasette.renderer.body,
        article.file,
        article.post["text"] or "",
        lambda code: str(datasette.urls.path(f"/security/{code}")),
        article.stored_pictures,
    )
    text = (article.post["text"] or "")[:MAX_CHARACTERS]
    return {"article": article, "body": body, "text": text}


async def changes(request: Request, datasette: Site) -> Response:
    """Answer ``/catalog/posts/<info code>/changes?old=1&new=2``, also with ``edition=rolling``."""
    post = await _find_post(request, datasette)
    versions = await datasette.ask(read_versions, post, moment_in(request))
    by_number = {str(version.number): version for version in versions}
    newest, before = versions[0], versions[min(1, len(versions) - 1)]
    new = by_number.get(request.args.get("new") or "", newest)
    old = by_number.get(request.args.get("old") or "", before)

    def compared() -> Any:
        texts = [read_text(datasette.folder, version) for version in (old, new)]
        return None if None in texts else stretches(compare(*(text or "" for text in texts)))

    key = ("changes", old.sha256, new.sha256)
    return await _render(
        datasette,
        request,
        "changes.html",
        post=post,
        edition=request.args.get("edition"),
        versions=versions,
        old=old,
        new=new,
        stretches=await datasette.renderer.run(datasette.cache.get, key, compared),
    )


async def post_file(request: Request, datasette: Site) -> Response:
    """Answer ``/catalog/posts/<info code>/versions/<number>`` with the bytes of the file."""
    post = await _find_post(request, datasette)
    versions = await datasette.ask(read_versions, post, moment_in(request))
    path = {str(version.number): version.path for version in versions}.get(
        request.url_vars["version"], ""
    )
    data = await datasette.ask(lambda _: read_file(datasette.folder, path))
    if data is None:
        raise NotFound(gettext("The archive has no such file."))
    return Response(
        data,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(PurePosixPath(path).name)}"
        },
    )


async def picture(request: Request, datasette: Site) -> Response:
    """Answer ``/pictures/<SHA-256>.<suffix>`` with the bytes of a stored picture."""
    found = await datasette.ask(read_picture, datasette.folder, request.url_vars["name"])
    if found is None:
        raise NotFound(gettext("The archive has no such picture."))
    data, kind = found
    return Response(
        data,
        content_type=kind,
        # The picture at this address cannot change: its name is its hash.
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


async def short_address(request: Request, datasette: Site) -> Response:
    """Answer ``/<id of an article>``; an info code with or without its NW."""
    article = await _find_article(datasette, request.url_vars["code"])
    if article is None:
        raise NotFound(gettext("The archive has no such article."))
    return _redirect(datasette, f"/catalog/posts/{article}", Query(as_of=moment_in(request)))


async def present_only(request: Request) -> Response:
    """Answer 400 for what knows the present alone."""
    raise BadRequest(gettext("This page has no past; leave as_of out of its address."))


async def hidden(request: Request) -> Response:
    """Answer 404 for Datasette's pages that describe the machine or serve its developers."""
    raise NotFound(gettext("There is no such page."))


async def _render(datasette: Site, request: Request, template: str, **variables: Any) -> Response:
    return Response.html(
        await datasette.render_template(template, variables, request=request),
        headers={"Cache-Control": f"max-age={datasette.setting('default_cache_ttl')}"},
    )


def _absolute(request: Request, datasette: Site) -> Callable[[str], str]:
    """Return a function that returns the absolute address of a path of the site."""
    return lambda path: str(urljoin(request.url, str(datasette.urls.path(path))))


async def _find_article(datasette: Site, text: str) -> ArticleId | None:
    """Return the archived article that a text names by its id or an address; None for others."""
    with suppress(InvalidArticleId):
        named = ArticleId.named_by(text)
        if await datasette.ask(find_post, named) is not None:
            return named
    with suppress(InvalidAddress):
        return await datasette.ask(article_at, text)
    return None


def in_language(request: Request, language: str) -> str:
    """Return the query string of the same page in another language."""
    return f"?{urlencode([*parse_qsl(request.query_string), ('lang', language)])}"


async def _find_post(request: Request, datasette: Site) -> Any:
    code, edition = unquote(request.url_vars["code"]), request.args.get("edition")
    as_of = moment_in(request)
    post = await datasette.ask(find_post, code, edition, as_of)
    _require_known(post, as_of)
    if post is None:
        raise NotFound(gettext("The archive has no such article."))
    return post


def _require_known(post: Any, as_of: str) -> None:
    """Check that the archive had an article at the time of a page, if the page has one.

    :raises NotFound: when it had not been stored by then.
    :raises WithdrawnThen: when it had been found that the source did not have it.
    """
    if as_of and post is None:
        then = template_filters.as_of(as_of)
        raise NotFound(gettext("The archive did not have this article at %(time)s.", time=then))
    if as_of and post["gone"]:
        then, gone = template_filters.as_of(as_of), template_filters.moment(post["gone"])
        raise WithdrawnThen(
            gettext(
                "At %(time)s the source had withdrawn this article, as was found at %(gone)s.",
                time=then,
                gone=gone,
            )
        )


def _redirect(datasette: Site, path: str, query: Query) -> Response:
    return Response.redirect(f"{datasette.urls.path(path)}{query.query_string()}")


def _read_query(request: Request) -> Query:
    """Return the query that an address names.

    :raises BadRequest: when it cannot be understood.
    """
    query = Query.from_parameters(request.args)
    moment_in(request)
    try:
        parse(query.q)
    except InvalidQuery as error:
        raise BadRequest(str(error)) from error
    return query


async def _heading(datasette: Site, query: Query) -> str:
    chosen = query.changed(as_of="").parameters
    if query.q:
        chosen["q"] = gettext("Search: %(query)s", query=query.q)
    if security := await datasette.ask(security_of, query.security):
        named = await datasette.ask(named_then, [security], query.as_of)
        chosen["security"] = named[0].name if named else security.code
    if query.day:
        chosen["day"] = template_filters.day(query.day)
    if query.month:
        chosen["month"] = template_filters.month(query.month)
    for name in ("since", "until"):
        if name in chosen:
            time = chosen[name].replace("T", " ")
            chosen[name] = f"{words.column_title(name)} {time}"
    if query.source:
        chosen["source"] = words.word(query.source)
    return " · ".join(chosen.values()) or gettext("All news")


def _table_address(datasette: Site, query: Query, extension: str, more: dict[str, str]) -> str:
    parameters = urlencode({**table_parameters(query), **more})
    table = query.tables.rows
    return f"{datasette.urls.table('catalog', table, format=extension)}?{parameters}"
