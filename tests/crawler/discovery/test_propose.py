"""Declarations are proposed by answers, and read what a careful reader takes from them."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.declarations.answers import Answer
from crawler.declarations.identity import article_id
from crawler.declarations.lists import read_list
from crawler.declarations.loading import load
from crawler.discovery import NothingFound, feeds_in, propose, sitemaps_named_in
from crawler.discovery.patterns import pattern_of
from crawler.extraction.fallback import read_or_extract
from tests.crawler.declarations.recorded import RECORDED

FETCHED = datetime(2026, 9, 30, 8, tzinfo=UTC)
LISTS = [
    ("ths", "flash_page1.json"),
    ("ths", "article_list_today.html"),
    ("sina", "roll_page1.json"),
    ("sina", "column_56592.html"),
    ("wscn", "lives_page1.json"),
    ("wscn", "articles_page1.json"),
    ("gelonghui", "lives_page1.json"),
    ("nbd", "column_1161.html"),
    ("chinanews", "scroll-news.xml"),
    ("people", "politics.xml"),
    ("eastmoney", "column_344.json"),
    ("eastmoney", "newsapi_getlist_102.js"),
]


def expected(source: str, name: str) -> dict[str, Any]:
    files = json.loads((RECORDED / source / "expected.json").read_text(encoding="utf-8"))["files"]
    wanted: dict[str, Any] = files[name]
    return wanted


@pytest.mark.parametrize(("source", "name"), LISTS)
def test_a_recorded_list(source: str, name: str, tmp_path: Path) -> None:
    wanted = expected(source, name)
    body = (RECORDED / source / name).read_bytes()
    header = "text/html; charset=gbk" if source == "ths" and name.endswith(".html") else ""
    answer = Answer(wanted["address"], body, header, fetched=FETCHED)

    proposal = propose(source, [answer])

    path = tmp_path / f"{source}.toml"
    path.write_text(proposal.toml, encoding="utf-8")
    page = read_list(load(path), "news", answer)
    assert page == proposal.page
    assert len(page.entries) == len(wanted["entries"])
    for entry, truth in zip(page.entries, wanted["entries"], strict=True):
        assert entry.address
        assert truth["id"] in entry.address
        assert entry.title == truth["title"]
        assert str(entry.published)[:16] == truth["published"][:16]


ITEMS = [
    {
        "id": f"cx-2026-{number:06}",
        "headline": f"第{number}条新闻的标题",
        "pub_time": 1790746750 + number,
    }
    for number in range(120, 126)
]
PAGE = (
    "<html><head><title>{title}_财迅</title></head><body><div class=nav><a href=/>首页</a></div>"
    "<h1>{title}</h1><p class=info>2026-09-30 13:39 来源：财迅</p><div class=text>"
    + "".join(f"<p>第{n}段写的是经济，这一段有足够的字数，可以认出它是正文。</p>" for n in range(5))
    + "</div><div class=footer>版权所有</div></body></html>"
)


def page_of(number: int) -> Answer:
    title = f"第{number}条新闻的标题"
    address = f"https://www.caixun.example/news/cx-2026-{number:06}"
    return Answer(address, PAGE.format(title=title).encode())


def test_a_made_up_site_is_declared_by_its_list_and_pages(tmp_path: Path) -> None:
    links = "".join(
        f"<li><a href='/news/{item['id']}'>{item['headline']}</a><span>09-30 13:39</span></li>"
        for item in ITEMS
    )
    menu = "<ul class=nav><li><a href=/a>频道</a></li></ul>"
    html = f"<html>{menu}<ul class=list>{links}</ul>"
    home = Answer("https://www.caixun.example/news/", html.encode(), fetched=FETCHED)

    proposal = propose("caixun", [home], [page_of(120), page_of(121)])

    declaration = proposal.declaration
    entry = proposal.page.entries[0]
    assert article_id(declaration, entry.id, entry.address) == "caixun-cx-2026-000120"
    assert str(entry.published) == "2026-09-30T13:39:00+08:00"
    article = read_or_extract(declaration, page_of(120))
    assert (article.id, article.title) == ("cx-2026-000120", "第120条新闻的标题")
    assert len(article.body.text.splitlines()) == 5


def test_a_list_of_json_without_addresses() -> None:
    answer = Answer(
        "https://api.caixun.example/v1/news?page=1",
        json.dumps({"menu": [{"a": "b"}, {"a": "c"}], "data": {"items": ITEMS}}).encode(),
    )
    proposal = propose("caixun", [answer])
    table = tomllib.loads(proposal.toml)["lists"]["news"]
    assert table["entries"] == "data.items"
    assert table["fields"] == {"id": "id", "title": "headline", "published": "pub_time"}
    assert table["address"] == "https://api.caixun.example/v1/news?page={page}"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1, 2]", b"<html>x</html>", b"\xff", b"<rss></rss>"]
)
def test_an_answer_without_a_list(body: bytes) -> None:
    with pytest.raises(NothingFound, match=r"^https://e\.cn/ holds no list of articles.*\.$"):
        propose("caixun", [Answer("https://e.cn/", body)])


@pytest.mark.parametrize(
    ("addresses", "pattern"),
    [
        (
            ["https://e.cn/news/cx-2026-000123", "https://e.cn/news/cx-2026-000124"],
            r"/news/(cx-\d+-\d+)",
        ),
        (["https://e.cn/20260930/c1.shtml", "https://e.cn/20260929/c22.shtml"], None),
        (["https://e.cn/detail/1", "https://e.cn/detail/22"], r"/detail/(\d+)"),
        (["https://e.cn/a?id=1&x=y", "https://e.cn/a?id=2&x=y"], r"[?&]id=([\w.-]+)"),
        (["https://e.cn/a?c=7&itemid=1", "https://e.cn/a?c=7&itemid=2"], r"[?&]itemid=([\w.-]+)"),
        (
            [*(f"https://e.cn/article/{n}.html" for n in range(4)), "https://e.cn/video/1.html"],
            r"/article/(\d+)\.html",
        ),
        ([f"https://e.cn/{name}/1.html" for name in ("stock", "fund", "bond")], None),
        ([], None),
        (["https://e.cn/a"], None),
    ],
)
def test_patterns(addresses: list[str], pattern: str | None) -> None:
    found = pattern_of(addresses)
    if addresses and "c22" in addresses[-1]:
        assert found == r"/\d{8}/(c\d+)\.shtml"
    else:
        assert found == pattern


def test_feeds_and_sitemaps() -> None:
    page = (
        "<link rel=alternate type='application/rss+xml' href='/rss.xml'>"
        "<a href='/feed'>订阅</a><a href='/feeds-of-the-day'>x</a>"
    )
    feeds = feeds_in(Answer("https://e.cn/", page.encode()))
    assert feeds == ("https://e.cn/rss.xml", "https://e.cn/feed")
    robots = "User-agent: *\nDisallow: /x\nSitemap: https://e.cn/map.xml\nsitemap: /news.xml.gz\n"
    sitemaps = sitemaps_named_in(Answer("https://e.cn/robots.txt", robots.encode()))
    assert sitemaps == ("https://e.cn/map.xml", "https://e.cn/news.xml.gz")
    assert feeds_in(Answer("https://e.cn/", b"\xff\xfe")) == ()


@pytest.mark.parametrize("script", ["{}", "cb({});"])
def test_json_is_read_by_its_values_where_its_keys_have_other_names(script: str) -> None:
    rows = [
        {
            "newsId": f"cx-2026-{n:06}",
            "t": f"第{n}条新闻的标题是这样",
            "pub": f"2026-11-0{n} 08:00:00",
        }
        for n in range(1, 6)
    ]
    text = script.format(json.dumps({"ret": 1, "items": rows}, ensure_ascii=False))
    page = propose("cx", [Answer("https://e.cn/list.js", text.encode())]).page
    assert [(one.id, one.title, str(one.published)[:10]) for one in page.entries] == [
        (row["newsId"], row["t"], row["pub"][:10]) for row in rows
    ]


@pytest.mark.parametrize(
    "script",
    [
        '<script id="__NEXT_DATA__" type="application/json">{}</script>',
        "<script>window.__INITIAL_STATE__={};(function(){{}})()</script>",
        "<script>var pageData = {};</script>",
    ],
)
def test_a_list_that_the_scripts_of_a_page_draw(script: str) -> None:
    rows = [
        {
            "id": f"cx-2026-{n:06}",
            "title": f"第{n}条新闻的标题是这样",
            "url": f"/n/cx-2026-{n:06}.html",
        }
        for n in range(1, 9)
    ]
    text = script.format(json.dumps({"home": {"list": rows}}, ensure_ascii=False))
    links = "<a href=/about.html>关于我们与联系方式</a>" * 4
    html = f"<html><meta charset=utf-8><body><div id=app></div>{text}{links}</body></html>"
    proposal = propose("cx", [Answer("https://e.cn/", html.encode())])
    assert [one.id for one in proposal.page.entries] == [row["id"] for row in rows]
    assert proposal.declaration.lists["news"].inside


@pytest.mark.parametrize("encoding", ["gbk", "big5"])
def test_chinese_that_states_no_encoding(encoding: str) -> None:
    rows = [
        {"id": n, "title": f"第{n}條關於中國經濟的新聞，標題在此", "url": f"/a/{n}.html"}
        for n in range(9)
    ]
    body = json.dumps(rows, ensure_ascii=False).encode(encoding)
    if encoding == "big5":
        with pytest.raises(NothingFound, match="not in utf-8"):
            propose("cx", [Answer("https://e.cn/list.js", body)])
        return
    simple = json.dumps(rows, ensure_ascii=False).translate(
        str.maketrans("條關於國經濟聞標題", "条关于国经济闻标题")
    )
    proposal = propose("cx", [Answer("https://e.cn/list.js", simple.encode(encoding))])
    assert proposal.declaration.lists["news"].encoding == "gb18030"
    assert proposal.page.entries[1].title == "第1条关于中国经济的新闻，标题在此"


def test_a_day_and_a_time_of_day_are_joined() -> None:
    rows = {
        f"cx-{n}": {
            "id": f"cx-{n}",
            "title": f"第{n}条新闻的标题",
            "date": f"2026-11-0{n}",
            "time": "08:05",
            "url": f"/a/{n}.html",
        }
        for n in range(1, 5)
    }
    body = json.dumps({"data": rows}, ensure_ascii=False).encode()
    page = propose("cx", [Answer("https://e.cn/list", body)]).page
    assert [str(one.published) for one in page.entries] == [
        f"2026-11-0{n}T08:05:00+08:00" for n in range(1, 5)
    ]


@pytest.mark.parametrize(
    ("address", "answer", "paging"),
    [
        ("cursor=", {"data": {"list": ITEMS, "nextCursor": "c15"}}, "data.nextCursor"),
        ("last_id=0", {"data": {"list": ITEMS}}, "data.list[-1].id"),
        ("before=", {"data": {"list": ITEMS}}, "data.list[-1].pub_time"),
    ],
)
def test_a_list_that_goes_on_by_a_cursor(address: str, answer: dict[str, Any], paging: str) -> None:
    address = f"https://e.cn/roll?{address}&size=15"
    table = propose("cx", [Answer(address, json.dumps(answer).encode())]).table["lists"]["news"]
    assert table["paging"] == {"next": paging}
    assert table["address"].endswith("={cursor}&size=15")


def test_keys_that_say_nothing_and_times_without_a_year() -> None:
    rows = [
        {"t": f"第{n}条新闻的标题是这样", "d": f"09-2{n} 08:05", "u": f"/c/2026092{n}/{n}1.htm"}
        for n in range(5)
    ]
    script = f"var newsData = {json.dumps(rows, ensure_ascii=False)};".encode("gbk")
    page = propose("cx", [Answer("https://e.cn/list.js", script, fetched=FETCHED)]).page
    assert [(one.title, one.address, str(one.published)) for one in page.entries] == [
        (row["t"], f"https://e.cn{row['u']}", f"2026-{row['d'].replace(' ', 'T')}:00+08:00")
        for row in rows
    ]


def test_times_of_day_of_several_days_are_not_taken() -> None:
    links = "<li><em>{clock}</em><a href=/a/{n}.html>第{n}条新闻的标题</a></li>"
    clocks = ("08:00", "07:30", "23:10", "22:00")
    rows = "".join(links.format(clock=clock, n=n) for n, clock in enumerate(clocks))
    html = f"<meta charset=utf-8><ul class=l>{rows}</ul>"
    page = propose("cx", [Answer("https://e.cn/list", html.encode())]).page
    assert [one.published for one in page.entries] == [None] * 4


def test_the_order_of_a_list_and_the_name_in_its_pages() -> None:
    rows = [
        {"id": n, "title": f"第{n}条新闻的标题", "url": f"/a/{n}.html", "time": f"2026-11-0{n}"}
        for n in range(1, 5)
    ]
    pages = [
        Answer(f"https://e.cn/a/{n}.html", f"<title>第{n}条_辰讯财经</title>".encode())
        for n in range(1, 4)
    ]
    answer = Answer("https://e.cn/list", json.dumps(rows, ensure_ascii=False).encode())
    declaration = propose("cx", [answer], pages).declaration
    assert declaration.title == "辰讯财经"
    assert not declaration.lists["news"].newest_first


def listed(form: str, around: str = "<div class=l>{}</div>") -> str:
    """Return a page with five entries of a form, and what stands around lists."""
    entries = "".join(
        form.format(u=f"/news/2026/09/30/cx-{n}.html", t=f"第{n}条新闻的标题", n=n)
        for n in range(5)
    )
    return (
        "<html><head><meta charset=utf-8></head><body><div class=nav><a href=/>首页</a></div>"
        f"{around.format(entries)}<div class=foot>版权所有</div></body></html>"
    )


SHAPES = {
    "time among words": listed(
        "<div class=i><h3><a href={u}>{t}</a></h3><p>来源：财迅 2026-09-30 13:0{n}</p></div>"
    ),
    "links alone": listed("<a href={u}>{t}</a><br>"),
    "loose text": listed("<li>[09-30 13:0{n}] <a href={u}>{t}</a></li>", "<ul>{}</ul>"),
    "an attribute": listed(
        "<li><a href={u}>{t}</a><time datetime='2026-09-30T13:0{n}:00+08:00'>刚刚</time></li>",
        "<ul>{}</ul>",
    ),
    "definitions": listed("<dt><a href={u}>{t}</a></dt><dd>2026-09-30 13:0{n}</dd>", "<dl>{}</dl>"),
    "titles that are cut": listed(
        "<li><a href={u} title={t}>第{n}条新闻的…</a> <i>09-30 13:0{n}</i></li>", "<ul>{}</ul>"
    ),
    "objects in entries": json.dumps(
        {
            "menu": [{"id": n, "name": f"频道{n}"} for n in range(3)],
            "feed": [
                {
                    "art": {"artId": f"cx-{n}", "artTitle": f"第{n}条新闻的标题"},
                    "at": {"publishTime": f"2026-09-30 13:0{n}"},
                    "linkUrl": f"/news/2026/09/30/cx-{n}.html",
                }
                for n in range(5)
            ],
        }
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_list_of_this_shape(shape: str) -> None:
    answer = Answer("https://e.example/news/", SHAPES[shape].encode(), fetched=FETCHED)
    proposal = propose("cx", [answer])
    assert [entry.title for entry in proposal.entries] == [f"第{n}条新闻的标题" for n in range(5)]
    assert [entry.id for entry in proposal.entries] == [f"cx-{n}" for n in range(5)]
    times = [str(entry.published)[:16] for entry in proposal.entries]
    wanted = [f"2026-09-30T13:0{n}" for n in range(5)]
    assert times == (wanted if shape != "links alone" else ["None"] * 5)
    tomorrow = "https://e.example/news/2026/10/01/cx-77.html"
    assert article_id(proposal.declaration, None, tomorrow) == "cx-cx-77"


def test_flashes_without_titles_are_whole() -> None:
    items = [
        {
            "id": 7_000 + n,
            "content": f"【标题{n}】" + "正文有足够的字数。" * 9,
            "ctime": 1790746750 + n,
        }
        for n in range(5)
    ]
    answer = Answer(
        "https://e.example/flash", json.dumps({"data": items}).encode(), fetched=FETCHED
    )
    proposal = propose("cx", [answer])
    assert proposal.declaration.lists["news"].whole
    assert [entry.title for entry in proposal.entries] == [f"标题{n}" for n in range(5)]
