"""`scrapy read`: what a page object makes of one answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.article_page import PAGE_HOST
from demo.articles import FEWEST
from demo.eastmoney import LISTAPI_HOST
from demo.faults import Fault, redirect
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"
ARTICLE = "ArticlePage-NW20261122234700000004"
ADDRESS = f"https://{PAGE_HOST}/a/20261122234700000004.html"


def read(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "scrapy", "read", *arguments),
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_saved_answer_is_shown_as_the_golden_files_have_it() -> None:
    ended = read(str(GOLDEN / "answers" / f"{ARTICLE}.html"), "--address", ADDRESS)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == (GOLDEN / "ArticlePage" / f"{ARTICLE}.json").read_text(encoding="utf-8")
    assert ended.stderr == f"ArticlePage reads {ADDRESS}:\n"


def test_what_is_wrong_with_an_answer_is_one_sentence() -> None:
    saved = GOLDEN / "answers" / "FastNewsList-renamed.json"
    ended = read(str(saved), "--as", "FastNewsList", "--address", "https://x.example/list")
    assert ended.returncode == 4
    assert not ended.stdout
    assert ended.stderr.splitlines()[1:] == [
        "finews: FastNewsList cannot read https://x.example/list: none of its articles has a code."
    ]


def test_a_live_answer_is_asked_for_politely_and_can_be_kept(tmp_path: Path) -> None:
    site = made_up_site(articles=FEWEST)
    column = f"https://{LISTAPI_HOST}/comm/web/getNewsByColumns?column=350&page_index=1&page_size=3"
    kept = tmp_path / "kept.json"
    with Replica(site.sites) as replica:
        ended = read(f"{column}&req_trace=1", "--save", str(kept), **replica.environment)
        assert ended.returncode == 0, ended.stderr
        entries = json.loads(ended.stdout)["entries"]
        assert ["NW" + entry["code"] for entry in entries] == [
            article.info_code for article in site.columns["350"][:3]
        ]
        assert replica.requests[0].request.path == "/robots.txt"
        refused = read(column, **replica.environment)
        assert refused.returncode == 3
        assert "answered with status 403" in refused.stderr
    again = read(str(kept), "--address", f"{column}&req_trace=1")
    assert again.stdout == ended.stdout


def test_a_live_answer_that_is_elsewhere_is_not_asked_for() -> None:
    away = Fault(PAGE_HOST, "/a/", failure=redirect("http://169.254.169.254/"))
    with Replica(made_up_site(articles=FEWEST).sites, faults=[away]) as replica:
        ended = read(ADDRESS, **replica.environment)
        assert not replica.unknown
    assert ended.returncode == 3
    assert "169.254.169.254 is none of the hosts of this crawl" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nosuch.html"], "nosuch.html: No such file or directory"),
        (["README.md"], "say with --address where README.md came from"),
        (["README.md", "--address", "ftp://x/"], "an address should be an address such as"),
        (["README.md", "--as", "NoPage"], "there is no page object 'NoPage'"),
        ([], "say one file, or one address"),
    ],
)
def test_a_wrong_call_is_told(arguments: list[str], sentence: str) -> None:
    ended = read(*arguments)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
