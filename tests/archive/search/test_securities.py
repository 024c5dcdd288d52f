"""Securities by what people type, in an archive of posts with the source's mark-up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.search.query import Query, count, find
from archive.search.securities import securities_named
from archive.storage.databases import open_catalog
from tests.archive.browse.conftest import article
from tests.support.older_archives import downgrade

NAMED = (
    ("1,600519", "贵州茅台"),
    ("0,002142", "宁波银行"),
    ("1,601963", "重庆银行"),
    ("116,00700", "腾讯控股"),
    ("116,09988", "阿里巴巴-W"),
    ("0,600584", "长电科技"),
    ("1,600518", "*ST康美"),
    ("0,000002", "万 科Ａ"),
    ("105,AAPL", "苹果"),
    ("90,BK0475", "银行"),
    ("0,920002", "万达轴承"),
    ("1,600900", "长江电力"),
    ("1,601187", "厦门银行"),
    ("0,000951", "中国重汽"),
)


def link(code: str, name: str) -> str:
    return (
        f'<p><span id="stock_{code.replace(",", ".")}">'
        f'<a class="keytip" data-code="{code}">{name}</a></span>公告</p>'
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("news")
    posts = [
        article(f"NW2021122900000000{number:02}", title=f"标题{number}", body=link(code, name))
        for number, (code, name) in enumerate(NAMED)
    ]
    posts += [
        article("NW202112290000000050", title="旧名", body=link("1,600001", "邯郸钢铁")),
        article("NW202112290000000051", title="新名", body=link("1,600001", "河北钢铁")),
        article("NW202112290000000052", title="再提茅台", body=link("1,600519", "贵州茅台")),
        article("NW202112290000000053", title="文字里的 gzmt 和 600519", body="<p>无</p>"),
    ]
    with Archive(folder) as archive:
        for post in posts:
            archive.add_many([post])
    return folder


@pytest.fixture
def catalog(folder: Path) -> Iterator:  # type: ignore[type-arg]
    with closing(open_catalog(folder)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("贵州茅台", ["1.600519"]),
        ("貴州茅臺", ["1.600519"]),
        ("600519", ["1.600519"]),
        ("600519.SH", ["1.600519"]),
        ("SH600519", ["1.600519"]),
        ("sh600519", ["1.600519"]),
        ("６００５１９", ["1.600519"]),
        ("1.600519", ["1.600519"]),
        ("gzmt", ["1.600519"]),
        ("GZMT 业绩", ["1.600519"]),
        ("业绩 -gzmt", []),
        ("nbyh", ["0.002142"]),
        ("cqyh", ["1.601963"]),
        ("0700", ["116.00700"]),
        ("00700.HK", ["116.00700"]),
        ("700.hk", ["116.00700"]),
        ("阿里巴巴", ["116.09988"]),
        ("albb", ["116.09988"]),
        ("cdkj", ["0.600584"]),
        ("cjdl", ["1.600900"]),
        ("xmyh", ["1.601187"]),
        ("zgzq", ["0.000951"]),
        ("*st康美", ["1.600518"]),
        ("stkm", ["1.600518"]),
        ("万科A", ["0.000002"]),
        ("wka", ["0.000002"]),
        ("aapl", ["105.AAPL"]),
        ("银行", ["90.BK0475"]),
        ("bk0475", ["90.BK0475"]),
        ("920002.BJ", ["0.920002"]),
        ("邯郸钢铁", ["1.600001"]),
        ("hbgt", ["1.600001"]),
        ("security:hbgt", ["1.600001"]),
        ("腾讯控股 贵州茅台", ["116.00700", "1.600519"]),
        ("茅台", []),
        ("2026", []),
        ("", []),
    ],
)
def test_a_query_names_securities(catalog, query: str, codes: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert [each.code for each in securities_named(catalog, query)] == codes


def test_a_named_security_has_its_present_name_and_its_number_of_posts(catalog) -> None:  # type: ignore[no-untyped-def]
    ((former,), (present,)) = (securities_named(catalog, name) for name in ("邯郸钢铁", "贵州茅台"))
    assert (former.name, former.posts) == ("河北钢铁", 2)
    assert (present.market, present.symbol, present.posts) == (1, "600519", 2)


@pytest.mark.parametrize(
    ("query", "posts"),
    [
        ("gzmt", 3),
        ("600519", 3),
        ('"gzmt"', 1),
        ("sh600519", 2),
        ("贵州茅台", 2),
        ("gzmt -再提", 2),
        ("公告 -600519", 15),
        ("gzmt 公告", 2),
        ("gzmt OR 0700", 4),
        ("security:gzmt", 2),
        ("security:邯郸钢铁", 2),
        ("-security:贵州茅台", 16),
        ("nosuchkey", 0),
    ],
)
def test_a_code_also_finds_the_posts_that_name_its_security(
    catalog, query: str, posts: int
) -> None:  # type: ignore[no-untyped-def]
    asked = Query(q=query)
    assert count(catalog, asked) == len(find(catalog, asked, limit=100)) == posts
    sql = f"SELECT count(*) FROM posts WHERE {asked.condition}"  # noqa: S608
    assert catalog.execute(sql, asked.values).fetchone() == (posts,)


def test_a_catalog_of_an_older_release_is_indexed_again(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        archive.add_many([article("NW202112290000000001", title="銀行", body=link(*NAMED[0]))])
    downgrade(tmp_path, before="folded_search")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as older, older:
        older.execute("INSERT INTO posts_search(posts_search) VALUES ('delete-all')")
    with Archive(tmp_path) as archive:
        assert [post.title for post in archive.search("银行")] == ["銀行"]
        assert [post.title for post in archive.search("gzmt")] == ["銀行"]
