"""The published pages in a real browser, on a phone and on a desktop."""

from collections.abc import Iterator

import pytest

from archive.archive import Archive
from tests.archive.export.site.conftest import build, publish
from tests.support.browser import Browser, check, requests_elsewhere, text_of
from tests.support.hostile_articles import hostile_articles
from tests.support.serving import serving

SHEET = "https://example.com/x.css"
ATTACK = (
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
    "<iframe src='https://example.com/'></iframe><base href='https://example.com/'>"
    f"<link rel=stylesheet href='{SHEET}'>"
    "<style>body { display: none }</style>"
    "<div style='position: fixed; inset: 0; background: red'>盖住</div><p id=after>之后</p>"
)
WIDE = f"<table><tr>{'<td>一千二百三十四</td>' * 30}</tr></table><p>{'x' * 900}</p>"

HOLES = """<p id=first>甲</p>
<p style="display:none;height:1px;overflow:hidden;"><br /></p><!-- EM_StockImg_Start -->
<p style="text-align:center;"><a class="EmImageRemark"><img width="578" height="276" alt="K图"
src="https://webquotepic.eastmoney.com/GetPic.aspx?nid=0.000338" /></a></p>
<p><a class="toplink" href="https://ai.eastmoney.com/x">立即体验</a></p>
<p><a href="https://acttg.eastmoney.com/pub/x"><img class="em_handle_adv_close"
src="https://np-newspic.dfcfw.com/download/D1.jpg" /></a></p>
<p id=second style="text-align:center;">乙</p>
<center><img id=lost src="http://127.0.0.1:9/gone.jpg"></center><p class="res-edit">某人</p>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site whose posts attack, are wide, and hide something, as a static host serves it."""
    folder = tmp_path_factory.mktemp("served")
    with Archive(folder / "news") as archive:
        for article, body in zip(hostile_articles(), (ATTACK, WIDE, HOLES), strict=False):
            fields = {name: getattr(article, name) for name in article.__slots__}
            archive.add(type(article)(**{**fields, "body": body}))
    publish(folder / "news", folder / "site")
    with serving(build(folder / "site")) as address:
        yield address


def page_of(number: int) -> str:
    return f"/jingjiguanchawang/2021/12/29/NW20211229{number:010d}.html"


@pytest.mark.parametrize("path", ["/", "/category/jingjiguanchawang.html", "/404.html", page_of(1)])
def test_a_page_fits_its_window(browser: Browser, address: str, path: str) -> None:
    browser.get(address + path)
    check(browser, address)


def test_a_hostile_body_does_nothing(browser: Browser, address: str) -> None:
    browser.get(address + page_of(0))
    assert browser.title == "第 0 篇 · 金融消息"
    assert text_of(browser, "#after") == "之后"
    refused = [
        told["message"]
        for told in browser.get_log("browser")
        if "Content Security Policy" in told["message"]
    ]
    for what in ("inline script", "event handler", "x.css", "inline style", "example.com/'"):
        assert any(what in message for message in refused), (what, refused)
    assert requests_elsewhere(browser, address) == {SHEET}  # named, and refused as it says above
    covering = "return document.elementFromPoint(innerWidth / 2, 20).textContent.includes('盖住')"
    assert browser.execute_script(covering) is False
    browser.find_element("link text", "返回经济观察网新闻").click()
    assert browser.current_url == f"{address}/category/jingjiguanchawang.html"


def test_hidden_paragraphs_charts_and_adverts_leave_no_hole(browser: Browser, address: str) -> None:
    browser.get(address + page_of(2))
    gap = """
        const [first, second] = ['first', 'second'].map((id) => document.getElementById(id))
        return second.getBoundingClientRect().top - first.getBoundingClientRect().bottom
    """
    assert browser.execute_script(gap) < 30
    indent = "return getComputedStyle(document.getElementById('second')).textIndent"
    assert browser.execute_script(indent) == "0px"
    assert "某人" not in text_of(browser, "section")
    words = "return getComputedStyle(document.getElementById('lost'), '::after').content"
    assert browser.execute_script(words) == '"图片 http://127.0.0.1:9/gone.jpg"'


def test_it_is_dark_where_readers_want_it_dark(browser: Browser, address: str) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get(f"{address}/")
        colour = "return getComputedStyle(document.documentElement).backgroundColor"
        colours.add(browser.execute_script(colour))
    assert colours == {"rgb(250, 248, 243)", "rgb(23, 24, 26)"}
