"""Articles that attack their readers: what reaches the page is text, or nothing."""

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from archive.content.safe_html import render_body
from tests.support.endless import FRAGMENTS, in_time

HOSTILE = "NW202112299000000003"
HOSTILE_TEXT = "<script>document.title='owned'</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
ALLOWED_ATTRIBUTES = {
    *("href", "rel", "class", "src", "alt", "loading", "referrerpolicy", "align"),
    *("colspan", "rowspan"),
}
Visit = Callable[..., httpx.Response]


def security(code: str) -> str:
    """Where a security's page is."""
    return f"/security/{code}"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/news",
        "/news?q=恶意",
        "/media",
        f"/catalog/posts/{HOSTILE}",
        f"/catalog/posts/{HOSTILE}/changes",
        "/catalog/posts?_search=恶意",
        "/catalog/posts_per_media",
        "/catalog/on_this_day?month_day=12-29",
        f"/news?q={HOSTILE_TEXT}",
        f"/news?media={HOSTILE_TEXT}",
        f"/catalog/posts?_search={HOSTILE_TEXT}",
    ],
)
def test_no_page_lets_it_through(visit: Visit, path: str) -> None:
    where, _, query = path.partition("?")
    name, _, value = query.partition("=")
    page = visit(where, **({name: value} if query else {}))
    assert page.status_code == 200
    assert "49" not in Selector(page.text).css("h1, h3, .kicker").xpath("string()").getall()
    parsed = Selector(page.text)
    assert not parsed.css("script, iframe, object, embed, base, meta[http-equiv], math, style")
    assert not parsed.xpath("//@*[starts-with(name(), 'on')] | //@style")
    assert not parsed.xpath("//@href[starts-with(normalize-space(.), 'javascript')]")
    assert not parsed.css("main svg script, svg [onload]")


def test_the_article_keeps_its_text(visit: Visit) -> None:
    page = Selector(visit(f"/catalog/posts/{HOSTILE}").text)
    assert page.css("h1::text").get() == f"恶意 {HOSTILE_TEXT}"
    body = page.css(".body").xpath("string()").get("")
    for text in ("正文开头。", "点我", "站内", "盖住", "正文结尾。"):
        assert text in body
    assert "owned" not in body
    assert not page.css(".body [id], .body [class]")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p onclick=x()>甲</p>", "<p>甲</p>"),
        ("<p style='position:fixed'>甲</p>", "<p>甲</p>"),
        ("<p class=masthead id=main>甲</p>", "<p>甲</p>"),
        ("<p align=center>甲</p>", '<p align="center">甲</p>'),
        ("<p align='x\" onclick=y'>甲</p>", "<p>甲</p>"),
        ("<h1>甲</h1>", "<h2>甲</h2>"),
        ("<a href='/relative'>甲</a>", "甲"),
        ("<a href='//example.com/'>甲</a>", "甲"),
        ("<a href='/security/../x'>甲</a>", "甲"),
        ("<a href='data:text/html,x'>甲</a>", "甲"),
        ("<a href=' java\tscript:x()'>甲</a>", "甲"),
        ("<!-- 甲 -->乙", "乙"),
        ("<p>甲<script>乙</script></p>", "<p>甲</p>"),
        ("<form action=x><input value=y>甲</form>", "甲"),
        ("<img src='data:image/svg+xml,x'>甲", "Picture甲"),
        ("<img src='x.png' alt='产量表'>甲", "产量表甲"),
        ("<img src='x.png' alt='Image'>甲", "Picture甲"),
        ("<img alt='产量表'>甲", "甲"),
        ("<p style='display:none;height:1px'><br /></p>甲", "甲"),
        ("<p style='text-align:center;'>甲</p>", '<p align="center">甲</p>'),
        ("<p style='x-text-align:center'>甲</p>", "<p>甲</p>"),
        ('<p>　<a class="toplink" href="https://ai.eastmoney.com/x">立即体验</a></p>甲', "甲"),
        (
            "<p><a href='https://acttg.eastmoney.com/pub/x'><img src='https://x/1.jpg'></a></p>甲",
            "甲",
        ),
        ("甲<p></p><p> </p><center></center>", "甲"),
        ("", ""),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
    ],
)
def test_render_body(body: str, shown: str) -> None:
    html = render_body(body, security)
    text = Selector(html or " ").css("body").xpath("string()").get("").strip()
    assert "".join(html.split()) in {
        "".join(shown.split()),
        f"<p>{''.join(shown.split())}</p>",
        f'<arel="noopenernoreferrernofollow">{text}</a>',
    }


@pytest.mark.parametrize(
    "markup",
    [
        '<span id="stock_1.600160"><a href="http://quote.eastmoney.com/" class="keytip" '
        'data-code="1,600160">巨化股份</a></span><span id="quote_1.600160"></span>',
        '<span id="stock_1.600160">巨化股份</span>',
    ],
)
def test_securities_lead_to_their_pages(markup: str) -> None:
    link = Selector(render_body(markup, security)).css("a")
    assert link.attrib["href"] == "/security/1.600160"
    assert link.attrib["class"] == "security"
    assert link.css("::text").get() == "巨化股份"


def test_a_keyword_and_the_credit_lead_nowhere() -> None:
    keyword = '<span web="1" class="em_stock_key_common" data-code="1,601519">大智慧</span>'
    credit = '<p class="em_media">（文章来源：上海<span id="bk_90.BK0473">证券</span>报）</p>'
    assert "<a" not in render_body(f"<p>培育壮{keyword}产品</p>{credit}", security)


@pytest.mark.parametrize(
    ("alt", "shown"), [("", "Picture"), ("Image", "Picture"), ("产量表", "产量表")]
)
def test_a_picture_that_is_gone_leaves_its_words_and_its_address(alt: str, shown: str) -> None:
    body = f'<center><img src="https://x.test/1.jpg" alt="{alt}">尾</center>'
    link = Selector(render_body(body, security)).css("a")
    assert link.attrib["href"] == "https://x.test/1.jpg"
    assert link.css("img").attrib["alt"] == shown
    linked = f'<a href="https://y.test/"><img src="https://x.test/1.jpg" alt="{alt}"></a>'
    (link,) = Selector(render_body(linked, security)).css("a")
    assert link.attrib["href"] == "https://y.test/"


def test_charts_made_on_the_fly_are_left_out() -> None:
    chart = (
        '甲<p style="text-align:center;"><a href="http://quote.eastmoney.com/unify/r/1.1" '
        'data-code="1.1" class="EmImageRemark"><img src="https://webquoteklinepic.eastmoney.com/'
        'GetPic.aspx?nid=1.1" alt="K图"></a></p>乙'
    )
    html = render_body(chart, security)
    assert "<img" not in html
    assert "<a" not in html


def test_deep_nesting_is_survived() -> None:
    assert "甲" in render_body("<div>" * 2_000 + "甲", security)


TAGS = (
    "p",
    "a",
    "img",
    "svg",
    "math",
    "style",
    "script",
    "table",
    "td",
    "title",
    "!--",
    "/p",
    "h1",
)
NAMES = ("href", "src", "onerror", "style", "id", "class", "data-code", "align")
VALUES = (
    "javascript:x()",
    "//x",
    "http://x/",
    "1,600160",
    "stock_1.1",
    "em_media",
    "center",
    "<'>",
)
TAG = st.builds(
    lambda tag, name, value, quote: f"<{tag} {name}={quote}{value}{quote}>",
    st.sampled_from(TAGS),
    st.sampled_from(NAMES),
    st.sampled_from(VALUES) | st.text(),
    st.sampled_from(("'", '"', "")),
)


@given(st.lists(TAG | st.text()).map("".join))
def test_any_body_comes_out_harmless(body: str) -> None:
    html = render_body(body, security)
    parsed = Selector(html or " ")
    for element in parsed.css("body *"):
        assert set(element.attrib) <= ALLOWED_ATTRIBUTES
    assert not parsed.css("script, style, svg, math, iframe, form, input, object, title + *")
    for address in parsed.css("body ::attr(href), body ::attr(src)").getall():
        assert address.startswith(("http://", "https://", "/security/"))
    for name in parsed.css("body ::attr(class)").getall():
        assert set(name.split()) <= {"security", "em_media"}


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=list(FRAGMENTS))
def test_every_body_is_shown_in_time(fragment: str) -> None:
    with in_time():
        shown = render_body(f"<p>一 & 二</p>{fragment}", lambda code: f"/securities/{code}")
    assert shown.startswith("<p>一 &amp; 二</p>")
