"""Start a real browser, operate it and check its pages."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_selenium_python import Axe
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.requirements import program

Browser = Any

#: Width and height of the window, in CSS pixels.
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--accept-lang=zh-CN"),
)


@contextmanager
def chromium(size: str, profile: Path) -> Iterator[Browser]:
    """Start Chromium with a window of a size of `SIZES`, and end it with the block.

    The test is skipped without Chromium.

    :param profile: an empty folder.
    """
    width, height = SIZES[size]
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium")
    for option in (*_OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(program("chromedriver")))
    try:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        yield driver
    finally:
        driver.quit()


def requests_elsewhere(browser: Browser, address: str) -> set[str]:
    """Return the browser's requests to other hosts since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    return {url for url in urls if url.startswith("http") and not url.startswith(f"{address}/")}


def check(browser: Browser, address: str) -> None:
    """Check that the console is empty, no other host was used, and the page fits the window."""
    assert browser.get_log("browser") == []
    assert requests_elsewhere(browser, address) == set()
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wide) == 0


def accessibility_errors(browser: Browser) -> list[str]:
    """Return what axe finds wrong on the page, with the first element of each rule."""
    axe = Axe(browser)
    axe.inject()
    found = axe.run()["violations"]
    return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html']}" for rule in found]


def prefer(browser: Browser, scheme: str) -> None:
    """Have the browser prefer ``light`` or ``dark`` pages."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def click(browser: Browser, element: Any) -> None:
    """Follow a link or press a button, and wait for the page that it leads to."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    with another_page(browser):
        element.click()


@contextmanager
def another_page(browser: Browser) -> Iterator[None]:
    """Wait until the block has led to another page."""
    browser.execute_script("window.left = true")
    yield
    arrived = "return !window.left && document.readyState === 'complete'"
    wait = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    wait.until(lambda _: browser.execute_script(arrived))


def text_of(browser: Browser, selector: str) -> str:
    """Return the text of the first element of a selector."""
    text: str = browser.find_element(By.CSS_SELECTOR, selector).text
    return text
