"""Declared sources are crawled: their lists, and one request for each article that is new."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.settings import Settings

from archive.archive import Archive
from archive.article import BodySource
from archive.catalog import PostRow
from archive.search import Query
from crawler.spider_loader import DeclaredSpiderLoader
from demo.exchange import Answer, Request, Site
from demo.replica import Replica
from tests.conftest import Crawl, Ended
from tests.crawler.declarations.recorded import RECORDED, SOURCES
from tests.support.publishers import JSON, asked, parameter, publishers, recorded
from tests.support.reparsing import reparse

#: The articles of the recorded lists, by source.
ARTICLES = {
    "chinanews": 5,
    "cls": 12,
    "gelonghui": 6,
    "jin10": 10,
    "nbd": 4,
    "people": 4,
    "sina": 14,
    "ths": 12,
    "wscn": 11,
    "xinhua": 2,
}

#: The recorded articles are older than a day, so a crawl reads the first page of each list.
FLASH = "https://news.10jqka.com.cn/tapp/news/push/stock/"


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica(publishers()) as replica:
        yield replica


def rows(archive: Path) -> dict[str, PostRow]:
    with Archive(archive) as opened:
        return {row.info_code: row for row in opened.posts()}


def crawl_of(crawl: Crawl, source: str, *arguments: str) -> Ended:
    return crawl("-s", "LOG_LEVEL=WARNING", *arguments, spider=source)


def serve(replica: Replica, host: str, site: Site) -> None:
    replica.sites[host] = site


@pytest.mark.parametrize("source", ["cls", "chinanews", "wscn"])
def test_a_source_costs_its_lists_and_one_request_for_each_new_article(
    replica: Replica, archive: Path, crawl: Crawl, source: str
) -> None:
    ended = crawl_of(crawl, source)
    assert (ended.status, ended.log) == (0, "")
    posts = rows(archive)
    assert len(posts) == ARTICLES[source]
    assert {row.source for row in posts.values()} == {source}
    pages = [row for row in posts.values() if row.body_source != BodySource.LIST]
    requested = Counter(asked(replica))
    assert set(requested.values()) == {1}
    assert len(requested) == 2 + len(pages)
    assert not replica.unknown

    replica.requests.clear()
    ended = crawl_of(crawl, source)
    assert (ended.status, ended.log) == (0, "")
    assert len(asked(replica)) == 2
    assert rows(archive).keys() == posts.keys()


def test_an_article_is_what_its_page_has_and_knows_its_answers(
    replica: Replica, archive: Path, crawl: Crawl
) -> None:
    assert crawl_of(crawl, "cls").status == 0
    row = rows(archive)["cls-2492814"]
    assert (row.title, row.media) == ("谷歌TPU，下周出发去太空", "财联社")
    assert row.link == "https://www.cls.cn/detail/2492814"
    addresses = json.loads(row.addresses)
    assert addresses[0] == row.link
    assert "/v3/depth/list/1000" in addresses[1]
    assert [one["url"] for one in json.loads(row.captures)] == addresses
    with Archive(archive) as opened:
        assert opened.article_at("http://www.cls.cn/detail/2492814?from=app") == "cls-2492814"
    assert reparse(archive).startswith(
        f"finews: {ARTICLES['cls']} posts read again, 0 of them would change, 0 could not be read"
    )


def test_an_article_is_known_by_its_address_whatever_its_id(
    replica: Replica, archive: Path, crawl: Crawl, tmp_path: Path
) -> None:
    """A source that gets another pattern for its ids fetches no article a second time."""
    assert crawl_of(crawl, "nbd").status == 0
    changed = (SOURCES / "nbd.toml").read_text("utf-8").replace(r"(\d+)\.html'", r"(\d)\d+\.html'")
    (tmp_path / "nbd.toml").write_text(changed, encoding="utf-8")
    replica.requests.clear()
    folders = ("-s", f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}")
    assert crawl_of(crawl, "nbd", *folders).status == 0
    assert len(asked(replica)) == 1
    assert len(rows(archive)) == ARTICLES["nbd"]


def test_articles_that_share_an_address_are_several(
    replica: Replica, archive: Path, crawl: Crawl, tmp_path: Path
) -> None:
    own = (SOURCES / "gelonghui.toml").read_text("utf-8")
    home = 'address = { constant = "https://www.gelonghui.com/" }'
    changed = re.sub(r"^address = \{ path.*$", home, own, flags=re.MULTILINE)
    (tmp_path / "gelonghui.toml").write_text(changed, encoding="utf-8")
    folders = ("-s", f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}")
    answer = json.loads((RECORDED / "gelonghui" / "lives_page1.json").read_bytes())
    for part in (answer["result"][:1], answer["result"]):
        body = json.dumps(answer | {"result": part}).encode()
        serve(replica, "www.gelonghui.com", at("/api/", Answer(200, body)))
        assert crawl_of(crawl, "gelonghui", *folders).status == 0
    assert len(rows(archive)) == ARTICLES["gelonghui"]


# Arguments.


def test_one_list_is_read(replica: Replica, crawl: Crawl) -> None:
    assert crawl_of(crawl, "ths", "-a", "list=flash").status == 0
    assert [url.partition("?")[0] for url in asked(replica)] == [FLASH]


def pages_of_flash(replica: Replica) -> list[int]:
    return [int(parameter(url, "page")) for url in asked(replica) if url.startswith(FLASH)]


def flash_of(pages: int, step: int = 86_400) -> Site:
    """Serve the recorded entries page after page, each `step` seconds older, with other ids."""
    answer = json.loads((RECORDED / "ths" / "flash_page1.json").read_bytes())

    def site(request: Request) -> Answer:
        if not request.path.startswith("/tapp/"):
            return recorded(request)
        page = int(parameter(request.url, "page"))
        copy = json.loads(json.dumps(answer))
        entries = copy["data"]["list"]
        for number in range(50):
            entry = entries[number % 6] | {"seq": f"7{page:03}{number:03}"}
            entry["url"] = f"https://news.10jqka.com.cn/20260930/c{entry['seq']}.shtml"
            entry["ctime"] = str(1790755200 - step * (page - 1) - number)
            copy["data"]["list"] = [*copy["data"]["list"][: number + 6], entry]
        copy["data"]["list"] = copy["data"]["list"][6:] if page <= pages else []
        return Answer(200, json.dumps(copy).encode(), {"Content-Type": JSON})

    return site


def test_so_many_pages_are_read(replica: Replica, crawl: Crawl, archive: Path) -> None:
    serve(replica, "news.10jqka.com.cn", flash_of(pages=9))
    assert crawl_of(crawl, "ths", "-a", "list=flash", "-a", "pages=3").status == 0
    assert pages_of_flash(replica) == [1, 2, 3]
    assert len(rows(archive)) == 150


@pytest.mark.parametrize(("status", "exit_status"), [(400, 0), (404, 0), (418, 3)])
def test_a_numbered_page_that_is_not_there_ends_the_list(
    replica: Replica, crawl: Crawl, status: int, exit_status: int
) -> None:
    flash = flash_of(pages=2)
    serve(
        replica,
        "news.10jqka.com.cn",
        lambda request: Answer(status) if "page=3" in request.query else flash(request),
    )
    ended = crawl_of(crawl, "ths", "-a", "list=flash", "-a", "pages=5")
    assert ended.status == exit_status
    assert pages_of_flash(replica) == [1, 2, 3]


def test_a_list_is_read_back_to_a_day(replica: Replica, crawl: Crawl, archive: Path) -> None:
    serve(replica, "news.10jqka.com.cn", flash_of(pages=9))
    assert crawl_of(crawl, "ths", "-a", "list=flash", "-a", "since=2026-09-28").status == 0
    assert pages_of_flash(replica) == [1, 2, 3, 4]
    days = {row.published[:10] for row in rows(archive).values()}
    assert days == {"2026-09-28", "2026-09-29", "2026-09-30"}


def test_a_list_that_ends_before_the_day_is_reported(replica: Replica, crawl: Crawl) -> None:
    serve(replica, "news.10jqka.com.cn", flash_of(pages=1))
    ended = crawl_of(crawl, "ths", "-a", "list=flash", "-a", "since=2026-09-01")
    assert ended.status == 3
    assert "does not go back to since=2026-09-01" in ended.log


def test_a_list_without_end_is_left(replica: Replica, crawl: Crawl) -> None:
    serve(replica, "news.10jqka.com.cn", flash_of(pages=10_000, step=0))
    limits = ("-s", "FINEWS_LIST_PAGES=5", "-a", "since=2026-09-01")
    ended = crawl_of(crawl, "ths", "-a", "list=flash", *limits)
    assert ended.status == 3
    assert "it does not end after 5 pages; FINEWS_LIST_PAGES allows no more." in ended.log
    assert pages_of_flash(replica) == [1, 2, 3, 4, 5]


def test_single_articles_are_fetched_by_their_addresses(
    replica: Replica, crawl: Crawl, archive: Path, tmp_path: Path
) -> None:
    one = "https://www.cls.cn/detail/2492814"
    assert crawl_of(crawl, "cls", "-a", f"url={one}").status == 0
    assert asked(replica) == [one]
    file = tmp_path / "links.txt"
    file.write_text(f"# two articles\n{one}\nhttps://www.cls.cn/detail/2492396\n")
    assert crawl_of(crawl, "cls", "-a", f"url={file}").status == 0
    assert asked(replica) == [one, "https://www.cls.cn/detail/2492396"]
    assert rows(archive).keys() == {"cls-2492814", "cls-2492396"}


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("list=fash", "list should be one of flash, today; 'fash' is not."),
        ("pages=0", "pages should be how many pages of each list are read, such as 2, not '0'."),
        ("since=yesterday", "since should be a date such as 2026-11-20."),
        ("url=https://www.cls.cn/detail/1", "url should be at a host of this source, news.10jqka"),
        ("url=nowhere", "url should be the address of an article or a file of them, one per line"),
        (
            "column=1",
            "column is not known here. The spider ths takes the arguments list, since, pages, url.",
        ),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_no_request(
    replica: Replica, crawl: Crawl, archive: Path, argument: str, complaint: str
) -> None:
    ended = crawl_of(crawl, "ths", "-a", argument)
    assert ended.status == 2
    assert complaint in ended.log
    assert len(ended.log.splitlines()) == 1
    assert not replica.requests
    assert not archive.exists()


# Sitemaps.

SITEMAPS = """
title = "Made up"
site = "https://www.cx.example/"
hosts = ["www.cx.example"]
family = "*.cx.example"
extract = true
identity.addresses = [{ pattern = '/(cx-\\d+-\\d+)\\.htm' }]
[lists.map]
address = "https://www.cx.example/sitemap.xml"
format = "sitemap"
newest_first = false
seen = { on = 2026-09-26, first_hand = true }
"""


def sitemap(*entries: str) -> Answer:
    root = "sitemapindex" if entries[0].startswith("<sitemap>") else "urlset"
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<{root} xmlns="{schema}">{"".join(entries)}</{root}>'
    return Answer(200, gzip.compress(text.encode()), {"Content-Type": "application/gzip"})


def url(number: int) -> str:
    address = f"https://www.cx.example/news/cx-2026-{number:06}.htm"
    return f"<url><loc>{address}</loc><lastmod>2026-09-30T10:00:00+08:00</lastmod></url>"


@pytest.mark.parametrize(("length", "read"), [(400, 4), (600, 0)])
def test_an_index_of_sitemaps_leads_to_articles(
    replica: Replica, crawl: Crawl, archive: Path, tmp_path: Path, length: int, read: int
) -> None:
    """A short one is read in full; a long one names all that the source has ever published."""
    (tmp_path / "cx.toml").write_text(SITEMAPS, encoding="utf-8")
    index = [f"<sitemap><loc>https://www.cx.example/{n}.gz</loc></sitemap>" for n in (1, 2, 0)]
    answers = {
        "/sitemap.xml": sitemap(*index),
        "/0.gz": sitemap(*index),
        "/1.gz": sitemap(*([url(1), url(2), url(3)] + [url(1)] * length)),
        "/2.gz": sitemap(*([url(3), url(4)] + [url(3)] * length)),
    }
    serve(replica, "www.cx.example", lambda request: answers.get(request.path) or article(request))
    ended = crawl_of(crawl, "cx", "-s", f"FINEWS_DECLARATIONS={tmp_path}")
    assert f"{read} articles found, {read} added" in ended.output
    assert "is an index of 3 lists; 0 of them are read" in ended.log
    assert rows(archive).keys() == {f"cx-cx-2026-00000{number + 1}" for number in range(read)}
    if not read:
        assert ended.status == 3
    ended = crawl_of(crawl, "cx", "-s", f"FINEWS_DECLARATIONS={tmp_path}", "-a", "since=2026-09-30")
    assert len(rows(archive)) == 4


def article(request: Request) -> Answer:
    return recorded(Request("GET", "www.news.cn", request.path))


# Failures.


def at(path: str, answer: Answer) -> Site:
    """Serve one answer for paths that begin so, and what was recorded for all others."""
    return lambda request: answer if request.path.startswith(path) else recorded(request)


CHANGED = Answer(200, b'{"code": "200", "data": {"rows": []}}', {"Content-Type": JSON})


def test_a_changed_shape_is_named(replica: Replica, crawl: Crawl) -> None:
    serve(replica, "news.10jqka.com.cn", at("/tapp/", CHANGED))
    ended = crawl_of(crawl, "ths", "-a", "list=flash")
    assert ended.status == 4
    assert "ths: lists.flash: it has no data.list" in ended.log


def test_a_signature_that_is_out_of_date_is_named(replica: Replica, crawl: Crawl) -> None:
    answer = Answer(200, (RECORDED / "captcha" / "cls_wrong_sv.json").read_bytes())
    serve(replica, "www.cls.cn", at("/v", answer))
    ended = crawl_of(crawl, "cls")
    assert ended.status == 4
    assert "the source reports '签名错误'" in ended.log


CAPTCHA = Answer(
    200,
    (RECORDED / "captcha" / "aliyun_waf_captcha.html").read_bytes(),
    {"Content-Type": "text/html"},
)


def test_a_refusal_is_remembered_for_the_family(replica: Replica, crawl: Crawl) -> None:
    assert crawl_of(crawl, "jin10").status == 0
    serve(replica, "flash-api.jin10.com", lambda _: Answer(502))
    serve(replica, "reference-api.jin10.com", lambda _: Answer(502))
    ended = crawl_of(crawl, "jin10")
    assert ended.status == 3
    assert "refuses with the status 502" in ended.log
    assert "The same news is given by: cls, wscn; `finews crawl jin10`" in ended.output
    replica.requests.clear()
    ended = crawl_of(crawl, "jin10")
    assert ended.status == 3
    assert "banned until" in ended.log
    assert not asked(replica)


def test_a_locked_article_is_archived_by_its_title_until_it_is_public(
    replica: Replica, archive: Path, crawl: Crawl
) -> None:
    known_as, title = "jin10-flash-20260919110229436800", "外籍员工在利雅得遭袭后感到担忧"
    assert crawl_of(crawl, "jin10").status == 0
    posts = rows(archive)
    assert len(posts) == ARTICLES["jin10"]
    assert (posts[known_as].title, posts[known_as].text) == (title, title)
    assert posts[known_as].flags == '["paid", "locked"]'
    answer = json.loads((RECORDED / "jin10" / "flash_page1.json").read_bytes())
    answer["data"][1]["data"] = {"content": "现在全文公开。", "title": title}
    serve(replica, "flash-api.jin10.com", at("/", Answer(200, json.dumps(answer).encode())))
    assert crawl_of(crawl, "jin10", "-a", "list=flash").status == 0
    row = rows(archive)[known_as]
    assert (row.text, row.flags, row.cause) == ("现在全文公开。", "[]", "better_copy")


def test_an_article_behind_a_captcha_is_tried_again(
    replica: Replica, crawl: Crawl, archive: Path
) -> None:
    serve(replica, "www.cls.cn", at("/detail/", CAPTCHA))
    ended = crawl_of(crawl, "cls")
    assert ended.status == 6
    assert "a captcha" in ended.log
    assert len(rows(archive)) == 6

    with Archive(archive) as opened:
        failed = opened.crawl_state.failures()
        for block in opened.crawl_state.blocks(opened.crawl_state.failures()[0].last):
            opened.crawl_state._db.table("blocks").delete(block.host)
    assert {one.info_code.source for one in failed} == {"cls"}
    assert {one.times for one in failed} == {0}
    serve(replica, "www.cls.cn", at("/v3/", Answer(200, b'{"errno": 0, "data": []}')))
    assert crawl_of(crawl, "cls").status in (0, 3)
    assert len(rows(archive)) == ARTICLES["cls"], "its list does not name them any more"


def test_an_article_is_given_up_after_some_tries(
    replica: Replica, crawl: Crawl, archive: Path
) -> None:
    serve(replica, "www.nbd.com.cn", at("/articles/", Answer(500)))
    settings = ("-s", "FINEWS_INTERVAL_SHARE=0", "-s", "RETRY_TIMES=0", "-s", "FINEWS_ATTEMPTS=2")
    settings = (*settings, "-s", "FINEWS_SILENT_AFTER_FAILURES=50")
    for _ in range(2):
        assert crawl_of(crawl, "nbd", *settings).status == 6
    replica.requests.clear()
    ended = crawl_of(crawl, "nbd", *settings)
    assert "4 articles were given up after 2 crawls" in ended.log
    assert len(asked(replica)) == 1


def test_a_removed_article_is_gone(replica: Replica, crawl: Crawl) -> None:
    serve(replica, "www.nbd.com.cn", at("/articles/2026-09-29", Answer(404)))
    ended = crawl_of(crawl, "nbd")
    assert "3 added, 0 unchanged, 0 failed, 1 gone" in ended.output


def test_the_text_of_a_list_stands_in_until_the_page_is_read(
    replica: Replica, crawl: Crawl, archive: Path, tmp_path: Path
) -> None:
    declaration = (SOURCES / "nbd.toml").read_text("utf-8")
    fields = "[lists.headlines.fields]"
    declaration = declaration.replace(fields, f'{fields}\nbody = "a"')
    (tmp_path / "nbd.toml").write_text(declaration, encoding="utf-8")
    folders = ("-s", f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}")
    serve(replica, "www.nbd.com.cn", at("/articles/", Answer(418)))
    assert crawl_of(crawl, "nbd", *folders).status == 0
    stand_ins = rows(archive)
    assert len(stand_ins) == ARTICLES["nbd"]
    assert {row.body_source for row in stand_ins.values()} == {BodySource.LIST}
    assert {row.body_provisional for row in stand_ins.values()} == {True}

    serve(replica, "www.nbd.com.cn", recorded)
    assert crawl_of(crawl, "nbd", *folders).status == 0
    posts = rows(archive)
    assert posts.keys() == stand_ins.keys()
    assert {row.body_source for row in posts.values()} == {BodySource.PAGE}
    replica.requests.clear()
    assert crawl_of(crawl, "nbd", *folders).status == 0
    assert len(asked(replica)) == 1


def test_a_list_shows_that_its_text_was_changed(
    replica: Replica, crawl: Crawl, archive: Path
) -> None:
    assert crawl_of(crawl, "gelonghui").status == 0
    answer = json.loads((RECORDED / "gelonghui" / "lives_page1.json").read_bytes())
    entry = next(one for one in answer["result"] if one["title"])
    entry["title"] += "（更正）"
    entry["content"] = "更正后的全文，共有一句话。"
    body = json.dumps(answer).encode()
    serve(replica, "www.gelonghui.com", at("/api/", Answer(200, body, {"Content-Type": JSON})))
    ended = crawl_of(crawl, "gelonghui")
    assert "0 added, 5 unchanged, 0 failed, 1 revised" in ended.output
    row = rows(archive)[f"gelonghui-live-{entry['id']}"]
    assert (row.version, row.title) == (2, entry["title"].strip())


def test_an_article_of_several_pages_is_one(
    replica: Replica, crawl: Crawl, archive: Path, tmp_path: Path
) -> None:
    declaration = (SOURCES / "nbd.toml").read_text("utf-8")
    declaration = declaration.replace(
        'drop = ["p.nbd-mzsm"]', 'drop = ["p.nbd-mzsm"]\nnext = "a.next::attr(href)"'
    )
    (tmp_path / "nbd.toml").write_text(declaration, encoding="utf-8")
    page = (RECORDED / "nbd" / "article_page.html").read_text("utf-8")

    def paged(request: Request) -> Answer:
        if not request.path.startswith("/articles/"):
            return recorded(request)
        number = int(request.query.partition("=")[2] or 1)
        text = f"<p>这是文章的第{number}页，写在这里。</p>"
        link = f'<a class="next" href="?page={number + 1}">下一页</a>' if number < 3 else ""
        own = page.replace("2026-09-29/4595080", request.path[len("/articles/") : -len(".html")])
        body = own.replace("</body>", f"{link}</body>").replace(
            '<div class="g-articl-text">', f'<div class="g-articl-text">{text}'
        )
        return Answer(200, body.encode(), {"Content-Type": "text/html; charset=utf-8"})

    serve(replica, "www.nbd.com.cn", paged)
    ended = crawl_of(crawl, "nbd", "-s", f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}")
    assert ended.status == 0, ended.log
    posts = rows(archive)
    assert len(posts) == ARTICLES["nbd"]
    for row in posts.values():
        assert [f"第{number}页" in row.text for number in (1, 2, 3)] == [True] * 3
        assert len(json.loads(row.captures)) == 4
        assert row.link == json.loads(row.addresses)[0]


# Declarations.


def test_every_declared_source_is_a_spider() -> None:
    settings = Settings({"SPIDER_MODULES": [], "FINEWS_DECLARATIONS": [str(SOURCES)]})
    loader = DeclaredSpiderLoader(settings)
    assert set(loader.list()) == {*ARTICLES, "eastmoney"}
    assert loader.load("ths").allowed_domains == ["news.10jqka.com.cn"]


def test_a_spider_of_the_projects_own_comes_first() -> None:
    modules = ["crawler.spiders"]
    settings = Settings({"SPIDER_MODULES": modules, "FINEWS_DECLARATIONS": [str(SOURCES)]})
    loader = DeclaredSpiderLoader(settings)
    assert loader.load("eastmoney").__module__ == "crawler.spiders.eastmoney"
    assert loader.own == {"eastmoney", "finews"}


def test_a_broken_declaration_stops_its_own_source_only(
    replica: Replica, crawl: Crawl, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text("titel = 'Own'\n")
    folders = ("-s", f"FINEWS_DECLARATIONS={SOURCES},{tmp_path}")
    ended = crawl_of(crawl, "own", *folders)
    assert ended.status == 2
    assert f"{tmp_path}/own.toml: " in ended.log.splitlines()[-1]
    assert not replica.requests
    ended = crawl_of(crawl, "people", *folders)
    assert ended.status == 0
    assert "own.toml" in ended.log
    assert "This source is not crawled." in ended.log


def test_requests_have_the_signature_and_the_headers(replica: Replica, crawl: Crawl) -> None:
    assert crawl_of(crawl, "cls").status == 0
    rolls = [url for url in asked(replica) if "get_roll_list" in url]
    assert len(rolls) == 1
    assert re.search(r"&last_time=&.*&sign=[0-9a-f]{32}$", rolls[0])


def test_entries_that_cannot_be_read_are_counted_and_named(
    replica: Replica, crawl: Crawl, archive: Path
) -> None:
    answer = json.loads((RECORDED / "ths" / "flash_page1.json").read_bytes())
    for entry in answer["data"]["list"][:3]:
        entry["ctime"] = "soon"
    body = json.dumps(answer).encode()
    serve(
        replica,
        "news.10jqka.com.cn",
        at("/tapp/", Answer(200, body, {"Content-Type": JSON})),
    )
    ended = crawl_of(crawl, "ths", "-a", "list=flash")
    assert ended.status == 4
    assert "3 of 6 entries of lists cannot be read" in ended.log
    assert "its published 'soon' is no time" in ended.log
    assert len(rows(archive)) == 3


def test_one_list_of_a_changed_shape_is_enough(replica: Replica, crawl: Crawl) -> None:
    serve(replica, "news.10jqka.com.cn", at("/tapp/", CHANGED))
    ended = crawl_of(crawl, "ths")
    assert ended.status == 4
    assert "The layout of 1 lists of the source has changed; articles may be missed" in ended.log
    assert "6 articles found, 6 added" in ended.output


def test_pictures_come_from_the_hosts_of_the_source(
    replica: Replica, crawl: Crawl, archive: Path
) -> None:
    def picture(request: Request) -> Answer:
        data = b"\x89PNG\r\n\x1a\n" + request.path.encode()
        return Answer(200, data, {"Content-Type": "image/png"})

    for host in ("n.sinaimg.cn", "np-newspic.dfcfw.com"):
        serve(replica, host, picture)
    ended = crawl_of(crawl, "sina", "-s", "FINEWS_MEDIA=1")
    assert ended.status == 0, ended.log
    hosts = {url.split("/")[2] for url in asked(replica)}
    assert "n.sinaimg.cn" in hosts
    assert list((archive / "media").rglob("*.png"))


def test_names_of_securities_come_from_the_users_file(
    replica: Replica, crawl: Crawl, archive: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.csv"
    names.write_text("code,name\n0.000999,宁波舟山港\n", encoding="utf-8")
    assert crawl_of(crawl, "ths", "-s", f"FINEWS_LEXICON={names}").status == 0
    codes = [code for code, row in rows(archive).items() if "宁波舟山港" in row.text]
    with Archive(archive) as opened:
        named = {post.info_code for post in opened.search(Query(security="0.000999"), limit=100)}
    assert named >= set(codes) > set()
