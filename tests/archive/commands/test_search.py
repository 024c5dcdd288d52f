"""`finews search`, as users call it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from archive.archive import Archive
from tests.archive.browse.conftest import article
from tests.archive.search.test_securities import link
from tests.support.calls import call

Run = Callable[..., Result]
OLD, NEW = "NW202112290000000001", "NW202112290000000002"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `finews search`; there is an archive `news` of two posts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINEWS_ARCHIVE", raising=False)
    posts = [
        article(OLD, title="央行\n降准\x1b[31m", media="财联社", body="<p>跌幅-5%</p>"),
        article(NEW, title="公告", body=f"{link('1,600519', '贵州茅台')}<p>央行、银行</p>"),
    ]
    with Archive(Path("news")) as archive:
        archive.add_many(posts)
    return lambda *arguments: call("search", *arguments)


def test_a_line_for_each_post(run: Run) -> None:
    result = run("央行")
    assert result.exit_code == 0, result.output
    assert [line.split("  ") for line in result.stdout.splitlines()] == [
        ["2021-12-29 17:34", NEW, "经济观察网", "公告"],
        ["2021-12-29 17:34", OLD, "财联社", "央行 降准 [31m"],
    ]
    assert result.stderr == "2 posts found, 2 printed.\n"
    (first, *rest) = run("央行", "--sort", "relevance", "--limit", "1").stdout.splitlines()
    assert (OLD in first, rest) == (True, [])


def test_json_has_total_hits_and_securities(run: Run) -> None:
    result = run("gzmt", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "total": 1,
        "hits": [
            {
                "id": NEW,
                "title": "公告",
                "published": "2021-12-29T17:34:39+08:00",
                "media": "经济观察网",
                "snippet": "贵州茅台公告\n央行、银行",
                "path": f"_posts/2021/12/2021-12-29-{NEW}.md",
                "link": f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={NEW}",
            }
        ],
        "securities": [{"market": 1, "code": "600519", "name": "贵州茅台"}],
    }
    assert json.loads(run("央行", "--json", "--limit", "1").stdout)["total"] == 2


def test_the_archive_is_found_as_by_other_commands(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("news").rename("other")
    assert run("央行", "other").stdout == run("央行", "--archive", "other").stdout != ""
    missing = run("央行")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "news" in missing.stderr
    monkeypatch.setenv("FINEWS_ARCHIVE", "other")
    assert run("央行").exit_code == 0


@pytest.mark.parametrize("query", ["-5%", "-降准", "-600519 央行", "銀行", "央行 OR 保险"])
def test_any_query_is_an_argument(run: Run, query: str) -> None:
    assert run(query).exit_code == 0


def test_nothing_found_has_its_own_status_and_hints(run: Run) -> None:
    result = run("央行 美元")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.splitlines() == [
        "0 posts found, 0 printed.",
        "No post matches 美元.",
        "Try 央行: 2 posts.",
    ]
    empty = run("贵州茅台股价", "--json")
    assert (empty.exit_code, json.loads(empty.stdout)) == (
        3,
        {"total": 0, "hits": [], "securities": []},
    )
    assert "Try security:1.600519 (贵州茅台): 1 post.\n" in empty.stderr
    assert "Try security:1.600519 (贵州茅台): 1 post.\n" in run("贵州茅台股价").stderr


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("央行 date:2026-13", "'2026-13' is no time such as 2026-11-22"),
        ("央行 title:", "The field title: has no value (character 4 of the query)."),
        ("(" * 10_000, "A query may have 1,000 characters, and this one has 10,000."),
        ('""', "has nothing to search for."),
    ],
)
def test_a_wrong_query_is_refused_in_a_sentence(run: Run, query: str, sentence: str) -> None:
    result = run(query)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
