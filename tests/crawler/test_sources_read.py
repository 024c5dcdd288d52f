"""`finews sources read`: what is read from one answer, as JSON."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given

from crawler.exit_status import ExitStatus
from crawler.source_commands import sources
from demo.article_page import PAGE_HOST
from demo.articles import MIN_ARTICLES
from demo.eastmoney import LISTAPI_HOST
from demo.faults import Fault, redirect, reset
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import FINEWS, NO_DELAYS, SAMPLES
from tests.support import fork_server
from tests.support.source_answers import (
    ADDRESSES,
    LIST,
    PAGE,
    RECORDED,
    SHARE,
    SITE,
    answers,
    bent_answers,
)


def read(*arguments: object) -> Result:
    return CliRunner().invoke(sources, ["read", *map(str, arguments)])


def shown(*arguments: object) -> Any:
    ended = read(*arguments)
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def recorded() -> Mapping[str, Mapping[str, Any]]:
    text = (RECORDED / "eastmoney" / "expected.json").read_text(encoding="utf-8")
    files: Mapping[str, Mapping[str, Any]] = json.loads(text)["files"]
    return files


@pytest.mark.parametrize(("name", "expected"), recorded().items())
def test_a_recorded_answer_is_shown_as_expected(name: str, expected: Mapping[str, Any]) -> None:
    address = expected["address"]
    actual = shown("eastmoney", RECORDED / "eastmoney" / name, "--address", address)
    assert (actual["kind"], actual["address"]) == (expected["kind"], address)
    if expected["kind"] == "article":
        assert actual["title"] == expected["title"]
        assert actual["published"] == expected["published"]
        return
    for entry, due in zip(actual["entries"], expected["entries"], strict=True):
        assert {field: entry[field] for field in due.keys() & entry.keys() - {"skip"}} == {
            field: due[field] for field in due.keys() & entry.keys() - {"skip"}
        }
        assert bool(entry["skip"]) is bool(due["skip"])


@pytest.mark.parametrize(
    ("source", "name"),
    [("ths", "flash_page1.json"), ("people", "politics.xml"), ("nbd", "article_page.html")],
)
def test_an_answer_of_a_declared_source_is_shown(source: str, name: str) -> None:
    folder = RECORDED / source
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"][name]
    actual = shown(source, folder / name, "--address", expected["address"])
    assert actual["kind"] == expected["kind"]
    for one, due in zip(
        actual.get("entries", [actual]), expected.get("entries", [expected]), strict=True
    ):
        assert (one["title"], one["published"]) == (due["title"], due["published"])


def test_an_article_of_an_undeclared_source_is_extracted() -> None:
    folder = RECORDED / "nbd"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    due = expected["article_page.html"]
    actual = shown("auto", folder / "article_page.html", "--address", due["address"])
    assert (actual["title"], actual["published"]) == (due["title"], due["published"])


@pytest.mark.parametrize("source", ["ths", "auto"])
def test_what_no_source_sends_is_refused_by_name(source: str, tmp_path: Path) -> None:
    (tmp_path / "answer").write_bytes(b"PK\x03\x04 not an answer")
    ended = read(source, tmp_path / "answer", "--address", "http://news.example/a")
    assert ended.exit_code == ExitStatus.LAYOUT_CHANGED
    assert "http://news.example/a" in ended.output
    assert (
        read(source, "--address", "http://news.example/a").exit_code == click.UsageError.exit_code
    )


def test_the_mirrors_lists_are_shown() -> None:
    home = shown("finews", SAMPLES / "site" / "index.html", "--address", f"{SITE}/")
    feed = shown("finews", SAMPLES / "site" / "feed.xml", "--address", f"{SITE}/feed.xml")
    category = shown(
        *("finews", SAMPLES / "site" / "category" / "emnews.html"),
        *("--address", f"{SITE}/category/emnews.html"),
    )
    for reading in (home, feed, category):
        assert reading["kind"] == "list"
        assert reading["next"] is None
        for entry in reading["entries"]:
            assert entry["skip"] is None
            assert entry["id"] in entry["url"]
    assert all(entry["title"] for entry in (*home["entries"], *category["entries"]))
    assert all(entry["published"] and entry["body_text"] for entry in feed["entries"])


def test_a_post_page_is_shown() -> None:
    path = "jingjiguanchawang/2021/12/29/NW202112292230175548.html"
    post = shown("finews", SAMPLES / "site" / path, "--address", f"{SITE}/{path}")
    assert post["kind"] == "article"
    assert post["id"] == "202112292230175548"
    assert post["title"] == "“3060”的“数字”密码：政策与战略并存"
    assert post["published"] == "2021-12-29T17:34:39+08:00"
    assert post["media"] == "经济观察网"
    assert post["category"] == "jingjiguanchawang"
    assert "文章来源" not in post["body_text"]


@pytest.mark.parametrize("source", ["finews", "eastmoney"])
def test_a_share_answer_is_shown(source: str) -> None:
    code = "NW202112292230175548"
    answer = shown(source, SAMPLES / "share_api" / f"{code}.json", "--address", f"{SHARE}{code}")
    assert answer["kind"] == "article"
    assert answer["media"] == "经济观察网"
    assert answer["body_text"]


def test_a_page_class_can_be_named() -> None:
    saved = RECORDED / "eastmoney" / "fast_list.json"
    address = ("--address", "https://lists.example/rolling")
    assert read("eastmoney", saved, *address).exit_code == 2
    assert shown("eastmoney", saved, *address, "--as", "FastNewsList")["entries"]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["sohu", "README.md", "--address", LIST], 2, "'sohu' is not one of"),
        (["eastmoney", "nosuch.json", "--address", LIST], 2, "'nosuch.json' does not exist"),
        (["eastmoney", "README.md"], 2, "Missing option '--address'"),
        (["eastmoney", "README.md", "--address", "ftp://x/"], 2, "should be an address such as"),
        (["eastmoney", "README.md", "--address", LIST, "--as", "NoPage"], 2, "'NoPage' is not one"),
        (["eastmoney", "README.md", "--address", f"{SITE}/"], 2, "is no address of a list or an"),
        (["finews", "README.md", "--address", LIST], 2, "is no address of the mirror or the share"),
        (["finews", "README.md", "--address", f"{SITE}/about.html"], 2, "No page class reads what"),
        (["eastmoney", "README.md", "--address", f"{SHARE}12"], 2, "names no article"),
        (["eastmoney", "README.md", "--address", LIST], 4, "it is not JSON"),
        (["eastmoney", "README.md", "--address", PAGE], 4, "ArticlePage cannot read"),
        (["finews", "README.md", "--address", f"{SITE}/"], 4, "ListPage cannot read"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments: list[str], status: int, sentence: str) -> None:
    ended = read(*arguments)
    assert ended.exit_code == status, ended.output
    assert sentence in ended.stderr
    assert not ended.stdout


@pytest.mark.parametrize("source", ADDRESSES)
def test_a_page_with_a_captcha_is_named(source: str) -> None:
    captcha = RECORDED / "captcha" / "slider_aliyun.html"
    for address in ADDRESSES[source]:
        ended = read(source, captcha, "--address", address)
        assert ended.exit_code == 3
        assert ended.stderr == f"finews: {address} refused with a captcha.\n"


@given(answer=answers() | bent_answers())
@example(answer=("eastmoney", PAGE, b"\xff\xfe<\x00"))
@example(answer=("eastmoney", LIST, b"[" * 100_000))
@example(answer=("finews", f"{SHARE}NW202112292230175548", b'{"title":"\\ud800","text":"\\ud800"}'))
def test_no_bytes_end_in_a_traceback(
    answer: tuple[str, str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    source, address, body = answer
    file = tmp_path_factory.getbasetemp() / "answer"
    file.write_bytes(body)
    ended = read(source, file, "--address", address)
    assert ended.exit_code in {0, 3, 4}
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    if ended.exit_code:
        assert ended.stderr.startswith("finews: ")
    else:
        assert json.loads(ended.stdout)["kind"] in {"list", "article"}


def asked(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return fork_server.run(
        (*FINEWS, "sources", "read", "eastmoney", *NO_DELAYS, *arguments),
        env=os.environ | environment,
    )


def test_an_answer_is_asked_for_politely_and_can_be_saved(tmp_path: Path) -> None:
    site = made_up_site(articles=MIN_ARTICLES)
    column = f"https://{LISTAPI_HOST}/comm/web/getNewsByColumns?column=350&page_index=1&page_size=3"
    saved = tmp_path / "saved.json"
    with Replica(site.sites) as replica:
        ended = asked(
            "--address", f"{column}&req_trace=1", "--save", str(saved), **replica.environment
        )
        assert ended.returncode == 0, ended.stderr
        assert ["NW" + entry["id"] for entry in json.loads(ended.stdout)["entries"]] == [
            article.info_code for article in site.columns["350"][:3]
        ]
        assert [entry.request.path for entry in replica.requests] == [
            "/robots.txt",
            "/comm/web/getNewsByColumns",
        ]
        refused = asked("--address", column, **replica.environment)
        assert refused.returncode == 3
        assert refused.stderr == f"finews: {column} answered with status 403.\n"
    assert shown("eastmoney", saved, "--address", f"{column}&req_trace=1") == json.loads(
        ended.stdout
    )


def test_an_answer_that_does_not_come_is_one_sentence() -> None:
    away = Fault(PAGE_HOST, "/a/", failure=redirect("http://169.254.169.254/"), times=1)
    cut = Fault(PAGE_HOST, "/a/", failure=reset())
    with Replica(made_up_site(articles=MIN_ARTICLES).sites, faults=[away, cut]) as replica:
        ended = [asked("--address", PAGE, **replica.environment) for _ in range(2)]
        assert not replica.unknown
    assert [one.returncode for one in ended] == [3, 3]
    assert [one.stderr for one in ended] == [
        f"finews: {PAGE} answered with status 302.\n",
        f"finews: {PAGE} gave no answer: its host closed the connection without an answer.\n",
    ]
