"""The faults of Datasette that `archive.browse` works around are still there.

One that fails shows that Datasette was mended: delete the test, and the workaround that it names.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm

from archive.browse import plugin
from archive.browse.database import close


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Rows that are alike in the column that they are sorted by, and a key of two parts."""
    path = tmp_path / "plain.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alike (code TEXT PRIMARY KEY, at TEXT)")
        connection.execute("CREATE INDEX alike_at ON alike (at, code DESC)")
        connection.executemany("INSERT INTO alike VALUES (?, '2022')", [("a",), ("b",), ("c",)])
        connection.execute("CREATE TABLE pairs (a TEXT, b TEXT, PRIMARY KEY (a, b))")
    return path


@pytest.fixture
def plain(database: Path) -> Iterator[Datasette]:
    """A Datasette without the plugin, whose templates any Datasette of a process would use."""
    name = pm.get_name(plugin)
    if name:
        pm.unregister(plugin)
    datasette = Datasette([str(database)], settings={"base_url": "/below/"})
    yield datasette
    close(datasette)
    if name:
        pm.register(plugin, name)


def answer_of(datasette: Any, path: str, method: str = "GET") -> httpx.Response:
    response: httpx.Response = asyncio.run(datasette.client.request(method, path))
    return response


def test_pages_of_rows_that_are_alike_miss_some(plain: Datasette) -> None:
    """`archive.browse.database.with_total_order`."""
    seen = []
    path = "/plain/alike.json?_sort=at&_size=1"
    while path:
        answer = answer_of(plain, path).json()
        seen += [row[0] for row in answer["rows"]]
        path = answer["next_url"] and "/plain/" + answer["next_url"].rpartition("/")[2]
    assert seen != ["a", "b", "c"]


def test_failing_sql_is_printed(plain: Datasette, capsys: pytest.CaptureFixture[str]) -> None:
    """`archive.browse.database.CatalogDatabase.execute`."""
    answer_of(plain, "/plain.json?sql=select+nonsense")
    assert "nonsense" in capsys.readouterr().err


def test_connections_to_memory_stay_open(plain: Datasette) -> None:
    """`archive.browse.database.InternalDatabase`."""
    memory = Database(plain, memory_name=token_hex())
    connection = memory.connect()
    memory.close()
    assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()


def test_a_key_of_too_few_parts_is_an_error_of_the_server(plain: Datasette) -> None:
    """`archive.browse.plugin`."""
    assert answer_of(plain, "/plain/pairs/a").status_code == 500


def test_a_redirect_forgets_the_prefix(plain: Datasette) -> None:
    """`archive.browse.base_url`."""
    whole = httpx.ASGITransport(app=plain.app())

    async def redirected() -> str:
        async with httpx.AsyncClient(transport=whole, base_url="http://localhost") as client:
            return str((await client.get("/plain/")).headers["location"])

    assert asyncio.run(redirected()) == "/plain"


def test_links_double_the_prefix(plain: Datasette) -> None:
    """`archive.browse.base_url`."""
    assert "/below/below/" in answer_of(plain, "/plain/alike/a").text


def test_some_methods_are_an_error_of_the_server(plain: Datasette) -> None:
    """`archive.browse.security_headers.read_only`."""
    assert answer_of(plain, "/plain/alike", "POST").status_code == 500
    assert answer_of(plain, "/plain/alike", "TRACE").status_code == 500


def test_every_handler_of_exceptions_is_called(
    plain: Datasette, capsys: pytest.CaptureFixture[str]
) -> None:
    """`archive.browse.plugin.handle_exception`."""
    answer_of(plain, "/plain/nothing")
    output = capsys.readouterr()
    assert "NotFound" in output.out + output.err


def test_datasette_has_no_name_that_a_site_adds(plain: Datasette) -> None:
    """`archive.browse.site.Site`; where Datasette has a `close`, ours calls it."""
    assert not [
        name for name in ("ask", "cache", "close", "folder", "renderer") if hasattr(plain, name)
    ]
