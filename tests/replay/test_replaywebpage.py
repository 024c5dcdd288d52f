"""A WACZ file in ReplayWeb.page, in a browser."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from archive.export.wacz.index import timestamp_of
from tests.replay.conftest import EDITIONS, HOME, edition_mark, moments_of, pages_of
from tests.support.requirements import program, replay_program

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
FRAME = """
const frame = (root) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.tagName === "IFRAME" && element.src.includes("/w/")) return element;
    const inside = element.shadowRoot && frame(element.shadowRoot);
    if (inside) return inside;
  }
  return null;
};
return frame(document);
"""
TEXT = "return document.readyState === 'complete' && document.body ? document.body.innerText : ''"
LISTED = """
const text = (root) => [...root.querySelectorAll("*")].map(
  (element) => (element.shadowRoot ? text(element.shadowRoot) : "") +
    [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("")
).join(" ");
return text(document);
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Tell nobody."""


@pytest.fixture(scope="module")
def address(wacz: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where ReplayWeb.page is served, with the file beside it."""
    folder = tmp_path_factory.mktemp("replaywebpage")
    for name in ("index.html", "ui.js", "sw.js"):
        shutil.copy(replay_program(f"package/{name}"), folder)
    shutil.copy(wacz, folder / "news.wacz")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/?source=/news.wacz"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A fresh Chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium")
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    driver = webdriver.Chrome(options, Service(program("chromedriver")))
    yield driver
    driver.quit()


Show = Callable[[str, str], tuple[str, str]]


@pytest.fixture
def show(address: str, browser: webdriver.Chrome) -> Show:
    """Where ReplayWeb.page has a page from, and its text."""

    def shown(url: str, timestamp: str) -> tuple[str, str]:
        browser.get("about:blank")
        browser.get(f"{address}#{urlencode({'view': 'replay', 'url': url, 'ts': timestamp})}")
        wait = WebDriverWait(browser, 60)
        frame = wait.until(lambda driver: driver.execute_script(FRAME))
        source = frame.get_attribute("src")
        browser.switch_to.frame(frame)
        text = wait.until(lambda driver: driver.execute_script(TEXT).strip())
        browser.switch_to.default_content()
        return source, text

    return shown


def test_the_file_is_valid(wacz: Path) -> None:
    command = (replay_program("bin/wacz"), "validate", "--file", wacz)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Validation succeeded" in ended.stdout, ended.stdout + ended.stderr


def test_the_home_page_is_shown_as_it_was_at_each_moment(crawled: Path, show: Show) -> None:
    for record, edition in zip(moments_of(crawled, HOME), EDITIONS, strict=True):
        timestamp = timestamp_of(record.date)
        source, text = show(HOME, timestamp)
        assert f"/{timestamp}mp_/{HOME}" in source
        assert edition_mark(edition) in text


def test_posts_are_shown_by_their_pages(wacz: Path, show: Show) -> None:
    pages = pages_of(wacz)
    by_kind = {page["url"].partition(":")[0]: page for page in pages}
    assert by_kind.keys() >= {"urn"}
    for page in (*by_kind.values(), *pages[:3], *pages[-3:]):
        timestamp = timestamp_of(page["ts"])
        source, text = show(page["url"], timestamp)
        assert f"/{timestamp}mp_/{page['url']}" in source
        assert "".join(page["text"].split())[:20] in "".join(text.split())


def test_posts_can_be_opened_from_the_list_of_pages(
    wacz: Path, address: str, browser: webdriver.Chrome
) -> None:
    newest = pages_of(wacz)[-1]
    browser.get("about:blank")
    browser.get(f"{address}#{urlencode({'view': 'pages', 'query': newest['title']})}")
    wait = WebDriverWait(browser, 60)
    wait.until(lambda driver: newest["title"] in driver.execute_script(LISTED))
