"""What the tests of the archive share: a real browser."""

from collections.abc import Iterator

import pytest

from tests.support.browser import SIZES, Browser, chromium


@pytest.fixture(scope="module", params=SIZES)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A fresh Chromium, its window the size of a phone and of a desktop."""
    with chromium(request.param, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(started: Browser) -> Browser:
    """The browser, without what it has logged in an earlier test."""
    started.get_log("browser")
    started.get_log("performance")
    return started
