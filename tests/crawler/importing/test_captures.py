"""Web archives of any program are imported by declarations, page objects or extraction."""

import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.archive import Archive
from archive.article import BodySource
from archive.article_id import ArticleId
from archive.warc import read_records, warc_files
from crawler.importing.captured import without_chunks
from crawler.importing.warc_files import WarcFile, read_warc
from tests.crawler.importing.conftest import Import, is_whole, posts
from tests.support.reparsing import reparse
from tests.support.web_archives import (
    CAPTURED,
    Page,
    caixun,
    recorded,
    write_records,
    write_wacz,
    write_warc,
)

SINA = recorded("sina", "article_page.html")
NBD = recorded("nbd", "article_page.html")
ROLL = recorded("cls", "roll_page1.json")
FIRST_SEEN = "2026-11-20T08:00:00Z"


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_pages_are_read_by_the_declarations_of_their_sources(
    run: Import, news: Path, tmp_path: Path, name: str, version: str
) -> None:
    warc = write_warc(tmp_path / name, [SINA, NBD], version=version)
    ended = run(warc)
    assert ended.stdout.startswith("2 added, 0 revised, 0 unchanged, 0 not imported"), ended.output
    assert [code.partition("-")[0] for code in posts(news)] == ["nbd", "sina"]
    assert posts(news, "body_source, cause, first_seen") == [("page", "imported", FIRST_SEEN)] * 2
    assert is_whole(news)


def test_the_responses_are_kept_as_they_were_captured(
    run: Import, news: Path, tmp_path: Path
) -> None:
    run(write_warc(tmp_path / "a.warc.gz", [SINA, replace(SINA, url=SINA.url + "?from=wap")]))
    (file,) = warc_files(news / "warc")
    (response,) = read_records(file, frozenset({"response"}))
    assert (response.url, response.payload) == (SINA.url, SINA.body)
    assert response.date.startswith(CAPTURED.removesuffix("Z"))
    assert list(read_records(file, frozenset({"request"}))) == []
    with Archive(news) as archive:
        (row,) = archive.editions(ArticleId(posts(news)[0]))
        (record,) = archive.records_of(row)
    assert record.payload == SINA.body


def test_the_same_import_changes_nothing_the_second_time(
    run: Import, news: Path, tmp_path: Path
) -> None:
    warc = write_warc(tmp_path / "a.warc.gz", [SINA, ROLL])
    run(warc)
    before = {path: path.read_bytes() for path in news.rglob("*.md")}
    captures = sum(path.stat().st_size for path in warc_files(news / "warc"))
    assert before
    ended = run(warc)
    assert ended.stdout.startswith(f"0 added, 0 revised, {len(before)} unchanged"), ended.output
    assert {path: path.read_bytes() for path in news.rglob("*.md")} == before
    assert sum(path.stat().st_size for path in warc_files(news / "warc")) == captures


def test_a_list_that_holds_whole_articles_is_imported(
    run: Import, news: Path, tmp_path: Path
) -> None:
    ended = run(write_warc(tmp_path / "a.warc.gz", [ROLL]))
    assert not ended.stdout.startswith("0 added"), ended.output
    assert set(posts(news, "source")) == {"cls"}
    assert set(posts(news, "body_source")) == {"list"}
    assert is_whole(news)


def test_what_a_declaration_never_stores_is_not_in_the_captures(
    run: Import, news: Path, tmp_path: Path
) -> None:
    page = recorded("sina", "live_page1.json")
    run(write_warc(tmp_path / "a.warc.gz", [page]))
    payloads = b"".join(
        record.payload for path in warc_files(news / "warc") for record in read_records(path)
    )
    assert posts(news)
    assert b"creator" not in payloads


def test_pages_of_no_declared_source_need_a_name(run: Import, news: Path, tmp_path: Path) -> None:
    warc = write_warc(tmp_path / "CC-NEWS-1.warc.gz", [caixun(118), caixun(119)], version="1.0")
    assert "2 responses of no article left out" in run(warc).stdout
    ended = run(warc, "--source", "caixun")
    assert ended.stdout.startswith("2 added"), ended.output
    expected = {
        ArticleId.of_address("caixun", caixun(118).url): "2026-11-30T07:23:00+08:00",
        ArticleId.of_address("caixun", caixun(119).url): "2026-11-30T07:52:00+08:00",
    }
    assert dict(posts(news, "info_code, published")) == expected
    assert (
        posts(news, "body_source, cause, first_seen")
        == [("extraction", "imported", FIRST_SEEN)] * 2
    )
    assert all(name.startswith("trafilatura") for name in posts(news, "extractor"))
    assert is_whole(news)


def test_of_many_publishers_one_can_be_chosen(run: Import, news: Path, tmp_path: Path) -> None:
    other = replace(caixun(119), url="https://notcaixun.example/news/1.html")
    warc = write_warc(tmp_path / "a.warc.gz", [caixun(118), other])
    ended = run(warc, "--source", "caixun", "--host", "caixun.example")
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 0 not imported; 1 responses")
    assert posts(news, "link") == [caixun(118).url]


def test_later_captures_are_later_versions_in_whatever_order_they_come(
    run: Import, news: Path, tmp_path: Path
) -> None:
    page = caixun(118)
    later = replace(page, body=page.body.replace(b"88.54%", b"98.54%"), date="2026-11-21T00:00:00Z")
    one = write_warc(tmp_path / "one.warc.gz", [later])
    two = write_warc(tmp_path / "two.warc.gz", [page])
    run(one, two, "--source", "caixun")
    assert posts(news, "version, first_seen, revised") == [(2, FIRST_SEEN, "2026-11-21T00:00:00Z")]
    (post,) = (news / "_posts").rglob("*.md")
    assert "98.54%" in post.read_text(encoding="utf-8")
    assert run(one, two, "--source", "caixun").stdout.startswith("0 added, 0 revised, 2 unchanged")
    assert is_whole(news)


def test_an_earlier_capture_leaves_what_is_archived(
    run: Import, news: Path, tmp_path: Path
) -> None:
    page = caixun(118)
    run(write_warc(tmp_path / "one.warc.gz", [page]), "--source", "caixun")
    earlier = replace(page, body=page.body.replace(b"88.54%", b"1%"), date="2020-01-01T00:00:00Z")
    ended = run(write_warc(tmp_path / "two.warc.gz", [earlier]), "--source", "caixun")
    assert ended.stdout.startswith("0 added, 0 revised, 1 unchanged")


def test_eastmoney_is_read_by_its_page_objects(run: Import, news: Path, tmp_path: Path) -> None:
    names = ("column_344.json", "article_newsinfo.json", "article_page_2026_C.html")
    pages = [recorded("eastmoney", name) for name in names]
    ended = run(write_warc(tmp_path / "a.warc.gz", pages))
    assert ended.stdout.startswith("2 added"), ended.output
    assert set(posts(news, "body_source")) == {
        BodySource.ARTICLE_API.value,
        BodySource.ARTICLE_PAGE.value,
    }
    assert all(code.startswith("NW") for code in posts(news))
    assert is_whole(news)


def test_our_own_captures_of_an_archive_are_imported(
    run: Import, news: Path, tmp_path: Path
) -> None:
    run(write_warc(tmp_path / "a.warc.gz", [SINA, NBD, ROLL]))
    before = posts(news, "info_code, sha256, first_seen")
    ours = tmp_path / "ours"
    news.rename(ours)
    ended = run(*warc_files(ours / "warc"))
    assert "0 not imported" in ended.stdout, ended.output
    assert posts(news, "info_code, sha256, first_seen") == before


def in_one_chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize(
    ("headers", "encode"),
    [
        ([("Content-Encoding", "gzip")], gzip.compress),
        ([("Transfer-Encoding", "chunked")], in_one_chunk),
    ],
)
def test_encoded_bodies_are_decoded(
    run: Import,
    news: Path,
    tmp_path: Path,
    headers: list[tuple[str, str]],
    encode: Callable[[bytes], bytes],
) -> None:
    page = replace(SINA, body=encode(SINA.body), headers=headers)
    ended = run(write_warc(tmp_path / "a.warc.gz", [page]))
    assert ended.stdout.startswith("1 added"), ended.output
    assert is_whole(news)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "compress"])
def test_a_body_that_cannot_be_unpacked_is_named(
    run: Import, news: Path, tmp_path: Path, coding: str
) -> None:
    page = replace(SINA, body=b"\0" + SINA.body, headers=[("Content-Encoding", coding)])
    ended = run(write_warc(tmp_path / "a.warc.gz", [page, NBD]))
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert SINA.url in ended.stderr


def test_a_body_that_was_unpacked_before_is_read_and_kept_as_it_is(
    run: Import, news: Path, tmp_path: Path
) -> None:
    page = replace(SINA, headers=[("Content-Encoding", "gzip")])
    ended = run(write_warc(tmp_path / "a.warc.gz", [page]))
    assert ended.stdout.startswith("1 added"), ended.output
    assert "1 posts read again, 0 of them would change" in reparse(news)
    assert is_whole(news)


@pytest.mark.parametrize("address", ["dns:www.caixun.example", "no address", "http://[broken"])
def test_a_response_that_is_not_of_the_web_is_left_out(
    run: Import, tmp_path: Path, address: str
) -> None:
    other = replace(SINA, url=address)
    ended = run(write_warc(tmp_path / "a.warc.gz", [other, caixun(118)]), "--source", "caixun")
    assert ended.stdout.startswith("1 added"), ended.output


def test_a_head_whose_lines_end_without_cr_is_read(run: Import, news: Path, tmp_path: Path) -> None:
    whole = write_warc(tmp_path / "a.warc", [caixun(118)]).read_bytes()
    begin = whole.index(b"HTTP/1.1 200 OK")
    end = whole.index(b"\r\n\r\n", begin) + 4
    head = whole[begin:end].replace(b"\r\n", b"\n")
    head += b" " * (end - begin - len(head))  # the record has the length of before
    (tmp_path / "b.warc").write_bytes(
        re.sub(rb"WARC-(?:Block|Payload)-Digest: \S+\r\n", b"", whole[:begin]) + head + whole[end:]
    )
    ended = run(tmp_path / "b.warc", "--source", "caixun")
    assert ended.stdout.startswith("1 added"), ended.output
    assert is_whole(news)


def test_a_body_that_ends_within_a_chunk_is_named(run: Import, tmp_path: Path) -> None:
    body = in_one_chunk(SINA.body).removesuffix(b"0\r\n\r\n")
    page = replace(SINA, body=body, headers=[("Transfer-Encoding", "chunked")])
    ended = run(write_warc(tmp_path / "a.warc.gz", [page]))
    assert "its chunks end after" in ended.stderr


def test_a_page_of_which_a_part_was_captured_is_no_article(run: Import, tmp_path: Path) -> None:
    """CC-NEWS cuts long answers off: half an article is worse than none."""
    cut = replace(SINA, warc_headers=[("WARC-Truncated", "length")])
    ended = run(write_warc(tmp_path / "a.warc.gz", [cut, NBD]))
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert "a part of the answer alone was captured" in ended.stderr


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        ([], "the files hold no rows and no responses"),
        ([caixun(118)], "--source NAME reads other pages"),
        ([replace(SINA, body=b"<html></html>")], "nothing in the files could be read"),
    ],
)
def test_web_archives_that_give_nothing_are_a_failure(
    run: Import, tmp_path: Path, pages: list[Page], sentence: str
) -> None:
    ended = run(write_warc(tmp_path / "a.warc.gz", pages))
    assert ended.exit_code == 4
    assert sentence in ended.stderr


def test_a_body_that_unpacks_to_gigabytes_is_named(run: Import, news: Path, tmp_path: Path) -> None:
    page = replace(
        SINA, body=gzip.compress(bytes(64 << 20)), headers=[("Content-Encoding", "gzip")]
    )
    ended = run(write_warc(tmp_path / "a.warc.gz", [page, NBD]))
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert "DOWNLOAD_MAXSIZE" in ended.stderr


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_reading_continues_behind_damage(
    run: Import, news: Path, tmp_path: Path, name: str
) -> None:
    warc = write_warc(tmp_path / name, [SINA, NBD])
    whole = [record.offset for record in read_warc(WarcFile(warc, name), pytest.fail)]
    data = bytearray(warc.read_bytes())
    at = (whole[1] + whole[2]) // 2
    data[at : at + 8] = b"\xff" * 8
    warc.write_bytes(data)
    ended = run(warc)
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert f"is damaged at {whole[1]}" in ended.stderr
    assert posts(news, "source") == ["nbd"]


@given(st.binary(max_size=300), st.integers(0, 3_000), st.booleans())
def test_no_damage_ends_with_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int, is_packed: bool
) -> None:
    file = io.BytesIO()
    write_records(file, [Page("https://a.test/", b"<p>" * 200)], gzip=is_packed)
    data = file.getvalue()
    path = tmp_path_factory.mktemp("damaged") / "a.warc"
    path.write_bytes(data[:at] + junk + data[at + len(junk) :])
    for record in read_warc(WarcFile(path, "a"), lambda _: None):
        assert len(record.payload) <= len(data) + 600


def test_a_wacz_is_read_without_unpacking_it(run: Import, news: Path, tmp_path: Path) -> None:
    wacz = write_wacz(tmp_path / "a.wacz", [SINA, NBD, ROLL])
    before = {path for path in tmp_path.rglob("*") if news not in path.parents}
    ended = run(wacz)
    assert {"sina", "nbd", "cls"} == set(posts(news, "source")), ended.output
    assert {path for path in tmp_path.rglob("*") if news not in path.parents} - {news} == before
    assert not (tmp_path.parent / "outside.cdx.gz").exists()
    assert run(wacz).stdout.startswith("0 added, 0 revised")


def test_a_wacz_that_packs_its_warc_files_is_refused(
    run: Import, news: Path, tmp_path: Path
) -> None:
    wacz = write_wacz(tmp_path / "a.wacz", [SINA], compression=zipfile.ZIP_DEFLATED)
    ended = run(wacz)
    assert ended.stdout.startswith("0 added, 0 revised, 0 unchanged, 1 not imported")
    assert "compressed or encrypted by the ZIP" in ended.stderr


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" * 99])
def test_what_is_no_wacz_is_refused(run: Import, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wacz").write_bytes(data)
    ended = run(tmp_path / "a.wacz")
    assert ended.exit_code == 4
    assert "0 added, 0 revised, 0 unchanged, 1 not imported" in ended.stdout
    assert "1 files could not be read" in ended.stderr


def test_fastwarc_reads_what_is_kept_and_writes_what_is_read(
    run: Import, news: Path, tmp_path: Path
) -> None:
    theirs = write_warc(tmp_path / "a.warc", [SINA, NBD])
    again = tmp_path / "b.warc.gz"
    fastwarc = (sys.executable, "-m", "fastwarc.cli")
    subprocess.run((*fastwarc, "recompress", str(theirs), str(again)), check=True)
    assert run(again).stdout.startswith("2 added")
    (file,) = warc_files(news / "warc")
    subprocess.run((*fastwarc, "check", str(file)), check=True)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_chunks_are_joined(parts: list[bytes]) -> None:
    sent = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts)
    assert without_chunks(sent + b"0\r\n\r\n") == b"".join(parts)


def test_expected_articles_come_out(run: Import, news: Path, tmp_path: Path) -> None:
    expected = json.loads(
        (Path(__file__).parents[2] / "golden/recorded/nbd/expected.json").read_text("utf-8")
    )["files"]["article_page.html"]
    run(write_warc(tmp_path / "a.warc.gz", [NBD]))
    assert posts(news, "title") == [expected["title"]]


def test_a_page_is_the_article_that_a_list_names(run: Import, news: Path, tmp_path: Path) -> None:
    page = recorded("wscn", "article_detail.json")
    alone = write_warc(tmp_path / "page.warc.gz", [page])
    assert run(alone).stdout.startswith("1 added"), news
    code = "wscn-3782700"
    assert posts(news) == [code]
    listed = write_warc(tmp_path / "list.warc.gz", [recorded("wscn", "articles_page1.json"), page])
    assert run(alone, listed).stdout.startswith("0 added, 0 revised"), posts(news)
    assert posts(news) == [code]


DECLARATION = r"""
title = "财迅网"
site = "https://www.caixun.example/"
hosts = ["www.caixun.example"]
family = "*.caixun.example"
identity = { addresses = [{ pattern = '/news/(cx-\d{4}-\d{6})\.html' }] }

[lists.news]
address = "https://www.caixun.example/news/"
format = "html"
entries = "ul.news-list li"
fields = { address = "./a/@href", title = "a" }
seen = { on = 2026-11-30, first_hand = true }

[articles.page]
format = "html"
next = "//a[text() = '下一页']/@href"
fields = { title = "h1", published = "div.info span", body = "div.article" }
seen = { on = 2026-11-30, first_hand = true }
"""


def test_a_source_of_ones_own_is_read_by_its_declaration(
    run: Import, news: Path, tmp_path: Path
) -> None:
    own = tmp_path / "sources"
    own.mkdir()
    (own / "caixun.toml").write_text(DECLARATION, encoding="utf-8")
    ended = run(
        write_warc(tmp_path / "a.warc.gz", [caixun(118)]), "--set", f"FINEWS_DECLARATIONS={own}"
    )
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 0 not imported"), ended.output
    assert posts(news, "info_code, body_source") == [("caixun-cx-2026-000118", "page")]


@pytest.fixture
def paged() -> list[Page]:
    """Return three pages of one article, the last one first."""
    page = caixun(119)
    pages = []
    for number in (1, 2, 3):
        link = f'<a href="/news/cx-2026-000119_{number + 1}.html">下一页</a></body>'
        body = page.body.replace(b"</body>", link.encode()) if number < 3 else page.body
        body = body.replace(b"<p>", f"<p>第{number}页。".encode())
        url = page.url.replace(".html", f"_{number}.html" if number > 1 else ".html")
        pages.append(replace(page, url=url, body=body))
    return pages[::-1]


@pytest.mark.parametrize("pattern", [r"cx-\d{4}-\d{6}", r"cx-[\d_-]+"])
def test_the_pages_of_an_article_are_joined(
    run: Import, news: Path, tmp_path: Path, paged: list[Page], pattern: str
) -> None:
    own = tmp_path / "sources"
    own.mkdir()
    declaration = DECLARATION.replace(r"cx-\d{4}-\d{6}", pattern)
    (own / "caixun.toml").write_text(declaration, encoding="utf-8")
    setting = ("--set", f"FINEWS_DECLARATIONS={own}")
    files = []
    for number, page in enumerate(paged):
        files.append(f"{tmp_path / f'page{number}.html'}={page.url}")
        (tmp_path / f"page{number}.html").write_bytes(page.body)
    for what in ([write_warc(tmp_path / "a.warc.gz", paged)], ["--source", "caixun", *files]):
        ended = run(*what, *setting)
        assert "0 not imported; 0 responses" in ended.stdout, ended.output
        assert posts(news) == ["caixun-cx-2026-000119"]
        (text,) = posts(news, "text")
        assert re.findall("第(.)页", text)[:: text.count("第1页")] == ["1", "2", "3"]
        assert len(json.loads(posts(news, "addresses")[0])) == 3
        assert is_whole(news)
        shutil.rmtree(news)
    ended = run(write_warc(tmp_path / "b.warc.gz", paged[2:]), *setting)
    assert ended.stdout.startswith("0 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert "cx-2026-000119_2.html, and no imported file has that page" in ended.stderr
