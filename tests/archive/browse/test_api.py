"""The API over HTTP: pages, conditional requests, problems, limits, documentation."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from parsel import Selector

from archive.api.endpoints import ENDPOINTS
from archive.browse.plugin import open_site
from archive.browse.rate_limit import TokenBuckets
from archive.browse.site import Site
from tests.archive.browse.conftest import GONE, HOSTILE, REVISED

Visit = Callable[..., httpx.Response]
Get = Callable[..., dict[str, Any]]


@pytest.fixture
def get(visit: Visit) -> Get:
    """Return the answer of an endpoint."""

    def answer(path: str, **parameters: str) -> dict[str, Any]:
        response = visit(f"/api/v1{path}", **parameters)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        found: dict[str, Any] = response.json()
        return found

    return answer


def pages(get: Get, path: str, **parameters: str) -> list[dict[str, Any]]:
    """Return the items of all pages."""
    items: list[dict[str, Any]] = []
    after = ""
    while True:
        page = get(path, **parameters, **({"after": after} if after else {}))
        items += page["items"]
        if not page["next"] or not page["items"]:
            return items
        after = str(page["next"])


@pytest.mark.parametrize(
    ("path", "limit", "total", "key"),
    [
        ("/search", "7", 95, "id"),
        ("/media", "3", 7, "key"),
        ("/changes", "40", 98, "cursor"),
        (f"/articles/{REVISED}/versions", "2", 3, "version"),
    ],
)
def test_pages_have_every_item_once(get: Get, path: str, limit: str, total: int, key: str) -> None:
    items = pages(get, path, limit=limit)
    assert len({item[key] for item in items}) == len(items) == total


def test_a_search_has_counts_and_excerpts(get: Get) -> None:
    found = get("/search", q="央行", total="true", limit="1")
    assert found["total"] == 19
    assert "央行" in found["items"][0]["excerpt"]
    assert get("/search", q="央行", sort="relevance")["next"] is None


def test_an_article_is_text_or_safe_html_in_parts(get: Get) -> None:
    whole = get(f"/articles/{HOSTILE}")
    part = get(f"/articles/{HOSTILE}", start="2", characters="2")
    assert part["body"] == whole["body"][2:4]
    assert part["next"] == 4
    html = get(f"/articles/{HOSTILE}", body="html")
    assert html["body_format"] == "html"
    assert not Selector(html["body"]).css("script, style, iframe, svg, object, [onerror], [style]")
    assert get(f"/articles/{HOSTILE}", body="none")["body"] is None


def test_an_article_as_of_a_time_is_that_of_then(get: Get, visit: Visit) -> None:
    for hour, version in (("19:30", 1), ("20:30", 2), ("23:00", 3)):
        found = get(f"/articles/{REVISED}", as_of=f"2021-12-29T{hour}")
        assert (found["version"], found["seen_until"]) == (version, None)
        assert f"{version}00亿元" in found["body"]
    assert get(f"/articles/{GONE}")["gone"]
    assert not get(f"/articles/{GONE}", as_of="2021-12-29T21:00+08:00")["gone"]
    assert visit(f"/api/v1/articles/{REVISED}", as_of="2021-12-29").status_code == 404


def test_an_answer_that_the_client_has_is_not_sent_again(site: Site) -> None:
    async def twice() -> tuple[httpx.Response, httpx.Response]:
        first = await site.client.get("/api/v1/search?q=央行")
        etag = {"If-None-Match": first.headers["etag"]}
        return first, await site.client.get("/api/v1/search?q=央行", headers=etag)

    first, second = asyncio.run(twice())
    assert (first.status_code, second.status_code) == (200, 304)
    assert not second.content


@pytest.mark.parametrize(
    ("path", "status", "wrong"),
    [
        ("/search?limit=0", 400, ["limit"]),
        ("/search?since=now&extra=1", 400, ["since", "extra"]),
        ("/search?q=date:never", 400, ["q"]),
        ("/search?as_of=soon", 400, ["as_of"]),
        ("/search?as_of=9999-12-31T23:59:59Z", 400, ["as_of"]),
        ("/articles/a", 400, ["id"]),
        ("/articles/NW202100000000000001", 404, []),
        ("/securities/9.9", 404, []),
        ("/days/2021-12-45", 404, []),
        ("/nothing", 404, []),
    ],
)
def test_an_error_is_a_problem(visit: Visit, path: str, status: int, wrong: list[str]) -> None:
    response = visit(f"/api/v1{path}")
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert response.status_code == problem["status"] == status
    assert problem["title"]
    assert problem["detail"].isascii(), "programs get English"
    assert problem["detail"].endswith(".")
    assert not problem["detail"].endswith("..")
    assert [each["name"] for each in problem["parameters"]] == wrong


def test_a_caller_with_too_many_requests_has_to_wait(news: Path) -> None:
    site = open_site(news, api_rate=1)

    async def many() -> list[httpx.Response]:
        return [await site.client.get("/api/v1/sources") for _ in range(61)]

    *answers, last = asyncio.run(many())
    site.close()
    assert {each.status_code for each in answers} == {200}
    assert last.status_code == last.json()["status"] == 429
    assert 0 < int(last.headers["retry-after"]) <= 60


def test_buckets_fill_again_and_belong_to_subscribers() -> None:
    now = 0.0
    buckets = TokenBuckets(60, burst=2, clock=lambda: now)
    assert [buckets.take("2001:db8::1"), buckets.take("2001:db8::ffff")] == [0, 0]
    assert buckets.take("2001:db8::2") == 1
    assert buckets.take("2001:db8:0:1::1") == buckets.take("192.0.2.1") == 0
    now = 1.0
    assert buckets.take("2001:db8::3") == 0
    for number in range(20_000):
        now += 1
        buckets.take(f"host-{number}")
    assert len(buckets._buckets) <= 10_000


def test_the_documentation_names_everything_and_needs_no_other_host(visit: Visit) -> None:
    page = Selector(visit("/api/v1/docs").text)
    headings = page.css("h2 code::text").getall()
    assert headings == [f"GET /api/v1{endpoint.path}" for endpoint in ENDPOINTS]
    addresses = page.css("::attr(src), ::attr(href), ::attr(action)").getall()
    assert addresses
    assert not [each for each in addresses if "//" in each]
    targets = {each[1:] for each in addresses if each.startswith("#")}
    assert targets <= set(page.css("::attr(id)").getall())
