"""The published site's own search, its pages of securities and of versions."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from parsel import Selector
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from archive.archive import Archive
from archive.article import SHANGHAI
from archive.export.site.jekyll import choose_posts
from archive.export.site.search import search_files
from archive.search import Query, find
from archive.search.query import EVERYTHING
from archive.storage import open_catalog
from tests.archive.browse.conftest import STOCK, article
from tests.archive.export.site.conftest import ORIGINAL, build, publish
from tests.support.browser import Browser, accessibility_errors, check, chromium
from tests.support.serving import serving

NOW = datetime(2021, 12, 29, 17, 34, tzinfo=SHANGHAI)
TEXTS = (
    ("央行降准", "<p>中国人民银行决定下调金融机构存款准备金率，释放长期资金。</p>"),
    ("银行股上涨", f"<p>{STOCK}收盘价报 12.30 元，成交额 5 亿元；C++ 与 A股。</p>"),
    ("臺灣證券交易所", "<p>繁體的正文，有“引号”和ＡＩ。</p>"),
    ("第四篇", "<p>降准预期升温</p><p>准备金率未变。</p>"),
    ("很旧的一篇", "<p>文字很旧。</p>"),
)
QUERIES = (
    *("准", "降准", "准备金率", "银行 降准", "银行 -降准", "銀行", "台湾", "證券", "ai", "c++"),
    *('"12.30 元"', "“引号”", "率未变", "变。", "没有的词", "旧", "第四篇", "Ａ股", "-银行 准"),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of five articles, one of them with two versions, and of forty others."""
    folder = tmp_path_factory.mktemp("searched") / "news"
    times = [datetime(2021, 12, 30, hour, tzinfo=UTC) for hour in (1, 2)]
    with Archive(folder, clock=lambda: times[0]) as opened:
        for number in range(40):
            code, published = f"NW20211220{number:010d}", NOW - timedelta(days=9, hours=number)
            opened.add(
                article(code, title=f"其他 {number}", published=published, body="<p>其他。</p>")
            )
        for number, (title, body) in enumerate(TEXTS):
            published = NOW - timedelta(hours=number)
            opened.add(
                article(f"NW20211229{number:010d}", title=title, body=body, published=published)
            )
        times.pop(0)
        published = NOW - timedelta(hours=3)
        body = TEXTS[3][1].replace("降准", "降息")
        opened.add(article("NW202112290000000003", title="第四篇", body=body, published=published))
    return folder


@pytest.fixture(scope="module")
def site(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("site") / "source"
    publish(archive, source, address="https://example.org/news/")
    return source


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium("phone", tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def found(browser: Browser, address: str, query: str) -> list[str]:
    """The codes of all posts that the page finds, in their order."""
    browser.get(f"{address}?q={quote(query)}")
    ended = """
        const status = document.querySelector('#status').textContent
        return more.hidden && (found.children.length || status)
    """
    wait = WebDriverWait(browser, 20, 0.05)

    def all_shown(_: object) -> object:
        browser.execute_script("more.hidden || more.click()")
        return browser.execute_script(ended)

    wait.until(all_shown)
    links = browser.find_elements(By.CSS_SELECTOR, "#found a")
    return [re.findall(r"NW\d+", link.get_attribute("href"))[0] for link in links]


def test_it_finds_what_the_archive_finds_on_a_host_and_on_a_disk(
    archive: Path, site: Path, browser: Browser
) -> None:
    with closing(open_catalog(archive)) as connection:
        codes = dict(connection.execute("SELECT id, info_code FROM posts").fetchall())
        wanted = {
            query: [codes[hit.id] for hit in find(connection, Query(q=query), limit=100)]
            for query in QUERIES
        }
    built = build(site)
    with serving(built.parent) as address:
        for query in QUERIES[:8]:
            there = found(browser, f"{address}/{built.name}/search/", query)
            assert there == wanted[query], query
        check(browser, address)
        assert accessibility_errors(browser) == []
    for query in QUERIES:
        assert found(browser, f"file://{built}/search/index.html", query) == wanted[query], query
    assert len(found(browser, f"file://{built}/search/index.html", "其他")) == 40


def test_only_the_newest_texts_are_searched_where_there_are_too_many(archive: Path) -> None:
    published = choose_posts(archive, EVERYTHING, title="", address=ORIGINAL, version="1")
    files = {
        path.relative_to("search").as_posix(): (planned.generate() or b"").decode()
        for path, planned in search_files(published, max_characters=80)
    }
    assert '"textsSince":"2021-12-29"' in files["about.js"]
    texts = "".join(text for name, text in files.items() if name.startswith("texts/"))
    assert "存款准备金率" in texts
    assert "文字很旧" not in texts
    assert "很旧的一篇" in texts


def test_the_index_is_in_small_files(site: Path) -> None:
    files = [*(site / "search").rglob("*.js")]
    assert len(files) > 8
    assert all(path.stat().st_size < 40_000 for path in files)
    for path in (site / "search/index").iterdir():
        name, _, data = path.read_text().removeprefix("finewsSearch(").partition(",")
        assert json.loads(name) == f"index/{path.stem}"
        assert json.loads(data.rstrip()[:-1]) or path.stat().st_size < 40


def test_a_post_leads_to_its_securities_and_versions(site: Path) -> None:
    built = build(site)
    (named,) = built.rglob("NW202112290000000001.html")
    links = Selector(named.read_text()).css(".about a::attr(href)").getall()
    assert links == ["/news/security/1.600160.html"]
    security = Selector((built / "security/1.600160.html").read_text())
    assert security.css("h1::text").get() == "巨化股份 600160"
    (post,) = security.css(".posts a::attr(href)").getall()
    assert (built / post.removeprefix("/news/")).read_text() == named.read_text()
    assert "巨化股份" in (built / "security/index.html").read_text()
    page = Selector((built / "versions/NW202112290000000003.html").read_text())
    assert page.css("h2::text").getall() == ["第 2 版", "第 1 版"]
    assert page.css("del::text").getall() == ["准"]
    assert page.css("ins::text").getall() == ["息"]
