"""Every link of every page leads somewhere, also under a path prefix."""

import asyncio
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest
from parsel import Selector

from archive.browse.plugin import open_site
from archive.browse.site import Site

MOST = 250
#: Lists in every combination would take for ever; one of each kind is visited elsewhere.
EXPENSIVE = re.compile(r"[?&](_|after|before|day|month|security|source)")


@pytest.mark.parametrize("base_url", ["/", "/finews/"])
def test_no_link_is_dead(news: Path, base_url: str) -> None:
    with closing(open_site(news, base_url=base_url)) as site:
        seen = asyncio.run(follow(site, base_url))
    assert len(seen) > 150
    assert {url: status for url, status in seen.items() if status not in {200, 302}} == {}


async def follow(site: Site, base_url: str) -> dict[str, int]:
    """Statuses by path, from the front page on."""
    start = f"http://localhost{base_url}"
    todo, seen = [start], {start: 0}
    for url in todo:
        response = await site.client.request("get", url, avoid_path_rewrites=True)
        seen[url] = response.status_code
        assert "http://localhost/" + base_url.strip("/") in str(response.url)
        if response.has_redirect_location:
            links = [response.headers["location"]]
        elif response.headers["content-type"].startswith("text/html"):
            links = (
                Selector(response.text).css("::attr(href), ::attr(src), ::attr(action)").getall()
            )
        else:
            continue
        for link in links:
            target = urldefrag(urljoin(url, link)).url
            if not target.startswith("http://localhost/") or EXPENSIVE.search(target):
                continue
            assert target.startswith(start), f"{url} leads to {link}"
            if target not in seen and len(todo) < MOST:
                seen[target] = 0
                todo.append(target)
    return seen


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/finews/news/", "/finews/news"),
        ("/finews/202112299000000001", "/finews/catalog/posts/NW202112299000000001"),
        ("/202112299000000001", "/finews/catalog/posts/NW202112299000000001"),
    ],
)
def test_redirects_stay_below_the_prefix(news: Path, path: str, location: str) -> None:
    with closing(open_site(news, base_url="/finews/")) as site:
        response = asyncio.run(site.client.request("get", path, avoid_path_rewrites=True))
    assert response.headers["location"] == location
