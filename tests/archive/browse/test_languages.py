"""Each page is in one language: no English words on Chinese pages, no Chinese on English ones."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import httpx
import pytest
from parsel import Selector

from archive.archive import Archive
from archive.browse.plugin import open_site
from archive.browse.site import Site
from archive.translation import Language, language
from archive.words import _CODES, CODED, with_codes, word
from tests.archive.browse.conftest import NEWEST, REVISED, article

# Names, and the parts of the query language.
NAMES = re.compile(
    r"https?://\S+|\b(?:NW\d+|JSON|CSV|SQL|SQLite|SHA|Atom|UTC|catalog\.db|finews"
    r"|_search\w*|title:|versions:)\b|versions:|title:"
)
ENGLISH_WORD = re.compile(r"[A-Za-z]{2,}")
CHINESE_WORD = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-label", "content")

#: Addresses besides those that pages link to.
ERRORS = (
    *("/nothing", "/catalog/nothing", "/catalog?sql=select+1", "/security/1.999999"),
    *("/news?q=title:", "/news?q=date:x", f"/news?q={'1' * 1100}", "/news?q=没有"),
    *("/catalog/posts?_sort=nothing", "/catalog/posts?_search_media=x", "/-/settings"),
    *("/catalog/found_changed?what=figures", "/catalog/crawls?status__gt=0", "/news?since=2021"),
    *(f"/catalog/posts/{REVISED}/versions/9", "/catalog/versions?_facet=cause"),
    "/api/v1/docs",
)

#: Data in one language.
DATA = {
    Language.CHINESE: {
        "title": "央行开展逆回购操作，利率{}",
        "media": "经济观察网",
        "tag": "经济观察网新闻",
        "author": "某人",
        "digest": "摘要",
        "text": "今日操作，利率维持不变。",
        "security": "巨化股份",
        "verdict": "No list of the source could be read: https://a.cn answered with status 403.",
    },
    Language.ENGLISH: {
        "title": "The bank lends, at {}",
        "media": "Morning Post",
        "tag": "Morning Post news",
        "author": "Somebody",
        "digest": "What it says",
        "text": "The bank lends today, at the same rate.",
        "security": "Juhua",
        "verdict": "No list of the source could be read: https://a.cn answered with status 403.",
    },
}


def fill(folder: Path, data: dict[str, str]) -> Path:
    """An archive with every state of an article and of crawls, with data in one language."""
    now = datetime(2021, 12, 29, 10, tzinfo=UTC)
    named = (
        '<span id="stock_1.600160"><a href="http://quote.eastmoney.com/unify/r/1.600160" '
        f'class="keytip" data-code="1,600160">{data["security"]}</a></span>'
        '<span id="quote_1.600160"></span>'
    )
    facts = {key: data[key] for key in ("media", "tag", "author", "digest")}
    with Archive(folder, clock=lambda: now) as archive:
        for number in range(45):
            archive.add(
                article(
                    f"NW20211229{number:010d}",
                    title=data["title"].format(number),
                    published=NEWEST - timedelta(hours=number),
                    body=f'<p>{named}</p><p>{data["text"] * 20}</p><img src="http://127.0.0.1:9/a.png">',
                    **facts,
                )
            )
        for rate in ("2%", "3%"):
            now += timedelta(hours=1)
            archive.add(
                article(
                    REVISED,
                    title=data["title"].format(rate),
                    body=f"<p>{data['text']}</p>",
                    **facts,
                )
            )
        archive.add(
            article("NW206205010000000001", title="2062", published=NEWEST.replace(2062), **facts)
        )
        crawl = archive.begin_crawl("finews", {})
        archive.end_crawl(crawl, 3, data["verdict"], {"added": 7})
        archive.begin_crawl("finews", {})
    return folder


@pytest.fixture(scope="module", params=list(Language))
def spoken(request: pytest.FixtureRequest) -> Language:
    return Language(request.param)


@pytest.fixture(scope="module")
def site(spoken: Language, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = fill(tmp_path_factory.mktemp("news"), DATA[spoken])
    with closing(open_site(folder)) as site:
        yield site


async def read(site: Site, spoken: Language) -> dict[str, httpx.Response]:
    """The pages that the front page leads to, and some errors, in a language."""
    todo = ["/", *ERRORS]
    pages: dict[str, httpx.Response] = {}
    for path in todo:
        page = await site.client.get(path, headers={"Accept-Language": spoken})
        if not page.headers["content-type"].startswith("text/html"):
            continue
        pages[path] = page
        if path in ERRORS or len(todo) > 130:
            continue
        kinds = {re.sub(r"NW\d+|\d+", "0", each) for each in todo}
        for link in Selector(page.text).css("a::attr(href)").getall():
            path_of = urldefrag(urljoin(path, link)).url
            kind = re.sub(r"NW\d+|\d+", "0", path_of)
            if path_of.startswith("/") and "lang=" not in path_of and kind not in kinds:
                kinds.add(kind)
                todo.append(path_of)
    return pages


def texts(page: str) -> Iterator[str]:
    """What a page shows and reads out, without code, the cells of tables and other languages."""
    shown = Selector(page)
    for node in shown.css("code, pre, textarea, .table td > div, .switch, svg title"):
        node.drop()
    yield from shown.xpath("//title//text() | //body//text()[not(parent::script)]").getall()
    for name in ATTRIBUTES[:-1]:
        yield from shown.xpath(f"//body//@{name}").getall()


def test_no_page_mixes_the_languages(site: Site, spoken: Language) -> None:
    pages = asyncio.run(read(site, spoken))
    assert len(pages) > 60
    foreign = ENGLISH_WORD if spoken is Language.CHINESE else CHINESE_WORD
    leaks = {
        (path, text.strip())
        for path, page in pages.items()
        for text in texts(page.text)
        if foreign.search(NAMES.sub("", text.replace("没有", "") if spoken == "en" else text))
    }
    assert leaks == set()
    for page in pages.values():
        assert page.status_code < 500
        assert ">None<" not in page.text
        assert page.headers["content-language"] == spoken
        assert {"Accept-Language", "Cookie"} <= set(page.headers["vary"].split(", "))
        assert Selector(page.text).css("html::attr(lang)").get("").startswith(spoken)


Visit = Callable[..., httpx.Response]


def test_a_reader_switches_the_language_and_it_stays(visit: Visit, site: Site) -> None:
    chinese = Selector(visit("/news", q="央行").text)
    link = chinese.css("a.switch::attr(href)").get("")
    english = visit(urljoin("/news?q=央行", link))
    assert "Search: 央行" in english.text
    assert english.headers["set-cookie"].startswith("lang=en; Path=/; Max-Age=")
    kept = asyncio.run(site.client.get("/news", cookies={"lang": "en"}))
    assert "All news" in kept.text
    assert "set-cookie" not in kept.headers
    back = asyncio.run(site.client.get("/news?lang=zh", cookies={"lang": "en"}))
    assert "全部新闻" in back.text
    nonsense = asyncio.run(site.client.get("/news?lang=xx", cookies={"lang": 'x"<', "a": "b"}))
    assert nonsense.status_code == 200


def test_titles_only(visit: Visit, site: Site) -> None:
    assert " compact" not in Selector(visit("/").text).css("body::attr(class)").get("")
    page = visit("/", density="compact")
    assert Selector(page.text).css("body::attr(class)").get("").endswith(" compact")
    assert page.headers["set-cookie"].startswith("density=compact;")
    kept = asyncio.run(site.client.get("/news", cookies={"density": "compact"}))
    assert Selector(kept.text).css("body::attr(class)").get("").endswith(" compact")


def test_a_feed_is_in_the_readers_language(visit: Visit) -> None:
    chinese, english = visit("/news.atom"), visit("/news.atom", lang="en")
    assert "财经新闻档案" in chinese.text
    assert "Financial news archive" in english.text
    assert chinese.headers["etag"] != english.headers["etag"]
    assert "Accept-Language" in english.headers["vary"]


def test_the_column_of_languages_can_be_filtered(visit: Visit) -> None:
    rows = visit("/catalog/posts.json", lang="zh", _shape="array").json()
    assert rows == []


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("/catalog/found_changed.json?what={}", "figures"),
        ("/catalog/versions.json?cause={}", "edited"),
        ("/catalog/posts.json?body_source__exact={}", "share_api"),
    ],
)
def test_a_filter_takes_what_a_page_shows(visit: Visit, address: str, typed: str) -> None:
    wanted = visit(f"{address.format(typed)}&_shape=array&_size=max").json()
    assert wanted
    for each in Language:
        with language(each):
            shown = word(typed)
        found = visit(f"{address.format(shown)}&_shape=array&_size=max").json()
        assert found == wanted, shown


def test_a_code_has_one_word_in_each_language() -> None:
    for each in Language:
        with language(each):
            shown = [word(code).lower() for code in _CODES]
            assert len(shown) == len(set(shown))
            for code in _CODES:
                assert with_codes(f"what={word(code)}") in (
                    f"what={code.replace(' ', '+')}",
                    f"what={code}",
                )
    assert with_codes("q=标题&media=数字") == "q=标题&media=数字"
    assert "what" in CODED
