"""A reader's stars, notes and tags: stored beside the archive, with and without JavaScript."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
import uvicorn
from lxml import etree
from parsel import Selector
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from archive.browse.plugin import open_site
from archive.browse.readers import Readers, TooManyMarks
from archive.browse.site import Site
from archive.errors import ArchiveError
from archive.storage import CATALOG
from tests.archive.browse.conftest import HOSTILE, REVISED, ROLLING
from tests.support.browser import Browser, accessibility_errors, another_page, check, chromium

ARTICLE = f"/catalog/posts/{REVISED}"


@pytest.fixture
def site(news: Path) -> Iterator[Site]:
    (news / "reader.db").unlink(missing_ok=True)
    with closing(open_site(news, readers=Readers(news))) as site:
        yield site
    (news / "reader.db").unlink()


class Visitor:
    """A browser without JavaScript: it keeps cookies, and sends the forms of pages."""

    def __init__(self, site: Site, **headers: str) -> None:
        self._site, self._headers = site, headers
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> httpx.Response:
        return self._taken(asyncio.run(self._site.client.get(path, **self._sent)))

    def send(self, path: str, button: str, **fields: str) -> httpx.Response:
        form = Selector(self.get(path).text).xpath(f"(//form[.//button[@value='{button}']])[1]")
        hidden = {each.attrib["name"]: each.attrib["value"] for each in form.css("[type=hidden]")}
        data = {**hidden, **fields, "do": button}
        return self.post(form.attrib["action"], data)

    def post(self, path: str, data: dict[str, str]) -> httpx.Response:
        return self._taken(asyncio.run(self._site.client.post(path, data=data, **self._sent)))

    @property
    def _sent(self) -> dict[str, dict[str, str]]:
        return {"cookies": self.cookies, "headers": self._headers}

    def _taken(self, response: httpx.Response) -> httpx.Response:
        self.cookies |= dict(response.cookies)
        return response


def starred(visitor: Visitor) -> list[str]:
    """The codes on the page of a reader's stars."""
    links = Selector(visitor.get("/reader").text).css(".card h3 a::attr(href)").getall()
    return [link.rpartition("/")[2] for link in links]


def test_stars_notes_and_tags_are_the_readers_own(site: Site, news: Path) -> None:
    before = (news / CATALOG).read_bytes()
    one, other = Visitor(site), Visitor(site)
    response = one.send(ARTICLE, "star")
    assert response.status_code == 303
    assert response.headers["location"] == ARTICLE
    assert starred(one) == [REVISED]
    assert starred(other) == []
    one.send(ARTICLE, "note", note="<b>看</b> 利率", tags="央行，利率 央行")
    page = Selector(one.get("/reader").text)
    assert page.css(".notice::text").get() == "<b>看</b> 利率"
    assert page.css("p.links a::text").getall() == ["利率", "央行"]
    assert starred(one) == [REVISED]
    assert Selector(one.get("/reader?tag=别的").text).css(".card").get() is None
    cards = Selector(one.get("/news?q=利率").text).css(".card.read h3 a::attr(href)").getall()
    assert cards == [ARTICLE]
    one.send(ARTICLE, "unstar")
    assert starred(one) == []
    assert (news / CATALOG).read_bytes() == before


def test_a_star_in_a_list_leads_back_to_it(site: Site) -> None:
    response = Visitor(site).send("/news?media=财联社", "star")
    assert response.headers["location"] == "/news?media=%E8%B4%A2%E8%81%94%E7%A4%BE"
    visitor = Visitor(site)
    for away in ("https://example.com/", "//example.com/", "/\\example.com"):
        response = visitor.send(ARTICLE, "note", note="", tags="", back=away)
        assert response.headers["location"] == ARTICLE


def test_a_forged_reader_and_a_forged_form_are_refused(site: Site) -> None:
    visitor = Visitor(site)
    visitor.send(ARTICLE, "star")
    name, _, signature = visitor.cookies["reader"].partition(".")
    forger = Visitor(site)
    for cookie in (name, f"{name}.", f"{name}.{signature[:-1]}x", f"x.{signature}", "."):
        forger.cookies = {"reader": cookie}
        assert starred(forger) == []
    assert visitor.post(f"/reader/{ROLLING}", {"do": "star"}).status_code == 403
    assert starred(visitor) == [REVISED]


def test_the_proxy_names_the_reader(news: Path) -> None:
    with closing(open_site(news, readers=Readers(news, "Remote-User"))) as site:
        anna = Visitor(site, **{"Remote-User": "anna"})
        anna.send(ARTICLE, "star")
        assert starred(Visitor(site, **{"remote-user": "anna"})) == [REVISED]
        assert starred(Visitor(site, **{"Remote-User": "bert"})) == []
        nobody = Visitor(site)
        nobody.cookies = dict(anna.cookies)
        assert starred(nobody) == []
        assert nobody.post(f"/reader/{REVISED}", {"do": "star"}).status_code == 403
    (news / "reader.db").unlink()


@pytest.mark.parametrize("path", ["/reader", "/reader/stars.zip", f"/reader/{REVISED}"])
def test_nothing_can_be_marked_unless_it_is_asked_for(news: Path, path: str) -> None:
    with closing(open_site(news)) as site:
        assert Visitor(site).get(path).status_code == 404
        assert Visitor(site).post(path, {}).status_code == 405
        assert "script" not in Visitor(site).get("/").headers["content-security-policy"]
    assert not (news / "reader.db").exists()


def test_marks_are_bounded(tmp_path: Path) -> None:
    store = Readers(tmp_path, max_readers=2, max_marks=2)
    one, two, three = (store.identify({}, {}) for _ in range(3))
    for code in ("a", "b", "a"):
        store.star(one, code, starred=True)
    store.star(two, "a", starred=True)
    for reader, code in ((one, "c"), (three, "a")):
        with pytest.raises(TooManyMarks):
            store.star(reader, code, starred=True)
    store.annotate(one, "a", "x" * 20_000, " ".join(map(str, range(99))))
    (mark,) = [
        each
        for each in store.identify({}, {"reader": store.cookie(one.name)}).starred
        if each.info_code == "a"
    ]
    assert (len(mark.note), len(mark.tags)) == (10_000, 10)


def test_stars_are_exported_as_markdown_and_as_a_book(site: Site) -> None:
    visitor = Visitor(site)
    for code in (REVISED, HOSTILE):
        visitor.send(f"/catalog/posts/{code}", "star")
    visitor.send(ARTICLE, "note", note="第一行\n第二行", tags="央行")
    with ZipFile(BytesIO(visitor.get("/reader/stars.zip").content)) as file:
        names = file.namelist()
        (name,) = [name for name in names if REVISED in name]
        post = file.read(name).decode()
    assert len(names) == 2
    assert not any(re.search(r"[\\/:*?\"<>|]", name) for name in names)
    assert name == f"2021-12-29 央行开展逆回购操作：利率不变 {REVISED}.md"
    assert 'tags:\n  - "央行"\n---\n\n> 第一行\n> 第二行\n' in post
    assert post.endswith("央行今日开展300亿元逆回购操作。\n\n操作利率维持不变。\n")
    with ZipFile(BytesIO(visitor.get("/reader/stars.epub").content)) as book:
        assert book.namelist()[0] == "mimetype"
        assert book.getinfo("mimetype").compress_type == 0
        assert book.read("mimetype") == b"application/epub+zip"
        for name in book.namelist()[1:]:
            etree.fromstring(book.read(name))
        chapters = "".join(book.read(n).decode() for n in book.namelist() if "chapter" in n)
        assert "<script" not in chapters
        assert "第一行" in chapters
        manifest = etree.fromstring(book.read("book.opf")).xpath("//*[local-name()='item']/@href")
        assert set(manifest) <= set(book.namelist())


def test_keys_move_open_star_and_search(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        chromium("desktop", tmp_path_factory.mktemp("profile")) as browser,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        server = uvicorn.Server(uvicorn.Config(site.app(), lifespan="on", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            operate(browser, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()


def operate(browser: Browser, address: str) -> None:
    """Star the second article of a list, open it, and search, with keys alone."""

    def press(*keys: str) -> None:
        for key in keys:
            browser.switch_to.active_element.send_keys(key)

    browser.get(f"{address}/news?q=后市")
    titles = [each.text for each in browser.find_elements(By.CSS_SELECTOR, ".card h3")]
    press("j", "j", "k", "j")
    with another_page(browser):
        press("s")
    check(browser, address)
    assert accessibility_errors(browser) == []
    stars = browser.find_elements(By.CSS_SELECTOR, ".star button")
    assert [star.text for star in stars[:3]] == ["☆", "★", "☆"]
    press("j", "j")
    with another_page(browser):
        press("o")
    assert browser.find_element(By.TAG_NAME, "h1").text == titles[1]
    check(browser, address)
    assert accessibility_errors(browser) == []
    press("/", "央行 s")
    with another_page(browser):
        press(Keys.ENTER)
    assert browser.find_element(By.TAG_NAME, "h1").text == "搜索：央行 s"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "reader.db").write_bytes(b"no database" * 100)
    with pytest.raises(ArchiveError, match=r"Could not use .*reader.db: file is not a database"):
        Readers(tmp_path)
