"""The feed of changes: what the archive learnt, the newest first, with the words that changed."""

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.article import BodySource
from archive.article_id import InfoCode
from archive.browse.plugin import open_site
from archive.browse.site import Site
from tests.archive.browse.conftest import STOCK, article
from tests.support.articles import Clock

ATOM = "{http://www.w3.org/2005/Atom}"
Visit = Callable[..., httpx.Response]
CODE, OTHER = InfoCode("NW202112299000000001"), InfoCode("NW202112299000000002")
FIRST = article(CODE, title="公司净利润", media="财联社", body=f"<p>{STOCK}净利润增长5.3%。</p>")
MIRRORED = replace(FIRST, body_source=BodySource.MIRROR)
MOVED = replace(FIRST, published=FIRST.published.replace(hour=20, minute=1))


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Site]:
    with Archive(tmp_path, clock=Clock()) as archive:
        archive.add(MIRRORED)
        archive.add(article(OTHER))
        archive.add(FIRST)  # a better copy
        archive.add(replace(FIRST, body=f"<p>{STOCK}净利润增长5.8%。</p>"))
        archive.mark_gone(CODE)
        archive.add(replace(MOVED, body="<p>净利润增长5.8%。</p>"))
    site = open_site(tmp_path)
    yield site
    site.close()


def answer(site: Site, path: str = "/changes.atom", **parameters: str) -> httpx.Response:
    return asyncio.run(site.client.get(path, params=parameters or None))


def entries(response: httpx.Response) -> list[tuple[str, list[str], str]]:
    """Return the titles, the terms and the text of the entries."""
    assert response.status_code == 200, response.text
    feed = ElementTree.fromstring(response.content)  # noqa: S314 (our own)
    return [
        (
            entry.findtext(f"{ATOM}title", ""),
            [category.get("term", "") for category in entry.findall(f"{ATOM}category")],
            Selector(entry.findtext(f"{ATOM}content", "")).xpath("string()").get(""),
        )
        for entry in feed.findall(f"{ATOM}entry")
    ]


def test_changes_come_newest_first_with_their_words(changing: Site) -> None:
    found = entries(answer(changing))
    assert found == [
        ("重新上线：公司净利润", ["returned"], "公司净利润"),
        (
            "来源改过（提到的证券、措辞、发布时间）：公司净利润",
            ["edited", "securities", "wording", "published"],
            "提到的证券：巨化股份 600160措辞：巨化股份"
            "发布时间：2021年12月29日 17:34 → 2021年12月29日 20:01",
        ),
        ("下线：公司净利润", ["gone"], "公司净利润"),
        ("来源改过（数字）：公司净利润", ["edited", "figures"], "数字：5.3% → 5.8%"),
        ("首次存档：央行开展逆回购操作", ["first_seen"], "央行开展逆回购操作"),
        ("首次存档：公司净利润", ["first_seen"], "公司净利润"),
    ]


@pytest.mark.parametrize(
    ("parameters", "terms"),
    [
        ({"media": "经济观察网"}, ["first_seen"]),
        ({"security": "1.600160"}, ["returned", "edited", "gone", "edited", "first_seen"]),
        ({"class": "figures"}, ["edited"]),
        ({"class": "gone"}, ["gone"]),
        ({"class": "title"}, []),
        ({"class": "figures", "media": "经济观察网"}, []),
        ({"class": "published", "media": "财联社", "security": ""}, ["edited"]),
        ({"before": "2"}, ["first_seen"]),
    ],
)
def test_changes_are_selected(changing: Site, parameters: dict[str, str], terms: list[str]) -> None:
    found = entries(answer(changing, **parameters))
    assert [of_entry[0] for _, of_entry, _ in found] == terms


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"medium": "财联社"}, "没有参数“medium”，可以用的参数是 media, security, class, before。"),
        ({"class": "markup"}, "没有改动类别“markup”"),
        ({"media": "没有这家"}, "存档里没有媒体“没有这家”的新闻。"),
        ({"security": "1.1"}, "存档里没有新闻提到证券“1.1”。"),
        ({"before": "-1"}, "参数 before 应当是一个编号"),
        ({"before": "9" * 40}, "参数 before 应当是一个编号"),
    ],
)
def test_what_means_nothing_is_refused(
    changing: Site, parameters: dict[str, str], sentence: str
) -> None:
    response = answer(changing, **parameters)
    assert response.status_code == 400
    assert sentence in response.text


def test_a_feed_is_answered_once_and_compressed(changing: Site) -> None:
    first = answer(changing)
    assert first.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert first.headers["content-encoding"] == "gzip"
    known = {"if-none-match": first.headers["etag"]}
    again = asyncio.run(changing.client.get("/changes.atom", headers=known))
    assert (again.status_code, again.content) == (304, b"")
    assert "last-modified" not in first.headers
    assert answer(changing, media="财联社").headers["etag"] != first.headers["etag"]


def test_the_page_of_an_article_shows_what_changed_and_that_it_returned(changing: Site) -> None:
    page = Selector(answer(changing, f"/catalog/posts/{CODE}").text)
    notices = [" ".join(each.xpath("string()").get("").split()) for each in page.css(".notice")]
    returned, edited = notices
    assert returned.startswith("来源曾撤下这篇文章，后来又恢复了。 2026年11月23日 ")
    assert "改了提到的证券、措辞、发布时间" in edited
    assert "2021年12月29日 17:34 2021年12月29日 20:01" in edited


def test_older_changes_are_linked(changing: Site) -> None:
    documents, path = [], "/changes.atom"
    with Archive(changing.folder, clock=Clock()) as archive:
        for _ in range(60):
            archive.mark_gone(OTHER)
            archive.add(article(OTHER))
    while path:
        response = answer(changing, path)
        documents.append(entries(response))
        links = ElementTree.fromstring(response.content).findall(f"{ATOM}link")  # noqa: S314
        older = (link.get("href", "") for link in links if link.get("rel") == "next")
        path = next(older, "").removeprefix("http://localhost")
    first, second = documents
    assert len(first) == 100
    kinds = [kinds for _, kinds, _ in first + second]
    assert kinds[:120] == [["returned"], ["gone"]] * 60
    assert kinds[120] == ["returned"]
    assert second[-1][1] == ["first_seen"]


def test_pages_link_their_feeds_of_changes(visit: Visit) -> None:
    for path, linked in (
        ("/", "/changes.atom"),
        ("/news?media=财联社", "/changes.atom?media=%E8%B4%A2%E8%81%94%E7%A4%BE"),
        ("/security/1.600160", "/changes.atom?security=1.600160"),
    ):
        feeds = Selector(visit(path).text).css("link[type='application/atom+xml']::attr(href)")
        assert linked in feeds.getall()
        assert visit(linked).status_code == 200


def test_an_entry_leads_to_its_words(visit: Visit) -> None:
    feed = ElementTree.fromstring(visit("/changes.atom").content)  # noqa: S314
    pages = [link.get("href", "") for link in feed.findall(f"{ATOM}entry/{ATOM}link")]
    assert any("/changes?old=1&new=2" in page for page in pages)
    for page in pages[:5]:
        assert visit(page.removeprefix("http://localhost")).status_code == 200


def test_only_the_publisher_moves_the_time_of_an_entry(tmp_path: Path) -> None:
    """A better copy of an article is no news to programs that read feeds."""
    site: Site | None = None

    def updated(change: Callable[[Archive], object]) -> str:
        nonlocal site
        with Archive(tmp_path, clock=clock) as archive:
            change(archive)
        site = open_site(tmp_path)
        feed = ElementTree.fromstring(answer(site, "/news.atom").content)  # noqa: S314
        site.close()
        return feed.findtext(f"{ATOM}entry/{ATOM}updated", "")

    clock = Clock()
    steps: list[Callable[[Archive], object]] = [
        lambda archive: archive.add(MIRRORED),
        lambda archive: archive.add(FIRST),
        lambda archive: archive.add(replace(FIRST, body="<p>净利润增长5.8%。</p>")),
        lambda archive: archive.mark_gone(CODE),
        lambda archive: archive.add(replace(FIRST, body="<p>净利润增长5.8%。</p>")),
    ]
    first, copied, *others = map(updated, steps)
    assert first == copied
    assert [first, *others] == sorted({first, *others})


def test_securities_of_an_edit_are_named_for_readers(changing: Site) -> None:
    page = answer(changing, f"/catalog/posts/{CODE}").text
    assert "巨化股份 600160" in Selector(page).css(".notice del::text").getall()
