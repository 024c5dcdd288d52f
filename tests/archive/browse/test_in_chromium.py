"""The pages in a real browser, on a phone and on a desktop."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from archive.browse.plugin import open_site
from archive.browse.rendering import RenderedBody, Renderer
from tests.archive.browse.conftest import HOSTILE, PICTURES, REVISED
from tests.support.browser import (
    Browser,
    accessibility_errors,
    another_page,
    check,
    click,
    prefer,
    requests_elsewhere,
    text_of,
)


@pytest.fixture(scope="module")
def address(news: Path) -> Iterator[str]:
    """Where the archive is served."""
    site = open_site(news)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(site.app(), lifespan="on", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
    site.close()


def test_search_for_a_word_and_read_a_hit(browser: Browser, address: str) -> None:
    browser.get(f"{address}/")
    check(browser, address)
    with another_page(browser):
        browser.find_element(By.NAME, "q").send_keys("央行\n")
    assert text_of(browser, "h1") == "搜索：央行"
    marks = browser.find_elements(By.CSS_SELECTOR, "mark")
    assert {mark.text for mark in marks} == {"央行"}
    check(browser, address)

    title = text_of(browser, ".card h3")
    click(browser, browser.find_element(By.CSS_SELECTOR, ".card h3 a"))
    assert text_of(browser, "h1") == title
    assert "央行" in text_of(browser, ".body")
    check(browser, address)


def test_a_first_visitor_finds_a_security_by_what_people_type(
    browser: Browser, address: str
) -> None:
    for typed in ("600160", "sh600160", "jhgf", "巨化股份"):
        browser.get(f"{address}/")
        with another_page(browser):
            browser.find_element(By.NAME, "q").send_keys(f"{typed}\n")
        click(browser, browser.find_element(By.CSS_SELECTOR, ".facets a.to"))
        assert text_of(browser, "h1") == "巨化股份 600160"


def test_change_a_facet(browser: Browser, address: str) -> None:
    browser.get(f"{address}/news?q=后市")
    click(browser, browser.find_element(By.LINK_TEXT, "财联社"))
    assert text_of(browser, "h1") == "搜索：后市 · 财联社"
    assert text_of(browser, ".facets .chosen").startswith("财联社")
    check(browser, address)
    click(browser, browser.find_element(By.CSS_SELECTOR, ".facets .chosen"))
    assert text_of(browser, "h1") == "搜索：后市"


def test_turn_to_the_last_page(browser: Browser, address: str) -> None:
    browser.get(f"{address}/news")
    click(browser, browser.find_element(By.LINK_TEXT, "最早"))
    assert len(browser.find_elements(By.CSS_SELECTOR, ".card")) == 20
    assert not browser.find_elements(By.LINK_TEXT, "较旧")
    check(browser, address)


def test_see_what_changed(browser: Browser, address: str) -> None:
    browser.get(f"{address}/catalog/posts/{REVISED}")
    click(browser, browser.find_element(By.LINK_TEXT, "看改了什么"))
    assert text_of(browser, ".changes del") == "200"
    Select(browser.find_element(By.NAME, "old")).select_by_value("1")
    click(browser, browser.find_element(By.CSS_SELECTOR, ".compare button"))
    assert text_of(browser, ".changes del") == "100"
    assert text_of(browser, ".changes ins") == "300"
    check(browser, address)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/?density=compact", "/news?q=央行", "/news?q=没有这个词", "/media", "/security"),
        *("/security/1.600160", "/catalog", "/catalog/posts", "/catalog/revised", "/nothing"),
        *("/catalog/found_changed?what=", "/catalog/revisions", "/catalog/posts?media=财联社"),
        *(f"/catalog/posts/{REVISED}", f"/catalog/posts/{REVISED}/changes"),
    ],
)
def test_a_page_fits_its_window_and_is_accessible(
    browser: Browser, address: str, path: str
) -> None:
    for language, scheme in (("zh", "light"), ("en", "dark")):
        prefer(browser, scheme)
        browser.get(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")
        if path == "/nothing":
            browser.get_log("browser")  # the status
        check(browser, address)
        assert accessibility_errors(browser) == []
    prefer(browser, "light")
    browser.get(f"{address}/?lang=zh&density=roomy")


def test_hostile_article_does_nothing(browser: Browser, address: str) -> None:
    browser.get(f"{address}/catalog/posts/{HOSTILE}")
    assert browser.title != "owned"
    browser.find_element(By.LINK_TEXT, "点我").click()
    assert browser.title != "owned"
    assert browser.current_url == f"{address}/catalog/posts/{HOSTILE}"
    covering = "return document.elementFromPoint(innerWidth / 2, 30).closest('.body') !== null"
    assert browser.execute_script(covering) is False
    check(browser, address)


def test_policy_alone_would_hold_scripts(
    browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the sanitizer let a body through as it is."""
    raw = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    frame = "<iframe src='https://example.com/'></iframe><base href='https://example.com/'>"
    body = RenderedBody(f"<p id=raw>甲</p>{raw}{frame}")
    monkeypatch.setattr(Renderer, "body", lambda *_, **__: body)
    browser.get(f"{address}/catalog/posts/{HOSTILE}?uncached")
    assert text_of(browser, "#raw") == "甲"
    assert browser.title != "owned"
    assert browser.get_log("browser"), "the browser reports what it refused"
    assert requests_elsewhere(browser, address) == set()


def test_lost_picture_leaves_its_words_and_its_address(browser: Browser, address: str) -> None:
    browser.get(f"{address}/catalog/posts/{PICTURES}")
    lost = browser.find_element(By.CSS_SELECTOR, ".body center a")
    assert lost.get_attribute("href") == "http://127.0.0.1:9/gone.jpg"
    assert lost.find_element(By.TAG_NAME, "img").get_attribute("alt") == "图片"
    height = "return document.querySelector('.body center').getBoundingClientRect().height"
    assert 15 < browser.execute_script(height) < 60


def test_line_is_about_forty_characters(browser: Browser, address: str) -> None:
    browser.get(f"{address}/catalog/posts/{REVISED}")
    line = """
        const body = document.querySelector('.body')
        return body.clientWidth / parseFloat(getComputedStyle(body).fontSize)
    """
    assert browser.execute_script(line) <= 42
