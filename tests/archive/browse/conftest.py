"""A small archive with everything that a page can show, and a Datasette over it."""

import asyncio
import gc
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from archive.archive import Archive
from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.browse.plugin import open_site
from archive.browse.site import Site
from archive.warc import Exchange

NEWEST = datetime(2021, 12, 29, 17, 34, 39, tzinfo=SHANGHAI)
REVISED = "NW202112299000000001"
GONE = "NW202112299000000002"
HOSTILE = "NW202112299000000003"
PICTURES = "NW202112299000000004"
ROLLING = "NW202112299000000005"
STOCK = (
    '<span id="stock_1.600160"><a href="http://quote.eastmoney.com/unify/r/1.600160" '
    'class="keytip" data-code="1,600160">巨化股份</a></span><span id="quote_1.600160"></span>'
)
SECTOR = (
    '<span id="bk_90.BK0493"><a href="http://quote.eastmoney.com/unify/r/90.BK0493" '
    'class="keytip" data-code="90,BK0493">新能源</a></span><span id="bkquote_90.BK0493"></span>'
)
ATTACK = (
    "<script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">"
    "<a href=\"javascript:document.title='owned'\">点我</a>"
    "<a href='/security/1.600160?x'>站内</a>"
    "<style>body{display:none}</style>"
    "<div style='position:fixed;inset:0;background:red' class='masthead' id='main'>盖住</div>"
    "<iframe src='https://example.com/'></iframe>"
    "<svg onload=\"document.title='owned'\"><script>document.title='owned'</script></svg>"
    "<form action='https://example.com/'><input name=q></form>"
    "<object data='https://example.com/'></object><embed src='https://example.com/'>"
    "<base href='https://example.com/'><meta http-equiv=refresh content='0;url=https://example.com/'>"
    "<link rel=stylesheet href='https://example.com/x.css'>"
)
SWALLOWING = (
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>"
)
HOSTILE_TEXT = "<script>document.title='owned'</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of an archive that a `finews browse` of its own serves."""
    command = (Path(sys.executable).with_name("finews"), "browse", folder, "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split(" is at ")[1].split(" ")[0]
        finally:
            server.terminate()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Datasette's own connections to databases in memory, which it leaves to Python to close."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"))


@pytest.fixture(autouse=True, scope="module")
def _closed_connections() -> Iterator[None]:
    """Have Python close these connections here, and not during a test of something else."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


def article(code: str, **fields: object) -> Article:
    """An article with the fields that matter to a test, and made-up others."""
    values: dict[str, object] = {
        "info_code": InfoCode(code),
        "title": "央行开展逆回购操作",
        "published": NEWEST,
        "body": "<p>中国人民银行今日开展逆回购操作，维护流动性合理充裕。</p>",
        "body_source": BodySource.SHARE_API,
        "link": f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={code}",
        "category": "jingjiguanchawang",
        "tag": "经济观察网新闻",
        "media": "经济观察网",
        "addresses": (f"http://finews.zning.xyz/NewsData/GetNewsText.do?id={code}",),
    }
    return Article(**{**values, **fields})  # type: ignore[arg-type]


def answer(host: str, body: str, received: datetime) -> Exchange:
    """What a host of the share API sent."""
    return Exchange(
        url=f"http://{host}.test/GetNewsText.do?id={REVISED}",
        method="GET",
        request_headers=[("Host", f"{host}.test")],
        status=200,
        response_headers=[("Content-Type", "application/json")],
        body=body.encode(),
        received=received,
    )


def many_articles() -> Iterator[Article]:
    """Ninety plain articles over thirty days and five media."""
    media = ("经济观察网", "财联社", "厦门日报", "21世纪经济报道 21财经APP", "证券时报网")
    topics = ("央行降准", "巨化股份公告", "A股三大指数", "人民币汇率", "新能源汽车")
    for number in range(90):
        published = NEWEST - timedelta(hours=8 * number + 1)
        name = media[number % len(media)]
        topic = topics[number % len(topics)]
        named = {"巨化股份公告": STOCK, "新能源汽车": SECTOR}.get(topic, topic)
        yield article(
            f"NW{published:%Y%m%d}{number:010d}",
            title=f"{topic}：市场的第 {number} 个看法",
            published=published,
            body=f"<p>{named}的最新进展。</p><p>分析人士认为，{topic}将影响后市{'，稳' * 60}。</p>",
            media=name,
            tag=f"{name}新闻",
            category=f"media{number % len(media)}",
            body_source=BodySource.MIRROR if number % 9 == 0 else BodySource.SHARE_API,
        )


@pytest.fixture(scope="session")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive's folder."""
    folder = tmp_path_factory.mktemp("news")
    now = datetime(2021, 12, 29, 10, tzinfo=UTC)
    with Archive(folder, clock=lambda: now) as archive:
        archive.add_many(list(many_articles()))
        archive.add_many(
            [
                article(GONE, title="很快撤下的文章"),
                article(
                    HOSTILE,
                    title=f"恶意 {HOSTILE_TEXT}",
                    media=f"恶意{HOSTILE_TEXT}",
                    tag=f"恶意{HOSTILE_TEXT}新闻",
                    category="emnews",
                    digest=f"摘要 {HOSTILE_TEXT}",
                    link="javascript:document.title='owned'",
                    body=f"<p>正文开头。</p>{ATTACK}<p>正文结尾。</p>{SWALLOWING}",
                ),
                article(
                    PICTURES,
                    title="有图有表的文章",
                    published=NEWEST - timedelta(minutes=5),
                    body=(
                        f"<p>{STOCK}今日上涨。</p>"
                        '<center><img src="http://127.0.0.1:9/gone.jpg" width="552"></center>'
                        '<p><a href="http://quote.eastmoney.com/"><img src='
                        '"https://webquoteklinepic.eastmoney.com/GetPic.aspx?nid=1.600160"></a></p>'
                        "<table border=1><tr><td>项目</td><td>数值</td></tr></table>"
                        '<p class="em_media">（文章来源：经济观察网）</p>'
                    ),
                ),
                article(
                    ROLLING,
                    title="滚动新闻一则",
                    category="emnews",
                    tag="东财滚动新闻",
                    media="东方财富Choice",
                    digest="这是一条滚动新闻的摘要。",
                ),
            ]
        )
        for amount in ("100亿元", "200亿元", "300亿元"):
            now += timedelta(hours=1)
            captures = [archive.capture(answer(host, amount, now)) for host in ("a", "b")]
            archive.add(
                article(
                    REVISED,
                    captures=tuple(captures),
                    title="央行开展逆回购操作：利率不变",
                    body=f"<p>央行今日开展{amount}逆回购操作。</p><p>操作利率维持不变。</p>",
                )
            )
        now = datetime(2021, 12, 30, 1, tzinfo=UTC)
        archive.mark_gone(InfoCode(GONE))
    return folder


@pytest.fixture
def site(news: Path) -> Iterator[Site]:
    """The archive in a Datasette as `finews browse` makes it."""
    site = open_site(news, api_rate=0)
    yield site
    site.close()


Visit = Callable[..., httpx.Response]


@pytest.fixture
def visit(site: Site) -> Visit:
    """Get a page; the keyword arguments are the parameters of its address."""

    def get(path: str, **parameters: str) -> httpx.Response:
        return asyncio.run(site.client.get(path, params=parameters or None))

    return get
