"""Pages as of a time show what was known then, and lead to pages of the same time."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.browse.past import carried
from archive.browse.plugin import open_site
from archive.browse.site import Site
from tests.support.articles import ARTICLE, CODE, Clock
from tests.support.catalogs import OTHER
from tests.support.editions import CODE as OF_TWO
from tests.support.editions import MEDIA, ROLLING

LINK = '<a data-code="1,600160">巨化股份</a>'
FIRST = replace(ARTICLE, title="降准传闻", body=f"<p>增长5.3%{LINK}</p>")
SECOND = replace(ARTICLE, title="降准否认", body="<p>增长5.8%</p>")
# The words of what the archive learns an hour each, from 21:00 on in Shanghai.
FIRST_KNOWN, SECOND_KNOWN, OTHER_KNOWN, OTHER_GONE, ROLLING_KNOWN, MEDIA_KNOWN = (
    f"2026-11-2{day}:00" for day in ("2T21", "2T22", "2T23", "3T00", "3T01", "3T02")
)
LATER = ("降准否认", "5.8%", "后来", "第 2 版", "2026-11-22T14:00:00Z")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("news")
    clock = Clock()
    with Archive(folder, clock=clock) as archive:
        clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        archive.add(FIRST)
        archive.add(SECOND)
        archive.add(replace(ARTICLE, info_code=OTHER, title="后来", media="后来的媒体"))
        archive.mark_gone(OTHER)
        archive.add(ROLLING)
        archive.add(MEDIA)
    with closing(open_site(folder)) as site:
        yield site


def get(site: Site, path: str, **options: bool) -> httpx.Response:
    response: httpx.Response = asyncio.run(site.client.get(path, **options))
    return response


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/?", "降准传闻"),
        ("/news?", "降准传闻"),
        ("/news?q=降准&", "传闻"),
        ("/news?q=降准&sort=relevance&", "传闻"),
        ("/news?q=降准&sort=fresh&", "传闻"),
        ("/news?q=没有&", "没有找到"),
        ("/news?day=2021-12-29&", "降准传闻"),
        ("/news?media=经济观察网&", "降准传闻"),
        ("/news?category=jingjiguanchawang&page=last&", "降准传闻"),
        ("/news.atom?", "降准传闻"),
        ("/media?", "经济观察网"),
        ("/security?", "巨化股份"),
        ("/security/1.600160?", "降准传闻"),
        (f"/catalog/posts/{CODE}?", "5.3%"),
        (f"/catalog/posts/{CODE}/changes?", "只有一个版本"),
        (f"/catalog/posts/{CODE}.json?", "降准传闻"),
        (f"/{CODE}?", "降准传闻"),
    ],
)
def test_a_page_shows_what_was_known(site: Site, path: str, shown: str) -> None:
    response = get(site, f"{path}as_of={FIRST_KNOWN}", follow_redirects=True)
    assert response.status_code == 200
    assert [word for word in LATER if word in response.text] == []
    if response.headers["content-type"].startswith("application/json"):
        assert shown in response.json()["rows"][0]["title"]
        return
    text = "".join(Selector(response.text).css("::text").getall())
    assert shown in text
    if response.headers["content-type"].startswith("text/html"):
        assert "这是 2026年11月22日 21:00:00（北京时间）的存档" in text


def test_every_link_stays_and_one_leaves(site: Site) -> None:
    todo, seen, left = [f"/?as_of={FIRST_KNOWN}"], set(), 0
    while todo:
        path = todo.pop()
        response = get(site, path, follow_redirects=True)
        assert response.status_code == 200, (path, response.text)
        assert [word for word in LATER if word in response.text] == [], path
        if not response.headers["content-type"].startswith("text/html"):
            continue
        page = Selector(response.text)
        assert all(form.css("[name=as_of]") for form in page.css("form"))
        left += len(page.css("a[data-now]"))
        for link in page.css(
            "a:not([data-now])::attr(href), link[type*=atom]::attr(href)"
        ).getall():
            parts = urlsplit(urljoin(str(response.url), link))
            target = f"{parts.path}?{parts.query}"
            data = parts.path.startswith("/catalog") and "/posts/" not in parts.path
            if parts.netloc != "localhost" or data or parts.path == "/changes.atom":
                continue
            assert parse_qs(parts.query).get("as_of"), f"{path} leads to {link}"
            if parse_qs(parts.query)["as_of"] == [FIRST_KNOWN] and target not in seen:
                seen.add(target)
                todo.append(target)
    assert len(seen) > 10
    assert left > 10


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        (f"/catalog/posts/{OTHER}?as_of={FIRST_KNOWN}", 404, "21:00:00 时，存档里还没有这篇新闻"),
        (f"/catalog/posts/{OTHER}?as_of={OTHER_GONE}", 410, "来源已经撤下这篇新闻"),
        (f"/catalog/posts/{OTHER}/changes?as_of={OTHER_GONE}", 410, "来源已经撤下这篇新闻"),
        (f"/catalog/posts/{CODE}/versions/2?as_of={FIRST_KNOWN}", 404, "没有这个文件"),
        ("/news?as_of=2999", 400, "还没有到"),
        ("/?as_of=昨天", 400, "不是时间"),
        (f"/catalog/posts/{CODE}?as_of=昨天", 400, "不是时间"),
        (f"/catalog?as_of={FIRST_KNOWN}", 400, "没有某一时刻的"),
        (f"/catalog/posts.json?as_of={FIRST_KNOWN}", 400, "没有某一时刻的"),
        (f"/catalog/versions?as_of={FIRST_KNOWN}", 400, "没有某一时刻的"),
        (f"/changes.atom?as_of={FIRST_KNOWN}", 400, "没有某一时刻的"),
    ],
)
def test_what_was_not_known_is_refused_in_a_sentence(
    site: Site, path: str, status: int, sentence: str
) -> None:
    response = get(site, path, follow_redirects=True)
    assert response.status_code == status
    assert sentence in response.text


def test_the_data_of_a_list_are_those_of_then(site: Site) -> None:
    page = Selector(get(site, f"/news?q=降准&as_of={FIRST_KNOWN}").text)
    addresses = page.css(".heading .links a::attr(href)").getall()
    json_address, csv_address = (each for each in addresses if "post_states" in each)
    (row,) = get(site, json_address).json()["rows"]
    assert (row["title"], row["version"]) == ("降准传闻", 1)
    assert "降准传闻" in get(site, csv_address).text
    assert "降准否认" not in get(site, csv_address).text


def test_the_file_of_a_version_is_that_of_then(site: Site) -> None:
    then = get(site, f"/catalog/posts/{CODE}/versions/1?as_of={FIRST_KNOWN}")
    assert "5.3%" in then.text
    feed = get(site, f"/news.atom?as_of={FIRST_KNOWN}").text
    assert "5.3%" in feed
    assert f"/catalog/posts/{CODE}?as_of=" in feed


def test_of_two_posts_that_of_then_is_shown(site: Site) -> None:
    rolling = get(site, f"/catalog/posts/{OF_TWO}?as_of={ROLLING_KNOWN}").text
    media = get(site, f"/catalog/posts/{OF_TWO}?as_of={MEDIA_KNOWN}").text
    assert ROLLING.title in rolling
    assert MEDIA.title in media
    assert "发布了两次" not in rolling + media


def test_every_version_is_found(site: Site) -> None:
    page = Selector(get(site, "/news?q=versions:all 增长").text)
    cards = {
        "".join(card.css("h3 ::text").getall()).strip(): (
            card.css(".badge::text").get() or "",
            card.css("h3 a::attr(href)").get() or "",
        )
        for card in page.css(".card")
    }
    badge, address = cards["降准传闻"]
    assert badge == "第 1 版，2026年11月22日 22:00 被取代"
    assert "5.3%" in get(site, address).text
    assert cards["降准否认"][0] == "第 2 版，现行"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="/news">', '<a href="/news?as_of=T">'),
        (
            '<a class="x" href="/news?q=a&amp;b=c">',
            '<a class="x" href="/news?q=a&amp;b=c&amp;as_of=T">',
        ),
        ('<a href="/news?as_of=U">', '<a href="/news?as_of=U">'),
        ('<a data-now href="/news">', '<a data-now href="/news">'),
        ('<a href="https://example.com/news">', '<a href="https://example.com/news">'),
        ('<a href="//example.com/news">', '<a href="//example.com/news">'),
        ('<a href="/catalog/posts">', '<a href="/catalog/posts">'),
        (
            '<form action="/news"><button></form>',
            '<form action="/news"><input type="hidden" name="as_of" value="T"><button></form>',
        ),
        ('<form><input name="as_of"></form>', '<form><input name="as_of"></form>'),
    ],
)
def test_links_and_forms_carry_the_time(html: str, expected: str) -> None:
    assert carried(html, "T", "/") == expected
    below = html.replace('"/', '"/finews/')
    assert carried(below, "T", "/finews/") == expected.replace('"/', '"/finews/')
