"""The command ``finews``."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import chdir, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from archive.archive import Archive
from archive.article import SHANGHAI, Article, BodySource
from archive.article_id import InfoCode
from archive.crawl_state import FailedAttempt
from tests.support.calls import call
from tests.support.children import Child

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `finews` in an empty folder."""
    monkeypatch.delenv("FINEWS_ARCHIVE", raising=False)
    monkeypatch.chdir(tmp_path)
    return call


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """An archive of one article."""
    folder = tmp_path / "news"
    now = datetime(2021, 12, 29, 10, tzinfo=UTC)
    with Archive(folder, clock=lambda: now) as archive:
        archive.add(
            Article(
                info_code=InfoCode("NW202112292230175548"),
                title="“3060”的“数字”密码",
                published=datetime(2021, 12, 29, 17, 34, 39, tzinfo=SHANGHAI),
                body="<p>碳达峰</p>",
                body_source=BodySource.SHARE_API,
                link="http://finews.zning.xyz/",
                category="jingjiguanchawang",
                tag="经济观察网新闻",
                media="经济观察网",
            )
        )
    return folder


def test_a_command_imports_what_it_needs_itself() -> None:
    """Datasette takes a second, in every process that helps `finews verify`."""
    script = """
import sys
from archive.cli import main

try:
    main(["verify", "--help"])
finally:
    print([*{"archive.integrity.verify", "archive.browse", "datasette", "scrapy"} & {*sys.modules}])
"""
    command = (sys.executable, "-c", script)
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "['archive.integrity.verify']"


@pytest.mark.parametrize("group", [(), ("export",), ("cluster",)])
def test_no_line_of_a_list_of_commands_is_cut(run: Run, group: tuple[str, ...]) -> None:
    shown = run(*group, "--help").output
    _, commands = shown.split("\n\n", 1)
    assert commands
    assert "..." not in commands


def test_what_is_no_command_is_refused_by_name(run: Run) -> None:
    told = run("brows")
    assert told.exit_code == 2
    assert "No such command 'brows'. Did you mean 'browse'?" in told.output


@pytest.mark.parametrize("command", ["browse", "stats"])
@pytest.mark.parametrize("arguments", [(), ("elsewhere",)])
def test_a_missing_archive_is_one_sentence(
    run: Run, command: str, arguments: tuple[str, ...]
) -> None:
    result = run(command, *arguments)
    assert result.exit_code == 1
    folder = arguments[0] if arguments else "news"
    assert result.output == (
        f"Error: There is no archive in {folder}: it has no catalog.db, no _posts and no warc; "
        "name the archive's folder, or set FINEWS_ARCHIVE to it.\n"
    )


@pytest.mark.parametrize("command", ["browse", "stats"])
def test_a_file_that_is_no_catalog_is_one_sentence(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "news").mkdir()
    catalog = tmp_path / "news" / "catalog.db"
    catalog.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    result = run(command)
    assert result.exit_code == 1
    assert result.output.startswith("Error: Could not read the catalog news/catalog.db: ")
    assert result.output.count("\n") == 1
    catalog.unlink()
    with closing(sqlite3.connect(catalog)) as other:
        other.execute("CREATE TABLE other (id)")
    assert "has no absences: it was written by an older release" in run(command).output


def test_a_port_in_use_is_one_sentence(run: Run, news: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("browse", "--port", str(port))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Could not listen on 127.0.0.1, port {port}: Address already in use.\n"
    )


def test_stats(run: Run, news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("stats")
    assert result.exit_code == 0
    figures = dict(re.split("  +", line) for line in result.output.splitlines())
    assert figures["posts"] == "1"
    assert figures["published"] == "2021-12-29 to 2021-12-29"
    assert figures["newest"] == "2021-12-29 17:34 “3060”的“数字”密码"
    assert figures["media"] == "1"
    assert figures["text"] == "3 characters"
    assert "\x1b" not in result.output

    monkeypatch.setenv("FINEWS_ARCHIVE", str(news))
    monkeypatch.chdir("/")
    assert f"archive     {news}" in run("stats").stdout
    assert run("stats").stderr == f"The archive is {news} (from FINEWS_ARCHIVE).\n"
    assert run("stats", str(news)).stderr == ""


def test_the_archive_is_that_of_the_project_around_the_folder(
    run: Run, news: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = settings.base\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    code = "from archive.cli import main; main()"
    command = (sys.executable, "-c", code, "stats")
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"archive     {news}\n" in shown.stdout
    assert shown.stderr == f"The archive is {news} (the setting of the project).\n"


def test_stats_lists_the_last_crawls_aligned(run: Run, news: Path) -> None:
    with Archive(news) as archive:
        crawl = archive.begin_crawl("finews", {})
        archive.end_crawl(crawl, 1, "源站打不开。", {"added": 3})
        archive.begin_crawl("finews", {})
    *_, newer, older = run("stats").output.splitlines()
    assert newer.startswith("crawl 2  ")
    assert "interrupted" in newer
    counts = "found 0, added 3, revised 0, unchanged 0, gone 0, failed 0"
    assert f"status 1     {counts}  源站打不开。" in older


def test_stats_of_an_empty_archive(run: Run, tmp_path: Path) -> None:
    Archive(tmp_path / "news").close()
    result = run("stats")
    assert result.exit_code == 0
    assert "posts       0" in result.output


@pytest.mark.parametrize(
    ("options", "path", "number"),
    [
        ((), "/", signal.SIGINT),
        (("--base-url", "finews"), "/finews/", signal.SIGTERM),
        (("--marks",), "/", signal.SIGHUP),
    ],
)
def test_browse_serves_until_it_is_asked_to_end(
    news: Path, options: tuple[str, ...], path: str, number: signal.Signals
) -> None:
    command = (sys.executable, "-m", "archive.cli", "browse", str(news), "--port", "0", *options)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with Child(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        match = re.fullmatch(rf"{news} is at (http://127\.0\.0\.1:\d+{path}) .*\n", said)
        assert match
        page = get(match[1])
        assert "“3060”的“数字”密码" in page
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', page):
            assert address.startswith((path, "#", "?")), address
        assert get(f"{match[1]}-/finews/finews.css").startswith("/*")
        server.send_signal(number)
        output, errors = server.communicate(timeout=20)
    assert output == ""
    assert errors == ""
    assert server.returncode == 0


def get(address: str) -> str:
    """The page at an address, as soon as it can be had."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=20) as response:  # noqa: S310
                text: str = response.read().decode()
                return text
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError(address)


def test_plain_datasette_shows_the_same_data_undressed(news: Path) -> None:
    command = (sys.executable, "-m", "datasette", str(news / "catalog.db"), "--get")
    for path, expected in (
        ("/catalog/posts.json", '"NW202112292230175548"'),
        ("/catalog/posts/NW202112292230175548", "经济观察网"),
        ("/catalog/posts_per_media", "经济观察网"),
    ):
        shown = subprocess.run((*command, path), capture_output=True, text=True, check=True)
        assert expected in shown.stdout
        assert "finews.css" not in shown.stdout


def test_stats_name_hosts_left_alone_and_articles_that_failed(run: Run, news: Path) -> None:
    now = datetime.now(UTC)
    with Archive(news) as archive:
        hour = timedelta(hours=1)
        archive.crawl_state.block("share.test", "it answered 403", now, hour, hour)
        missing = FailedAttempt(InfoCode("NW202112292230175599"), "It is not there.")
        archive.crawl_state.failed(missing, now)
    told = run("stats", str(news)).output
    assert re.search(r"banned +share.test +until .* UTC +it answered 403", told)
    assert re.search(r"failed +NW202112292230175599 +in 1 crawls +It is not there.", told)


def test_verify_and_rebuild(run: Run, news: Path) -> None:
    told = run("verify", str(news))
    assert (told.exit_code, told.output) == (0, "1 files and 3 captures checked, 0 wrong.\n")
    (post,) = (news / "_posts").rglob("*.md")
    data = post.read_bytes()
    post.write_bytes(b"changed")
    told = run("verify", str(news))
    assert told.exit_code == 3
    assert told.output.startswith("file changed: _posts/2021/12/")
    told = run("verify", "--repair", str(news))
    assert (told.exit_code, post.read_bytes()) == (0, data)
    (news / "catalog.db").unlink()
    told = run("rebuild", str(news))
    assert (told.exit_code, told.output) == (0, f"The catalog of {news} has 1 post.\n")
    assert run("verify", str(news)).exit_code == 0
    with Archive(news):
        told, rebuilt = run("verify", str(news)), run("rebuild", str(news))
    assert (told.exit_code, rebuilt.exit_code) == (4, 4)
    assert "is being written by process" in told.output


def test_what_is_accepted_is_wrong_no_more_and_other_damage_is(run: Run, news: Path) -> None:
    (capture,) = (news / "warc").glob("finews-*")
    data = bytearray(capture.read_bytes())
    data[-200] ^= 1
    capture.write_bytes(data)
    assert run("verify", str(news)).exit_code == 3
    assert run("verify", "--repair", str(news)).exit_code == 3
    accepted = run("verify", "--accept", str(news))
    assert accepted.exit_code == 0
    told = run("verify", str(news))
    assert told.exit_code == 0
    assert all(line.startswith("accepted: ") for line in told.output.splitlines()[:-1])
    assert told.output.splitlines()[:-1]
    assert run("verify", os.path.relpath(news)).exit_code == 0  # by another name
    with chdir(news):
        assert run("verify", ".").exit_code == 0
    assert run("verify", "--strict", str(news)).exit_code == 5
    recorded = [json.loads(line) for line in (news / "accepted.jsonl").read_text().splitlines()]
    assert {each["wrong"] for each in recorded} >= {"capture damaged"}
    with (news / "accepted.jsonl").open("a") as file:
        file.write('{"at": ')  # as a power cut leaves it
    (post,) = (news / "_posts").rglob("*.md")
    post.write_bytes(b"changed")
    told = run("verify", str(news))
    assert told.exit_code == 3
    assert "1 wrong" in told.output


def test_import_names_what_is_broken_and_counts(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    broken = b'---\ntitle: "a"b"\n---\n<p>x</p>'
    (other / "2021-12-29-NW202112292230175599.md").write_bytes(broken)
    (other / "README.md").write_bytes(b"no post")
    told = run("import", "--archive", "news", str(other))
    assert told.exit_code == 0
    assert "1 added, 0 newer than the archive's, 0 older, 0 unchanged" in told.output
    assert "1 not imported; 1 broken." in told.output
    assert "2021-12-29-NW202112292230175599.md: " in told.stderr
    assert "README.md: not imported: " in told.stderr
    (post,) = Path("news/_posts").rglob("*.md")
    assert post.read_bytes() == broken
    told = run("import", "--quiet", "--archive", "news", str(other))
    assert "1 unchanged" in told.output
    assert "README" not in told.stderr
    assert run("import", "nowhere").exit_code == 2


def test_export_writes_lines_or_parquet(run: Run, news: Path, tmp_path: Path) -> None:
    told = run("export", str(news), "--search", "碳达峰")
    assert told.exit_code == 0
    (line,) = told.stdout.splitlines()
    assert json.loads(line)["info_code"] == "NW202112292230175548"
    assert run("export", str(news), "--until", "2021").stdout == ""
    told = run("export", str(news), "--format", "parquet", "-o", "posts.parquet")
    assert told.exit_code == 0
    assert Path("posts.parquet").read_bytes().startswith(b"PAR1")
    told = run("export", str(news), "--format", "parquet")
    assert (told.exit_code, "use --output FILE" in told.stderr) == (2, True)
    assert run("export", "elsewhere").exit_code == 1


@pytest.mark.parametrize("command", [["verify"], ["verify", "--repair"], ["rebuild"], ["stats"]])
def test_a_folder_that_is_no_archive_is_left_as_it_is(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "photos").mkdir()
    result = run(*command, "photos")
    assert result.exit_code == 1
    assert result.output.startswith("Error: There is no archive in photos: ")
    assert not list((tmp_path / "photos").iterdir())


def test_a_poorer_catalog_takes_the_place_of_a_sound_one_by_force_only(
    run: Run, news: Path
) -> None:
    (post,) = (news / "_posts").rglob("*.md")
    post.unlink()
    refused = run("rebuild")
    assert refused.exit_code == 1
    assert "is sound and was not replaced" in refused.output
    assert run("rebuild", "--force").output.endswith("The catalog of news has 0 posts.\n")
