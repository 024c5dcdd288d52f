"""JSON Lines and CSV are imported by a mapping of their columns."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article_id import ArticleId
from crawler.importing.mapping import InvalidMapping, load_mapping
from crawler.importing.rows import rows_of
from tests.crawler.importing.conftest import Import, is_whole, posts
from tests.support.web_archives import recorded, write_warc

HEADER = ("编号", "headline", "pub date", "url", "content", "crawled")
ROW = (
    "7",
    "贵州茅台公布年报",
    "2021-03-05 10:20:30",
    "https://www.caixun.example/news/7.html",
    "<p>贵州茅台（600519.SH）公布年报。</p>",
    "2021-03-05T02:30:00Z",
)
MAPS = (
    *("--map", "id=编号", "--map", "title=headline", "--map", "published=pub date"),
    *("--map", "address=url", "--map", "body=content", "--map", "first_seen=crawled"),
)
CAIXUN = ("--source", "caixun", *MAPS)


def write_csv(
    path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def changed(**values: str) -> tuple[str, ...]:
    names = ("id", "title", "published", "address", "body", "seen")
    return tuple(values.get(name, value) for name, value in zip(names, ROW, strict=True))


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", "|")],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_csv_is_imported_by_the_names_of_its_columns(
    run: Import, news: Path, tmp_path: Path, encoding: str, delimiter: str, name: str
) -> None:
    table = write_csv(tmp_path / name, [HEADER, ROW], encoding, delimiter)
    ended = run(table, *CAIXUN)
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 0 not imported"), ended.output
    assert posts(news, "info_code, title, published, first_seen, body_source, link") == [
        (
            "caixun-7",
            "贵州茅台公布年报",
            "2021-03-05T10:20:30+08:00",
            "2021-03-05T02:30:00Z",
            "list",
            "https://www.caixun.example/news/7.html",
        )
    ]
    assert is_whole(news)


def test_importing_again_changes_nothing(run: Import, news: Path, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW])
    run(path, *CAIXUN)
    assert run(path, *CAIXUN).stdout.startswith("0 added, 0 revised, 1 unchanged, 0 not imported")
    assert run(path, *CAIXUN[:-2]).stdout.startswith("0 added, 0 revised, 1 unchanged")


def test_a_row_is_an_article_of_the_declared_source_of_its_address(
    run: Import, news: Path, tmp_path: Path
) -> None:
    address = "https://finance.sina.com.cn/stock/usstock/c/2026-09-29/doc-initmeav9622448.shtml"
    eastmoney = "http://finance.eastmoney.com/a/201903121067234567.html"
    rows = [changed(id="", address=address), changed(id="", address=eastmoney)]
    ended = run(write_csv(tmp_path / "a.csv", [HEADER, *rows]), *MAPS)
    assert ended.stdout.startswith("2 added"), ended.output
    assert posts(news) == ["NW201903121067234567", "sina-nitmeav9622448"]


@pytest.mark.parametrize("seen", ["", "2030-01-01T00:00:00Z"])
def test_a_worse_body_never_replaces_a_better_one(
    run: Import, news: Path, tmp_path: Path, seen: str
) -> None:
    page = recorded("eastmoney", "article_page_2019_C.html")
    run(write_warc(tmp_path / "a.warc.gz", [page]))
    before = posts(news, "info_code, sha256, body_source, first_seen, checked, version")
    assert before
    row = changed(id="", address=page.url, seen=seen)
    ended = run(write_csv(tmp_path / "a.csv", [HEADER, row]), *MAPS)
    assert ended.stdout.startswith("0 added, 0 revised, 1 unchanged"), ended.output
    assert posts(news, "info_code, sha256, body_source, first_seen, checked, version") == before


def test_json_lines_are_imported_by_paths(run: Import, news: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        """
        source = "caixun"
        title = "财迅网"
        zone = "Asia/Shanghai"
        first_seen = "meta.seen"

        [fields]
        id = "doc.id"
        title = "doc.names[0]"
        published = { path = "doc.time", format = "%Y年%m月%d日%H时%M分" }
        address = { path = "doc.id", template = "https://www.caixun.example/{}" }
        body = { join = ["doc.head", "doc.rest"], by = "\\n" }
        media = "doc.media || 'x'"
        """,
        encoding="utf-8",
    )
    document = {
        "id": 12,
        "names": ["标题"],
        "time": "2021年03月05日10时20分",
        "head": "第一段。",
        "rest": "第二段。",
        "media": None,
    }
    line = json.dumps({"doc": document, "meta": {"seen": 1614911400}}, ensure_ascii=False)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(f"{line}\n\n{line}\n".encode()))
    ended = run(path, "--mapping", mapping)
    assert ended.stdout.startswith("1 added, 0 revised, 1 unchanged, 0 not imported"), ended.output
    assert posts(news, "info_code, published, first_seen, text, media") == [
        (
            "caixun-12",
            "2021-03-05T10:20:00+08:00",
            "2021-03-05T02:30:00Z",
            "第一段。\n第二段。",
            "x",
        )
    ]
    assert is_whole(news)


WRONG = (
    (changed(title=""), "it has no title"),
    (changed(published=""), "it has no time"),
    (changed(published="gestern"), "its published 'gestern' is no time"),
    (changed(published="03-05 10:20", seen=""), "its published '03-05 10:20' is no time"),
    (changed(body=" "), "it has no text"),
    (changed(address="nowhere"), "it has no address"),
    (changed(title="", body=""), "it has no text, title"),
    (changed(seen="nie"), "its first_seen 'nie' is no time"),
    (ROW[:-1], "it has 5 values, and the header has 6"),
    ((*ROW, ""), "it has 7 values, and the header has 6"),
    (changed(body="字" * (16 << 20)), "16,777,216"),
)


@pytest.mark.parametrize(("wrong", "reason"), WRONG)
def test_a_wrong_row_is_named_and_the_rest_goes_on(
    run: Import, news: Path, tmp_path: Path, wrong: Sequence[str], reason: str
) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADER, wrong, ROW])
    ended = run(path, *CAIXUN)
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert f"{path}, row 1: not imported: " in ended.stderr
    assert reason in ended.stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"[1]", "it is no JSON object"),
        (b'{"a": NaN}', "it is not JSON"),
        (b"[" * 99_999, "it is not JSON"),
        (b'{"a": "\xff"}', "it is not in utf-8"),
        ("{}".encode("utf-32-be"), "it is not JSON"),
        (b'{"url": "https://www.caixun.example/1", "content": {"a": 1}}', "should be"),
    ],
)
def test_a_wrong_line_is_named_and_the_rest_goes_on(
    run: Import, tmp_path: Path, line: bytes, reason: str
) -> None:
    path = tmp_path / "a.ndjson"
    good = json.dumps(dict(zip(HEADER, ROW, strict=True)))
    path.write_bytes(line + b"\n" + good.encode() + b"\n")
    maps = [one.replace("=编号", '="编号"').replace("pub date", '"pub date"') for one in CAIXUN]
    ended = run(path, *maps)
    assert ended.stdout.startswith("1 added, 0 revised, 0 unchanged, 1 not imported"), ended.output
    assert f"{path}, row 1: not imported: " in ended.stderr
    assert reason in ended.stderr


def test_another_encoding_has_to_be_named(run: Import, news: Path, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW], "gb18030")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('encoding = "gb18030"\n', encoding="utf-8")
    refused = run(path, *CAIXUN)
    assert "it is not in utf-8" in refused.stderr
    assert "0 added" in refused.stdout
    assert run(path, "--mapping", mapping, *CAIXUN).stdout.startswith("1 added")


def test_a_wrong_column_ends_the_import_with_the_columns_that_there_are(
    run: Import, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW])
    ended = run(path, *CAIXUN, "--map", "title=Headline")
    assert ended.stdout.startswith("0 added, 0 revised, 0 unchanged, 1 not imported")
    assert "has no column 'Headline'; its columns are: '编号', 'headline'" in ended.output
    twice = write_csv(tmp_path / "b.csv", [(*HEADER, "url"), (*ROW, "")])
    assert "has more than one column 'url'" in run(twice, *CAIXUN).output


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x1f\x8bnot gzip", gzip.compress(b"a,b\n", mtime=0)[:-9]]
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_file_that_cannot_be_read_is_named(
    run: Import, tmp_path: Path, data: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(data)
    maps = [f"{field}=a" for field in ("address", "published", "body")]
    ended = run(tmp_path / name, *(part for one in maps for part in ("--map", one)))
    assert ended.exit_code == 4, ended.output
    assert ended.stdout.startswith("0 added, 0 revised, 0 unchanged")
    assert name in ended.stderr or not data.strip()


def test_a_table_needs_a_mapping_and_a_source(run: Import, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADER, ROW])
    assert "needs a mapping" in run(path).output
    assert "is of no declared source; name one with --source" in run(path, *MAPS).stderr
    assert "should be a name of small letters" in run(path, *MAPS, "--source", "Cai Xun").output
    assert "is no folder of posts, web archive or table; --source NAME" in run(__file__).output


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fields = 1", "fields should be a table"),
        ("[fields]\ntitle = 'a'", "should have fields.address"),
        ("[fields]\nheadline = 'a'", "fields.headline is not known here"),
        ("zone = 'Mars'\n[fields]", "zone should be a time zone"),
        ("encoding = 'x'\n[fields]", "encoding should be an encoding"),
        ("[fields]\naddress = 'a['\npublished = 'b'\nbody = 'c'", "should be JMESPath"),
        ("=", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_named(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidMapping, match=reason.replace("[", r"\[")):
        load_mapping(file, {}, of_csv=False)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.data())
def test_every_column_of_csv_can_be_mapped(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    header = data.draw(st.lists(NAMES, min_size=3, max_size=6, unique=True))
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(header)), max_size=4))
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    chosen = dict(zip(("address", "published", "body"), header, strict=False))
    mapping = load_mapping(None, chosen, of_csv=True)
    assert set(mapping.columns) == set(chosen.values())
    read = [row.values for row in rows_of(path, mapping)]
    assert read == [dict(zip(header, row, strict=True)) for row in rows]


@given(st.lists(st.dictionaries(CELLS, st.none() | st.integers() | CELLS | st.lists(CELLS))))
def test_json_lines_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, objects: list[Mapping[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in objects)
    path.write_text("".join(lines), encoding="utf-8", newline="")
    maps = {"address": "a", "published": "b", "body": "c"}
    read = [row.values for row in rows_of(path, load_mapping(None, maps, of_csv=False))]
    assert read == objects


def test_ids_without_an_id_are_of_the_address(run: Import, news: Path, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADER, changed(id="")])
    run(path, *CAIXUN)
    assert posts(news) == [ArticleId.of_address("caixun", ROW[3])]


def test_rows_that_have_the_same_id_and_another_text_are_named(
    run: Import, news: Path, tmp_path: Path
) -> None:
    rows = [HEADER, ROW, ROW, changed(body="另一篇文章的正文。")]
    ended = run(write_csv(tmp_path / "a.csv", rows), *CAIXUN[:-2])
    assert ended.stdout.startswith("1 added, 0 revised, 1 unchanged, 1 not imported"), ended.output
    assert "row 3: not imported: row 1 has the same id, and another title or text" in ended.stderr
    assert ended.exit_code == 0


def test_times_without_a_zone_are_named(run: Import, tmp_path: Path) -> None:
    rows = [HEADER, ROW, changed(id="8", published="2021-03-05T10:20:30Z")]
    ended = run(write_csv(tmp_path / "a.csv", rows), *CAIXUN)
    assert "1 rows state no time zone; their times are of Asia/Shanghai" in ended.stderr


@pytest.mark.parametrize(
    ("rows", "status", "sentence"),
    [
        ([HEADER], 4, "the files hold no rows and no responses"),
        ([HEADER, changed(published="gestern")], 4, "nothing in the files could be read"),
        ([HEADER[1:], ROW[1:]], 4, "1 files could not be read"),
        ([HEADER, ROW, changed(id="8", published="gestern")], 0, ""),
    ],
)
def test_a_table_that_gives_nothing_is_a_failure(
    run: Import, tmp_path: Path, rows: list[tuple[str, ...]], status: int, sentence: str
) -> None:
    ended = run(write_csv(tmp_path / "a.csv", rows), *CAIXUN)
    assert ended.exit_code == status, ended.output
    assert sentence in ended.stderr
