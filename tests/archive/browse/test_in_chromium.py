"""The pages in a real browser, on a phone and on a desktop."""

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from archive.browse import article
from archive.browse.plugin import open_site

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
REVISED = "NW202112299000000001"
HOSTILE = "NW202112299000000003"
PICTURES = "NW202112299000000004"
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
)

if not (CHROMIUM and DRIVER):
    if "FINEWS_ALL_TESTS" in os.environ:
        raise FileNotFoundError("chromium and chromedriver are not installed")
    pytest.skip("chromium or chromedriver is not installed", allow_module_level=True)

from selenium import webdriver  # noqa: E402 (is missed only where there is no browser)
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

Browser = Any


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


@pytest.fixture(scope="module", params=SIZES)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A fresh Chromium, its window the size of a phone and of a desktop."""
    width, height = SIZES[request.param]
    profile = tmp_path_factory.mktemp("profile")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    yield driver
    driver.quit()


@pytest.fixture
def browser(started: Browser) -> Browser:
    """The browser, without what it has logged in an earlier test."""
    started.get_log("browser")
    started.get_log("performance")
    return started


def requests_elsewhere(browser: Browser, address: str) -> set[str]:
    """What the browser asked other hosts for, since this was last called."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    return {url for url in urls if url.startswith("http") and not url.startswith(f"{address}/")}


def check(browser: Browser, address: str) -> None:
    """Nothing in the console, nothing from elsewhere, nothing wider than the window."""
    assert browser.get_log("browser") == []
    assert requests_elsewhere(browser, address) == set()
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wide) == 0


def click(browser: Browser, element: Any) -> None:
    """Follow a link or press a button, and wait for the page that it leads to."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    with another_page(browser):
        element.click()


@contextmanager
def another_page(browser: Browser) -> Iterator[None]:
    """Wait until what is done here has led to another page."""
    browser.execute_script("window.left = true")
    yield
    arrived = "return !window.left && document.readyState === 'complete'"
    wait = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    wait.until(lambda _: browser.execute_script(arrived))


def text_of(browser: Browser, selector: str) -> str:
    """The text of the first element that a selector finds."""
    text: str = browser.find_element(By.CSS_SELECTOR, selector).text
    return text


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
    ["/media", "/security", "/security/1.600160", "/catalog", "/catalog/posts", "/catalog/revised"],
)
def test_page_fits_its_window(browser: Browser, address: str, path: str) -> None:
    browser.get(address + path)
    check(browser, address)


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
    monkeypatch.setattr(article, "render_body", lambda *_: f"<p id=raw>甲</p>{raw}{frame}")
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
