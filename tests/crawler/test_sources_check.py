"""`finews sources check`: each interface is asked once, and what is otherwise is named."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given

from crawler.checking.answers import Answers, CheckedAnswer, response_of
from crawler.checking.comparison import Result, compare
from crawler.checking.interfaces import category_address
from crawler.checking.report import report
from crawler.mirror_site import MirrorSite
from crawler.source_commands import sources
from crawler.sources import Sources
from demo.article_api import ARTICLE_API_HOST
from demo.article_page import PAGE_HOST
from demo.articles import SHANGHAI, SHARE_HOSTS
from demo.eastmoney import LISTAPI_HOST, SCRIPT_HOST, WEBLIST_HOST
from demo.faults import (
    Failure,
    Fault,
    garbage,
    redirect,
    reset,
    status,
    truncated,
)
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import MadeUpSite, made_up_site
from tests.conftest import FINEWS, NO_DELAYS, SOURCES
from tests.support import fork_server
from tests.support.source_answers import RECORDED, answers, bent_answers

HAND_MADE = ("eastmoney", "finews")
OLD = timedelta(days=10)
CAPTCHA = (RECORDED / "captcha" / "slider_aliyun.html").read_bytes()
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def site() -> MadeUpSite:
    return made_up_site(articles=200, built=datetime.now(SHANGHAI))


@pytest.fixture(scope="module")
def saved(site: MadeUpSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The answers of a check of all sources."""
    folder = tmp_path_factory.mktemp("check") / "saved"
    with Replica(site.sites) as replica:
        assert check(replica, "--save", str(folder)).returncode == 0
    return folder


def check(
    replica: Replica, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Check the sources that arguments name, or else those that are more than declared."""
    names = () if {*HAND_MADE} & {*arguments} else HAND_MADE
    ended = fork_server.run(
        (*FINEWS, "sources", "check", *NO_DELAYS, *names, *arguments),
        env=os.environ | replica.environment | environment,
    )
    assert "Traceback" not in ended.stderr
    return ended


def check_saved(folder: Path, *arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(sources, ["check", "--from", str(folder), *arguments])
    return ended.exit_code, ended.output


def assert_asked_once(replica: Replica) -> None:
    """robots.txt first at each host, and no address twice."""
    asked = Counter((entry.request.host, entry.request.path) for entry in replica.requests)
    assert set(asked.values()) == {1}
    first = {}
    for entry in replica.requests:
        first.setdefault(entry.request.host, entry.request.path)
    assert set(first.values()) == {"/robots.txt"}
    assert not replica.unknown


def test_sources_that_are_as_expected(site: MadeUpSite, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with Replica(site.sites) as replica:
        archive = tmp_path / "news"
        ended = check(replica, "--save", str(saved), FINEWS_ARCHIVE=str(archive))
        assert ended.returncode == 0, ended.stdout
        assert not archive.exists()
        assert_asked_once(replica)
    assert "## eastmoney: 7 of 7 interfaces as expected" in ended.stdout
    assert "## finews: 7 of 7 interfaces as expected" in ended.stdout
    assert ended.stderr.startswith("finews: All ")
    assert len(ended.stdout) < 4000
    again, text = check_saved(saved)
    assert again == 0
    assert check_saved(saved, "finews")[1].startswith("# Sources, saved answers")
    tables = [re.findall(r"^\|.*$", shown, re.MULTILINE) for shown in (ended.stdout, text)]
    assert tables[0] == tables[1]


def fields(old: str, new: str) -> Change:
    """Return what writes another text in place of one."""
    return lambda body: re.sub(old, new, body.decode()).encode()


def without_order(body: bytes) -> bytes:
    answer = json.loads(body)
    answer["data"]["fastNewsList"].reverse()
    return json.dumps(answer).encode()


ROLLING = f"rolling-news-at-{WEBLIST_HOST}.json"
COLUMN = f"column-at-{LISTAPI_HOST}.json"
ARTICLE_PAGE = f"article-page-at-{PAGE_HOST}.html"
FEED = f"finews/feed-at-{MIRROR_HOST}.xml"
HOME = f"finews/home-at-{MIRROR_HOST}.html"
POST = f"finews/post-page-at-{MIRROR_HOST}.html"
CHANGES: list[tuple[str, Change, str]] = [
    (f"eastmoney/{ROLLING}", lambda _: b"", "it is empty in place of JSON or JSONP (A)"),
    (f"eastmoney/{ROLLING}", lambda body: body[:-2], "it is not JSON"),
    (
        f"eastmoney/{ROLLING}",
        lambda _: '{"code": -1, "message": "访问过于频繁"}'.encode(),
        "it refused with the message '访问过于频繁' (A)",
    ),
    (
        f"eastmoney/{ROLLING}",
        fields('"showTime"', '"show_time"'),
        "`data.fastNewsList[].showTime` is missing in 50 of 50 entries; `show_time` is there (A)",
    ),
    (
        f"eastmoney/{ROLLING}",
        fields(r'"code": "(\d{2,})"', r'"code": \1'),
        "in 50 of 50 entries in place of a text of 15 to 20 digits (A)",
    ),
    (
        f"eastmoney/{ROLLING}",
        fields(r'"showTime": "(\d+)-(\d+)-', r'"showTime": "\1/\2/'),
        "in place of a time such as 2026-09-19 01:09:08 (A)",
    ),
    (
        f"eastmoney/{ROLLING}",
        without_order,
        "its entries are not in order of time (C)",
    ),
    (
        f"eastmoney/{ROLLING}",
        fields(r'"sortEnd": "\d+"', '"sortEnd": "17"'),
        "`data.sortEnd` is not the last entry's `realSort` (B)",
    ),
    (
        f"eastmoney/{ROLLING}",
        fields(r'"fastNewsList": \[.*\]', '"fastNewsList": []'),
        "it names no article (A)",
    ),
    (
        f"eastmoney/{COLUMN}",
        fields('"page_index": 1', '"page_index": 2'),
        "`data.page_index` is `2` where 1 was requested (B)",
    ),
    (
        f"eastmoney/{COLUMN}",
        fields("totle_hits", "total_hits"),
        "`data.totle_hits` is missing; `total_hits` is there (A)",
    ),
    (
        f"eastmoney/{COLUMN}",
        fields(r'"totle_hits": (\d+)', r'"totle_hits": "\1"'),
        "in place of a number (A)",
    ),
    (
        f"eastmoney/{ARTICLE_PAGE}",
        fields('id="ContentBody"', 'id="Body"'),
        "it has no whole #ContentBody (B)",
    ),
    (
        f"eastmoney/article-page-at-{PAGE_HOST}.html",
        fields(
            "<title>.*</title>|<h1>.*</h1>|(?<=class=.title.>).*(?=</div>)", "<h1>行情中心</h1>"
        ),
        "行情中心",
    ),
    (
        f"eastmoney/article-api-at-{ARTICLE_API_HOST}.json",
        fields(r'"Art_ShowTime": "(\d+)/(\d+)/', r'"Art_ShowTime": "\1-\2-'),
        "in place of a time such as 2026/09/19 01:09:08 (A)",
    ),
    (
        f"eastmoney/article-api-at-{ARTICLE_API_HOST}.json",
        lambda _: b'{"success":0,"errorcode":1,"data":null}',
        "has no article NW",
    ),
    (
        f"eastmoney/rolling-news-in-a-script-at-{SCRIPT_HOST}.js",
        fields("^var ajaxResult=|;$", ""),
        "it is JSON in place of script (C)",
    ),
    (
        f"eastmoney/news-of-a-security-at-{LISTAPI_HOST}.json",
        fields('"code": 1,', '"code": "1",'),
        '`code` is `"1"` in place of 1 (A)',
    ),
    (
        f"eastmoney/news-of-a-security-at-{LISTAPI_HOST}.json",
        fields('"totle_hits": .*?,|, "totle_hits": [0-9]+', ""),
        "`data.totle_hits` is missing (B)",
    ),
    (
        FEED,
        lambda _: b"<html></html>",
        "it is HTML in place of XML (A)",
    ),
    (
        FEED,
        lambda body: body[: body.rindex(b"</entry>")],
        "it ends before the end of its <feed> (A)",
    ),
    (HOME, fields("<li>", "<p>"), "it names no article (A)"),
    (
        POST,
        fields("<small>", "<b>"),
        "it has no heading in its <section> (A)",
    ),
    ("finews/share-api-at-finews.zning.xyz.json", lambda _: b"[]", "it is not a JSON object (D)"),
]


@pytest.mark.parametrize(
    ("file", "change", "sentence"), CHANGES, ids=[f"{change[0]} {change[2]}" for change in CHANGES]
)
def test_a_deviation_is_named_with_its_certainty(
    file: str, change: Change, sentence: str, saved: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(saved, tmp_path / "saved")
    path = folder / file
    assert change(path.read_bytes()) != path.read_bytes()
    path.write_bytes(change(path.read_bytes()))
    status, text = check_saved(folder)
    assert sentence in text
    assert status == 4


FAULTS: list[tuple[str, str, str | re.Pattern[str], Failure, str]] = [
    ("eastmoney", WEBLIST_HOST, "/comm", status(403), "it refused with status 403 (A)"),
    ("eastmoney", WEBLIST_HOST, "/comm", status(500), "it answered with status 500 (A)"),
    ("eastmoney", WEBLIST_HOST, "/comm", garbage(CAPTCHA), "captcha"),
    ("eastmoney", WEBLIST_HOST, "/comm", truncated(), "the answer ended too early (A)"),
    (
        *("eastmoney", WEBLIST_HOST, "/comm", reset()),
        "its host cut the connection without an answer, as a ban does (B)",
    ),
    (
        *("eastmoney", PAGE_HOST, "/a/", redirect("https://www.eastmoney.com/")),
        "it answered with status 302 and leads to `https://www.eastmoney.com/` (B)",
    ),
    (
        *("eastmoney", PAGE_HOST, "/robots.txt"),
        status(200, body=b"User-agent: *\nDisallow: /a/\n"),
        "robots.txt forbids it, so it was not asked (D)",
    ),
    (
        *("finews", MIRROR_HOST, re.compile(r"/\d{4}/"), status(404)),
        "it answered with status 404 (A)",
    ),
]


@pytest.mark.parametrize(
    ("source", "host", "path", "failure", "sentence"), FAULTS, ids=[fault[4] for fault in FAULTS]
)
def test_a_failure_is_named_with_its_certainty(
    source: str,
    host: str,
    path: str | re.Pattern[str],
    failure: Failure,
    sentence: str,
    site: MadeUpSite,
) -> None:
    with Replica(site.sites, faults=[Fault(host, path, failure=failure)]) as replica:
        ended = check(replica, source)
        assert ended.returncode == 4, ended.stdout
        assert_asked_once(replica)
    assert sentence in ended.stdout
    assert ended.stderr.endswith("interfaces do not answer as expected.\n")


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (reset(), "Every host refuses; try again tomorrow."),
        (status(403), "Every host refuses; try again tomorrow."),
        (garbage(CAPTCHA), "Every host refuses; try again tomorrow."),
        (
            status(200, body=b"User-agent: finews\nDisallow: /\n"),
            "robots.txt forbids all that would be asked for.",
        ),
    ],
)
def test_hosts_that_refuse_are_named(failure: Failure, sentence: str, site: MadeUpSite) -> None:
    with Replica(site.sites, faults=[Fault("*", failure=failure)]) as replica:
        ended = check(replica, "eastmoney")
        assert_asked_once(replica)
    assert ended.returncode == 3, ended.stdout
    assert ended.stderr == f"finews: {sentence}\n"


def test_no_network_is_named() -> None:
    with Replica({}) as replica:
        nowhere = dict(replica.environment)
    ended = fork_server.run(
        (*FINEWS, "sources", "check", *NO_DELAYS, *HAND_MADE), env=os.environ | nowhere
    )
    assert ended.returncode == 3, ended.stdout
    assert "its host refuses connections" in ended.stdout
    assert ended.stderr == "finews: No host answers; is this machine on the network?\n"


def test_dead_share_hosts_are_as_expected(site: MadeUpSite) -> None:
    dead = zip(SHARE_HOSTS, (reset(), status(404), status(503)), strict=True)
    faults = [Fault(host, "/NewsData", failure=failure) for host, failure in dead]
    with Replica(site.sites, faults=faults) as replica:
        ended = check(replica, "finews")
    assert ended.returncode == 0, ended.stdout
    for seen in ("no answer", "404", "503"):
        assert f"| {seen}, out of service (B) | as expected |" in ended.stdout


def test_articles_are_asked_for_that_were_seen_where_no_list_names_one(site: MadeUpSite) -> None:
    lists = [Fault(host, "/", failure=status(404)) for host in (WEBLIST_HOST, LISTAPI_HOST)]
    with Replica(site.sites, faults=[*lists, Fault(SCRIPT_HOST, failure=status(404))]) as replica:
        assert check(replica, "eastmoney").returncode == 4
        assert_asked_once(replica)
        asked = [entry.request.target for entry in replica.requests]
    assert "/a/202609183878840472.html" in asked
    assert any("mTypeAndCode=1.600519" in target for target in asked)


def test_a_category_with_a_space_is_not_asked_for() -> None:
    """Its page has no links."""
    site = MirrorSite(Sources.load(SOURCES).mirror)
    for slug, page in (("cailianshe", "cailianshe"), ("21shiji 21caijingAPP", "emnews")):
        assert category_address(site, slug) == f"https://{MIRROR_HOST}/category/{page}.html"


def test_an_old_list_is_named() -> None:
    old = made_up_site(articles=200, built=datetime.now(SHANGHAI) - OLD)
    with Replica(old.sites) as replica:
        ended = check(replica)
    assert ended.returncode == 4
    assert ended.stdout.count("its newest entry is 10 days old, more than 24 hours (A)") == 2
    assert "its newest entry is 10 days old, more than 24 hours (C)" in ended.stdout
    assert "its newest entry is 10 days old, more than 4 days (A)" in ended.stdout
    assert "its newest entry is 10 days old, more than 3 days (A)" in ended.stdout


def test_a_delay_that_robots_txt_asks_for_is_named(site: MadeUpSite) -> None:
    robots = status(200, body=b"User-agent: *\nCrawl-delay: 1\n")
    fault = Fault(MIRROR_HOST, "/robots.txt", failure=robots)
    with Replica(site.sites, faults=[fault]) as replica:
        ended = check(replica, "finews")
    assert f"{MIRROR_HOST} there, asks for a delay of 1 s" in ended.stdout


def test_recorded_answers_are_as_expected() -> None:
    status, text = check_saved(RECORDED / "eastmoney")
    assert status == 0, text
    assert "8 of 8 interfaces as expected" in text


@given(answer=answers() | bent_answers())
def test_any_answer_is_compared(answer: tuple[str, str, bytes]) -> None:
    source, address, body = answer
    compared = CheckedAnswer(interface="x", address=address, response=response_of(address, body))
    finding = compare(source, compared)
    assert finding.deviations or finding.result is Result.EXPECTED
    text = report([(Answers(source, (compared,), {}), [finding])], when=None, version="1")
    assert len(text.encode().splitlines()) == text.count("\n")


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (None, "has no saved answers of any source"),
        ("[]", "is no index of saved answers"),
        ('{"source": "sohu", "files": {}}', "has no saved answers of any source"),
        (
            '{"source": "finews", "files": {"../x": {"address": "http://x.example/"}}}',
            "is no index",
        ),
        ('{"source": "finews", "files": {"x.html": {"address": "x"}}}', "is no index"),
        ('{"source": "finews", "files": {}, "unanswered": [{}]}', "is no index"),
        ('{"source": "finews", "files": {"x.html": {"address": "http://x.example/"}}}', "x.html"),
    ],
)
def test_a_folder_without_answers_is_named(
    index: str | None, sentence: str, tmp_path: Path
) -> None:
    if index is not None:
        (tmp_path / "index.json").write_text(index, encoding="utf-8")
    ended = fork_server.run((*FINEWS, "sources", "check", "--from", str(tmp_path)))
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sins"], "Is sina meant?"),
        (["--save", "x", "--from", "tests"], "Name --save or --from, not both"),
        (["--set", "USER_AGENT"], "'USER_AGENT' is not NAME=VALUE"),
        (["--from", "nosuch"], "'nosuch' does not exist"),
    ],
)
def test_a_wrong_call_is_named(arguments: list[str], sentence: str) -> None:
    ended = CliRunner().invoke(sources, ["check", *arguments])
    assert ended.exit_code == 2
    assert sentence in ended.output
