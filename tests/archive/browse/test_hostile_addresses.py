"""Every route, with whatever a visitor may write into its address: never our fault, never harm."""

import asyncio
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.api.endpoints import ENDPOINTS
from archive.api.openapi import BASE
from archive.browse.plugin import open_site
from archive.browse.site import Site
from tests.archive.browse.conftest import REVISED

INJECTIONS = (
    "'",
    '"',
    "`]",
    "' OR '1'='1",
    "1) OR (1=1",
    "'; DROP TABLE posts; --",
    '"); DELETE FROM posts; --',
    "1 UNION SELECT sql FROM sqlite_master",
    "posts_search",
    "sqlite_master",
    "rowid",
    ":search",
    "?1",
    "select 1",
    "pragma journal_mode=delete",
    "/* -- */",
)
QUERIES = (
    '"央行',
    "央行 OR",
    "NOT",
    "-",
    "* ^a NEAR(a b, 3)",
    "text:央行",
    "{title}:央行",
    "，。",
    "\u3000",
    "央" * 10_000,
    "a b " * 2_500,
    '-"' * 5_000,
)
NUMBERS = ("0", "-1", "1e999", "nan", "0x10", "1_0", "١٢", "9" * 30, "-" + "9" * 30, "max")
TEXTS = (
    "",
    "\x00",
    "a\r\nSet-Cookie: a=b",
    "\u202e\u2066\ufeff",
    "\ud7ff\uffff\U0010ffff",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% raw %}",
    "%s%n{0.__class__}",
    "%",
    "%ff%00",
    "~",
    "~2F~2E~ZZ",
    "$null",
    "$null,",
    "{",
    '{"table": "posts"}',
    '{"table": "mentions", "column": "security", "value": "1.600160"}',
    "[]",
    "null",
    "../../../etc/passwd",
    "..\\..\\catalog.db",
    "//example.com/",
    "javascript:alert(1)",
    "2021-13-45",
    "2021-12-29T17:34:39+08:00~1",
    "~".join(["2021"] * 500),
    "0000-00",
    "9999-12-31T23:59:59+08:00~999999999999999999",
    ",".join("a" * 200),
)
VALUES = (*INJECTIONS, *QUERIES, *NUMBERS, *TEXTS)

OURS = (
    *("q", "media", "category", "security", "month", "day", "since", "until", "source"),
    *("after", "before", "page"),
)
DATASETTES = (
    *("_search", "_search_title", "_search_x", "_searchmode", "_fts_table", "_fts_pk", "_security"),
    *("_next", "_sort", "_sort_desc", "_sort_by_desc", "_size", "_timelimit", "_where", "_through"),
    *("_facet", "_facet_array", "_facet_date", "_facet_size", "_nofacet", "_nocount", "_nosuggest"),
    *("_shape", "_json", "_json_infinity", "_nl", "_labels", "_label", "_col", "_nocol", "_ttl"),
    *("_filter_column", "_filter_op", "_filter_value", "_context", "_trace", "_extra", "_hash"),
    *("published__gt", "id__in", "id__exact", "length__arraycontains", "media__like", "rowid"),
    *("text__contains", "media__notcontains", "published__date", "x__y__z", "sql", "title"),
)
CSV = ("_stream", "_size", "_dl", "_header", "_blob_column", "_blob_hash", "_next")
HARMLESS = "NW202112299000000001"
KEYS = {"article": REVISED, "versions": REVISED, "security": "1.600160", "day": "2021-12-29"}
#: What each route looks at, by its path; ``{}`` is where a visitor writes what they like.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "/": (),
    "/.json": ("_shape",),
    "/news": OURS,
    "/news.atom": OURS,
    "/changes.atom": OURS,
    "/reader": ("tag",),
    "/reader/stars.epub": (),
    "/reader/{}": ("back",),
    "/media": (),
    "/security": (),
    "/security/{}": (),
    "/security/1.600160": OURS,
    "/-/present-only": (),
    "/{}": (),
    "/20211229900000000{}": (),
    f"/catalog/posts/{REVISED}.json": ("as_of",),
    "/catalog/post_states.json": ("_as_of", "_search", "_security"),
    f"/catalog/posts/{REVISED}/changes": ("old", "new", "as_of"),
    "/catalog/posts/{}/changes": (),
    f"/catalog/posts/{REVISED}/versions/1{{}}": (),
    "/catalog/posts/{}/versions/1": (),
    "/catalog": ("sql", "_size", "_shape", "_timelimit"),
    "/catalog.json": ("sql", "_size", "_shape", "_timelimit"),
    "/{}.db": (),
    "/{}.json": (),
    "/catalog/{}": (),
    "/catalog/{}.csv": (),
    "/catalog/posts": DATASETTES,
    "/catalog/posts.json": DATASETTES,
    "/catalog/posts.csv": (*CSV, "_search", "_sort"),
    "/catalog/posts_per_day": ("_next", "_size", "_sort", "_facet", "posts__gt", "_search"),
    "/catalog/crawls.json": ("_next", "_size", "_sort_desc", "id", "_facet"),
    "/catalog/revisions": ("_next", "_sort", "info_code"),
    "/catalog/posts_search": ("_search", "_next", "text"),
    "/catalog/posts/{}": (),
    "/catalog/posts/{}.json": (),
    f"/catalog/posts/{REVISED}.{{}}": (),
    f"/catalog/posts/{REVISED}": ("_shape", "_extra", "_extras", "_labels", "as_of"),
    "/catalog/revisions/{}": (),
    "/catalog/{}/1": (),
    "/catalog/on_this_day": ("month_day", "_size", "sql"),
    "/catalog/public_at.json": ("minute", "_shape", "_size"),
    "/catalog/busiest_hours.csv": ("first_day", "last_day", "_size"),
    "/catalog/found_changed": ("what", "_hide_sql"),
    "/pictures/{}": (),
    f"/pictures/{'0' * 64}.jpg": (),
    "/-/finews/{}": (),
    "/-/static/{}": (),
    "/-/{}": (),
    "/-/metadata": (),
    "/-/versions.json": ("_shape",),
    "/-/settings": (),
    "/-/config": (),
    "/-/config.json": (),
    "/-/actor.json": (),
    "/-/logout": (),
    "/-/auth-token": ("token",),
    "/-/permissions": ("filter",),
    "/-/messages": ("message", "type"),
    "/-/allow-debug": ("actor", "allow"),
    "/-/patterns": (),
    "/-/plugins": ("all",),
    "/-/threads": (),
    "/-/databases.json": (),
    "/:memory:{}": (),
    "/favicon.ico": (),
    "/api/v1/{}": (),
    "/api/v1/docs": (),
    "/api/v1/openapi.json": (),
    **{
        f"{BASE}{re.sub('{[a-z]+}', KEYS.get(endpoint.name, ''), endpoint.path)}": tuple(
            endpoint.parameters.model_fields
        )
        for endpoint in ENDPOINTS
    },
    **{re.sub("{[a-z]+}", "{}", f"{BASE}{endpoint.path}"): () for endpoint in ENDPOINTS},
}

RAW = (
    *("?", "??", "&&&", "=", "=&=", "q", "q=", "q&q&q", "%", "q=%", "q=%zz", "q=%ff%fe", "%ff=1"),
    *(
        "q[]=1",
        "q=1;q=2",
        "q=a&q=b",
        "_size=1&_size=x",
        "_sort=id&_sort_desc=id",
        "_col=id&_nocol=id",
    ),
    *("&".join(f"a{n}=b" for n in range(300)), "_filter_column_1=a&_filter_op_1=b"),
    *("_filter_column=id&_filter_op=exact&_filter_value='", "_sort_by_desc=on&_sort=x"),
)


#: Each parameter meets every twelfth value, and each value every twelfth parameter; all meet all in
#: `make nightly`, which takes minutes.
STRIDE = 1 if "FINEWS_ALL_ADDRESSES" in os.environ else 12
#: Likewise for the parameters of /news, and for names of what is not there: every third value.
FEW = min(STRIDE, 3)


def requests(path: str) -> Iterator[tuple[str, str]]:
    """Method and address of everything that is asked of a route."""
    turn = list(PARAMETERS).index(path)
    if "{}" in path:
        for value in VALUES[turn % FEW :: FEW]:
            yield "GET", path.replace("{}", quote(value, safe=""))
        for value in VALUES[turn % STRIDE :: STRIDE]:
            yield "GET", path.replace("{}", quote(value, safe="/:,~=+$;@()'*!"))
        return
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "A"):
        yield method, path
    for query in RAW[turn % FEW :: FEW]:
        yield "GET", f"{path}?{query}"
    stride = FEW if path == "/news" else STRIDE
    for number, parameter in enumerate(PARAMETERS[path]):
        for value in VALUES[number % stride :: stride]:
            yield "GET", f"{path}?{urlencode({parameter: value})}"


HARM = re.compile("<script|<iframe|<img[^>]* onerror|href=.javascript", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What the site says."""

    status: int
    headers: Mapping[str, str]
    text: str


async def ask(application: Any, method: str, address: str) -> Answer:
    """Ask as a server does that passes everything on; a client would refuse to."""
    path, _, query = address.partition("?")
    messages: list[Any] = []
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await application(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in messages)
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return Answer(messages[0]["status"], headers, body.decode(errors="replace"))


async def answers(site: Site, path: str) -> list[tuple[str, str, Answer]]:
    """What the site says to all of it."""
    application = site.app()
    return [
        (method, address, await ask(application, method, address))
        for method, address in requests(path)
    ]


@pytest.fixture(scope="module", autouse=True)
def _unharmed(news: Path) -> Iterator[None]:
    """After all of it, the archive is as it was."""
    before = {path: path.read_bytes() for path in news.rglob("*") if path.suffix in (".db", ".md")}
    yield
    assert {path: path.read_bytes() for path in before} == before


# Datasette leaves the facets that follow a failing one unawaited.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.parametrize("path", PARAMETERS)
def test_no_address_is_our_fault(
    site: Site, news: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for method, address, response in asyncio.run(answers(site, path)):
        asked = f"{method} {address[:300]}"
        assert response.status < 500, asked
        assert str(news) not in response.text, asked
        assert "Traceback" not in response.text, asked
        assert "set-cookie" not in response.headers, asked
        check_redirect(response.headers.get("location", "/"), asked)
        if response.headers.get("content-type", "").startswith(("text/html", "application/atom")):
            assert not HARM.search(response.text), asked
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err


def check_redirect(location: str, asked: str) -> None:
    """It stays here."""
    assert not location.startswith(("//", "/\\", "\\")), asked
    assert urlsplit(location).netloc in ("", "localhost"), asked


@pytest.fixture(scope="module")
def application(news: Path) -> Iterator[Any]:
    """One for all examples."""
    with closing(open_site(news)) as site:
        yield site.app()


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(OURS), st.text(max_size=50) | st.sampled_from(VALUES)))
def test_any_texts_together_make_a_list(application: Any, parameters: dict[str, str]) -> None:
    query = urlencode(parameters, errors="surrogatepass")
    for path in ("/news", "/news.atom"):
        answer = asyncio.run(ask(application, "GET", f"{path}?{query}"))
        assert answer.status in (200, 302)


def test_every_route_is_asked(site: Site) -> None:
    paths = [path.replace("{}", "x") for path in PARAMETERS] + [f"/{HARMLESS}"]
    left = [route.pattern for route, _ in site._routes() if not any(map(route.match, paths))]
    # Files of a plugin, where another test of the process has loaded ours as one of Datasette's.
    assert [pattern for pattern in left if "/static-plugins/" not in pattern] == []


def test_the_catalog_cannot_be_written(site: Site) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM posts")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        asyncio.run(site.ask(write))
