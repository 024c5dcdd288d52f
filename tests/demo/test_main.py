"""The demo's command line."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from demo.__main__ import crawl, main
from demo.articles import MIN_ARTICLES
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import made_up_site
from tests.support.children import Child

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "nonsense"], "the fault 'nonsense' is not HOST[/PATH]=WAY[:VALUE][*TIMES]"),
        (["--fault", "elsewhere.example=reset"], "is for a host that is not here"),
        (["--articles", "3"], "the made-up site needs 60 articles or more, not 3"),
    ],
)
def test_a_bad_argument_ends_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_taken_port_ends_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            main(["serve", "--port", str(port)])
    assert ended.value.code == 1
    assert f"Could not serve on port {port}" in capsys.readouterr().err


CHILD = f"""
import os, sys, urllib.request
assert not os.environ["no_proxy"]
with urllib.request.urlopen("https://{MIRROR_HOST}/") as home:
    section = home.read().decode().partition("<section>")[2]
    path = section.partition('<li><a href="')[2].partition('"')[0]
urllib.request.urlopen("http://{MIRROR_HOST}" + path).close()
urllib.request.urlopen("http://finews.zning.xyz/NewsData/GetNewsText.do?id=NW1").close()
print("archive", os.environ["FINEWS_ARCHIVE"], flush=True)
sys.exit(3)
"""


def test_it_crawls_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("FINEWS_ARCHIVE", str(tmp_path / "news"))
    site = made_up_site(articles=MIN_ARTICLES)
    with Replica(site.sites) as replica:
        assert crawl(replica, site, (sys.executable, "-c", CHILD)) == 3
    output = capfd.readouterr().out
    commands = output.count(f"archive {tmp_path / 'news'}\n")
    assert commands > 2
    assert f"received {2 * commands} requests for articles" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_it_is_stopped_whatever_it_inherited(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "demo", "serve", "--fault", f"{MIRROR_HOST}/feed.xml=empty"]
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)}
    with Child(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        *_, command = (child.stdout.readline() for _ in range(3))
        for word in shlex.split(command):
            name, told, value = word.partition("=")
            if told:
                monkeypatch.setenv(name, value)
        directed = urllib.request.build_opener()  # urlopen's would outlast this environment
        with directed.open(f"http://{MIRROR_HOST}/", timeout=5) as answer:
            assert "金融消息" in answer.read().decode()
        with directed.open(f"https://{MIRROR_HOST}/feed.xml", timeout=5) as answer:
            assert answer.read() == b""
        assert list(tmp_path.iterdir())
        child.send_signal(number)
        assert child.wait(timeout=5) == 0
        assert child.stderr.read() == ""
    assert not list(tmp_path.iterdir())


def test_a_crawl_that_is_ended_ends_the_made_up_site_too(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "FINEWS_ARCHIVE": str(tmp_path / "news")}
    slow = ("--fault", f"{MIRROR_HOST}=delay:1")
    with Child(
        (sys.executable, "-m", "demo", *slow), cwd=ROOT, env=environment, stderr=subprocess.PIPE
    ) as demo:
        log = tmp_path / "news" / "crawl.log"
        while not (log.exists() and "Spider opened" in log.read_text("utf-8")):
            assert demo.poll() is None
            time.sleep(0.05)
        demo.terminate()
        assert demo.wait(timeout=60) == 128 + signal.SIGTERM
    assert [path.name for path in tmp_path.iterdir()] == ["news"]
