"""Every format in which lists come, as a declaration describes it."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crawler.declarations.answers import Answer
from crawler.declarations.articles import read_article
from crawler.declarations.errors import UnreadableAnswer
from crawler.declarations.lists import ListAnswer, read_list
from crawler.declarations.loading import declared
from crawler.declarations.model import Declaration

SEEN = {"on": "2026-11-29", "first_hand": True}


def source(table: Mapping[str, Any], **more: Any) -> Declaration:
    facts = {
        "title": "财迅",
        "site": "https://e.example/",
        "hosts": ["e.example"],
        "family": "*.e.example",
        "extract": True,
        "lists": {"news": {"address": "https://e.example/list", "seen": SEEN, **table}},
        **more,
    }
    return declared(facts, Path("settings/sources/caixun.toml"))


def read(table: Mapping[str, Any], body: str | bytes, header: str = "") -> ListAnswer:
    data = body if isinstance(body, bytes) else body.encode()
    return read_list(source(table), "news", Answer("https://e.example/list", data, header))


def test_rss() -> None:
    page = read(
        {"format": "rss"},
        """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
                xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>x</title><item>
        <title>甲&amp;乙</title><link>/1.html</link><guid isPermaLink="false">77</guid>
        <dc:creator>张三</dc:creator><category>宏观</category>
        <description>&lt;b&gt;摘要&lt;/b&gt;&amp;nbsp;一</description>
        <content:encoded><![CDATA[<p>正文</p><img src="/a.png">]]></content:encoded>
        <enclosure url="https://e.example/b.jpg" type="image/jpeg" length="1"/>
        <pubDate>Sun, 19 Apr 2026 06:22:34 +0800</pubDate></item></channel></rss>""",
    )
    (entry,) = page.entries
    assert (entry.title, entry.author, entry.digest) == ("甲&乙", "张三", "摘要 一")
    assert (entry.address, str(entry.published)) == (
        "https://e.example/1.html",
        "2026-04-19T06:22:34+08:00",
    )
    assert entry.body
    assert (entry.body.html, entry.body.text) == ('<p>正文</p><img src="/a.png">', "正文")
    assert entry.pictures == ("https://e.example/b.jpg", "https://e.example/a.png")
    assert entry.tags == ("宏观",)


def test_a_feed_with_bare_ampersands_and_names_of_html() -> None:
    page = read(
        {"format": "rss"},
        "<rss><channel><item><title>甲&nbsp;乙 AT&T &lt;丙&gt;&mdash;<![CDATA[丁&戊]]></title>"
        "<link>/1.html?a=1&b=2</link></item></channel></rss>",
    )
    (entry,) = page.entries
    assert entry.title == "甲 乙 AT&T <丙>—丁&戊"
    assert entry.address == "https://e.example/1.html?a=1&b=2"


def test_rdf_and_a_feed_with_errors() -> None:
    page = read(
        {"format": "rss"},
        '<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><item>'
        "<title>一 & 二&nbsp;</title><link>https://e.example/2</link></item></rdf:RDF>",
    )
    assert page.entries[0].address == "https://e.example/2"
    assert page.entries[0].title
    assert page.entries[0].title.startswith("一")


def test_atom() -> None:
    page = read(
        {"format": "atom"},
        """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><title>甲</title>
        <link rel="self" href="https://e.example/self"/><link href="https://e.example/3"/>
        <updated>2026-09-30T05:10:01Z</updated><author><name>李四</name></author>
        <content type="xhtml"><div><p>正文</p></div></content></entry></feed>""",
    )
    (entry,) = page.entries
    assert (entry.address, entry.author) == ("https://e.example/3", "李四")
    assert str(entry.published) == "2026-09-30T13:10:01+08:00"
    assert entry.body
    assert entry.body.text == "正文"


def test_json_feed() -> None:
    page = read(
        {"format": "json feed"},
        '{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"9","url":'
        '"https://e.example/4","title":"甲","content_text":"正文","authors":[{"name":"王五"}],'
        '"date_published":"2026-09-30T13:10:01+08:00"}]}',
    )
    (entry,) = page.entries
    assert (entry.title, entry.author, entry.body and entry.body.text) == ("甲", "王五", "正文")


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
  xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
  <loc>https://e.example/5</loc><lastmod>2026-09-30</lastmod><news:news><news:publication>
  <news:name>财迅</news:name></news:publication><news:title>甲</news:title>
  <news:publication_date>2026-09-30T13:10+08:00</news:publication_date></news:news></url></urlset>"""


@pytest.mark.parametrize("packed", [False, True])
def test_a_sitemap_of_news(packed: bool) -> None:
    body = SITEMAP.encode()
    (entry,) = read({"format": "sitemap"}, gzip.compress(body) if packed else body).entries
    assert (entry.title, entry.media, entry.address) == ("甲", "财迅", "https://e.example/5")
    assert str(entry.published) == "2026-09-30T13:10:00+08:00"
    assert str(entry.modified) == "2026-09-30"


def test_a_sitemap_without_titles_has_articles() -> None:
    page = read(
        {"format": "sitemap"},
        "<urlset><url><loc>https://e.example/6</loc></url>"
        "<url><loc>https://e.example/7</loc><lastmod>2026-09-30</lastmod></url></urlset>",
    )
    assert [entry.skip for entry in page.entries] == [None, None]


def test_an_index_of_sitemaps() -> None:
    page = read(
        {"format": "sitemap"},
        "<sitemapindex><sitemap><loc> https://e.example/a.xml.gz </loc></sitemap></sitemapindex>",
    )
    assert page.sitemaps == ("https://e.example/a.xml.gz",)


@pytest.mark.parametrize(
    ("days", "newest"),
    [(("2026-09", "2026-11-30T08:00:00+08:00", "2026-10"), 1), (("", "", ""), 2)],
)
def test_the_newest_sitemap_of_an_index_is_first(days: tuple[str, ...], newest: int) -> None:
    named = "".join(
        f"<sitemap><loc>https://e.example/{n}.xml</loc><lastmod>{day}</lastmod></sitemap>"
        for n, day in enumerate(days)
    )
    page = read({"format": "sitemap"}, f"<sitemapindex>{named}</sitemapindex>")
    assert page.sitemaps[0] == f"https://e.example/{newest}.xml"


def test_pages_of_a_sitemap_that_are_no_articles_are_left_out() -> None:
    identity = {"addresses": [{"pattern": r"/story/(\d+)"}]}
    named = "".join(f"<url><loc>https://e.example/{one}</loc></url>" for one in ("a", "story/7"))
    answer = Answer("https://e.example/list", f"<urlset>{named}</urlset>".encode())
    page = read_list(source({"format": "sitemap"}, identity=identity), "news", answer)
    assert [entry.skip is None for entry in page.entries] == [False, True]


JSON_LIST = {
    "format": "json",
    "entries": "d.list",
    "fields": {"id": "id", "title": "t", "address": "u", "published": "p"},
}
ANSWER = '{"d":{"list":[{"id":8,"t":"甲","u":"/8","p":"1790746750"}]}}'


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        f"\ufeff{ANSWER}\n",
        f"jQuery1_2({ANSWER})",
        f"/**/ cb.x({ANSWER});",
        f"var ajaxResult={ANSWER};",
        f"window.__DATA__ = {ANSWER};\n",
        f"let x = {ANSWER}",
        f"/* a * b */\n// c\ncb({ANSWER}); // end",
        f"try{{cb({ANSWER});}}catch(e){{}}",
        f'/**/ typeof cb === "function" && cb({ANSWER});',
        f"cb && cb({ANSWER})",
        f")]}}',\n{ANSWER}",
        f"while(1);{ANSWER}",
        f"for(;;);cb({ANSWER});",
    ],
)
def test_json_bare_and_in_scripts(text: str) -> None:
    (entry,) = read(JSON_LIST, text).entries
    assert (entry.id, entry.title, entry.address) == ("8", "甲", "https://e.example/8")


def test_json_inside_a_page() -> None:
    table = {**JSON_LIST, "inside": "script#state::text"}
    page = f"<html><script>1</script><script id=state>window.S={ANSWER};(function(){{}})()</script>"
    assert read(table, page).entries[0].id == "8"


HTML_LIST = {
    "format": "html",
    "entries": "li",
    "fields": {"address": "a::attr(href)", "title": "a"},
}


@pytest.mark.parametrize(
    ("encoding", "header", "meta"),
    [
        ("utf-8", "", ""),
        ("gb18030", "text/html; charset=gbk", ""),
        ("gb18030", "text/html", '<meta charset="gb2312">'),
        ("big5", "text/html; charset=big5", ""),
        ("utf-16", "", ""),
        ("gb18030", "text/html; charset=utf-8", '<meta charset="gbk">'),
        ("utf-8", "text/html; charset=gbk", ""),
        ("utf-8", "text/html", '<meta charset="gb2312">'),
    ],
)
def test_encodings(encoding: str, header: str, meta: str) -> None:
    page = f"<html>{meta}<li><a href=/9>國際財經</a></li></html>"
    (entry,) = read(HTML_LIST, page.encode(encoding), header).entries
    assert (entry.title, entry.address) == ("國際財經", "https://e.example/9")


def test_the_header_of_json_states_its_encoding() -> None:
    body = '[{"u": "/9", "t": "国际财经"}]'.encode("gb18030")
    table = {**JSON_LIST, "entries": "@", "fields": {"address": "u", "title": "t"}}
    assert read(table, body, "application/json; charset=GBK").entries[0].title == "国际财经"
    with pytest.raises(UnreadableAnswer, match="its text is not in utf-8"):
        read(table, body, "application/json")


@pytest.mark.parametrize("name", ["gb2312", "gbk", "gb18030"])
def test_a_declared_encoding_is_read_as_browsers_read_it(name: str) -> None:
    body = "<li><a href=/9>朱镕基与㐀</a></li>".encode("gb18030")
    assert read({**HTML_LIST, "encoding": name}, body).entries[0].title == "朱镕基与㐀"


def test_a_wrong_header_is_corrected_by_the_declaration() -> None:
    body = "<li><a href=/9>国际</a></li>".encode("gb18030")
    table = {**HTML_LIST, "encoding": "gb18030"}
    assert read(table, body, "text/html; charset=utf-8").entries[0].title == "国际"


def test_articles_by_layout() -> None:
    layout = {"format": "html", "seen": SEEN}
    declaration = source(
        JSON_LIST,
        articles={
            "new": {**layout, "fields": {"title": "h1", "body": "#text"}},
            "old": {**layout, "fields": {"title": "h2", "body": ".body"}},
        },
    )
    for page, name in (
        ("<h1>甲</h1><div id=text><p>一</p></div>", "new"),
        ("<h2>甲</h2><div class=body><p>一</p></div>", "old"),
    ):
        article = read_article(declaration, Answer("https://e.example/1", page.encode()))
        assert (article.layout, article.title, article.body.text) == (name, "甲", "一")
