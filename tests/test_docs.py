"""Every command that the documents show in a `console` block is run, in their order.

Each document has a copy of the project to itself, with the archive of a crawl of the sample site in
`news/`. There the crawler meets that site in place of the real one, without delays.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote
from urllib.request import ProxyHandler, build_opener

import pytest

from archive.article import SHANGHAI
from demo.article_page import PAGE_HOST
from demo.articles import FEWEST
from demo.eastmoney import LISTAPI_HOST, WEBLIST_HOST
from demo.replica import Answer, Replica, Site, folder_site, share_api_site
from demo.site import made_up_site
from tests.conftest import MIRROR, ROOT, SAMPLES, SHARE_HOSTS, crawl_with
from tests.requirements import program

DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
_BLOCK = re.compile(r"^( *)```console\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_SERVING = re.compile(r"finews browse|http\.server")
INSTALLED = "/opt/finews"
"""Where the documents suppose the project, when it is set up for years."""
STAND_ASIDE = "useradd|git|python3|chown|crontab|systemctl|docker|apt-get|rabbitmqctl"
FOR_ROOT = rf"{STAND_ASIDE}|cd|cp|mkdir|sed|rsync|logrotate|finews|\.venv/bin/\w+"
NEEDED = ("git", "jekyll", "rsync")
NOT_OURS = (
    ".git",
    ".venv",
    ".hypothesis",
    "__pycache__",
    "*cache",
    "*.egg-info",
    "build",
    "dist",
    "logs",
    "news*",
)
"""What lies in the project's folder without being a part of it."""
PAGE = ROOT / "tests" / "golden" / "answers" / "ArticlePage-NW20261122234700000004.html"
"""Eastmoney's page of every article here."""


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def commands(document: Path) -> list[str]:
    blocks = _BLOCK.findall(document.read_text(encoding="utf-8"))
    lines = [line.strip() for _, block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), "a block shows commands, not what they say"
    return [line.removeprefix("$ ") for line in lines]


WITH_COMMANDS = [document for document in DOCUMENTS if commands(document)]
TRANSLATION = ROOT / "README.zh.md"
"""Shows the commands of the README, which are run once."""


@pytest.fixture(scope="module")
def sites() -> Mapping[str, Site]:
    answers = {path.stem: path.read_bytes() for path in (SAMPLES / "share_api").iterdir()}
    share = share_api_site(answers)
    eastmoney = made_up_site(articles=FEWEST, built=datetime.now(SHANGHAI)).sites
    return {
        **{host: eastmoney[host] for host in (WEBLIST_HOST, LISTAPI_HOST)},
        PAGE_HOST: lambda request: Answer(body=PAGE.read_bytes()),
        MIRROR: folder_site(SAMPLES / "site"),
        **dict.fromkeys(SHARE_HOSTS, share),
    }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, sites: Mapping[str, Site]) -> Path:
    """The archive of a crawl of the sample site."""
    archive = tmp_path_factory.mktemp("docs") / "news"
    with Replica(sites) as replica:
        assert crawl_with(replica, archive)().status == 0
    return archive


@pytest.fixture
def project(crawled: Path, tmp_path: Path) -> Path:
    """A copy of the project, to be worked in."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_OURS))
    (copy / ".venv").symlink_to(Path(sys.executable).parent.parent)
    shutil.copytree(crawled, copy / "news")
    for path, there, here in (
        ("crawler/spiders/eastmoney.py", '"DOWNLOAD_DELAY": 2.0', '"DOWNLOAD_DELAY": 0'),
        ("settings/base.py", "DOWNLOAD_DELAY = 1.0", "DOWNLOAD_DELAY = 0"),
        ("settings/base.py", "AUTOTHROTTLE_ENABLED = True", "AUTOTHROTTLE_ENABLED = False"),
    ):
        text = (copy / path).read_text(encoding="utf-8")
        assert there in text
        (copy / path).write_text(text.replace(there, here), encoding="utf-8")
    subprocess.run(("git", "init", "--quiet"), cwd=copy, check=True)
    return copy


@pytest.fixture
def environment(
    project: Path, sites: Mapping[str, Site], tmp_path: Path
) -> Iterator[Mapping[str, str]]:
    """What commands find around them; the internet is the sample site."""
    for name in ("HOST", "BACKUP"):
        (tmp_path / name).mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FINEWS_")}
    with Replica(sites) as replica:
        yield kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(project),
            "PYTEST_DEBUG_TEMPROOT": str(tmp_path),
            **replica.environment,
            "OTHER": str(ROOT / "tests" / "samples" / "posts"),
            "OUT": str(tmp_path),
            "HOST": str(tmp_path / "HOST"),
            "BACKUP": str(tmp_path / "BACKUP"),
        }


@pytest.mark.parametrize(
    "document", [document for document in WITH_COMMANDS if document != TRANSLATION], ids=name_of
)
def test_the_commands_of_a_document_run(
    document: Path, project: Path, environment: Mapping[str, str]
) -> None:
    shown = commands(document)
    for name in NEEDED:
        if any(re.search(rf"\b{name}\b", command) for command in shown):
            program(name)
    for command in shown:
        if _SERVING.search(command):
            serve(command, project, environment)
            continue
        done = subprocess.run(
            command,
            shell=True,
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def serve(command: str, project: Path, environment: Mapping[str, str]) -> None:
    """Run a command that serves until it is interrupted: it says where."""
    serving = subprocess.Popen(
        f"exec {command}",
        shell=True,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert serving.stdout is not None
    with serving.stdout:
        told = serving.stdout.readline()
        address = re.search(r"http://[\w.]+:\d+/", told)
        assert address, f"{command}\n{told}"
        directly = build_opener(ProxyHandler({}))
        assert directly.open(address[0], timeout=30).status == 200
        serving.send_signal(signal.SIGINT)
        rest = serving.stdout.read()
    assert serving.wait(timeout=30) in {0, 130}, rest


def as_cron_runs_them(document: Path) -> list[str]:
    """The commands of the crontab lines that a document shows."""
    lines = re.findall(r"^ {4}\*/\d+(?: \*){4} (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return [str(line) for line in lines]


@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if as_cron_runs_them(document)], ids=name_of
)
def test_the_crontab_lines_of_a_document_run(
    document: Path, project: Path, environment: Mapping[str, str]
) -> None:
    program("jekyll")
    for line in as_cron_runs_them(document):
        command = line.replace(INSTALLED, str(project))
        subprocess.run(("sh", "-c", command), env=environment, check=True, capture_output=True)
    assert (project / "public" / "_site" / "index.html").is_file()


def for_root(document: Path) -> list[str]:
    """The indented commands of a document, which set up a machine."""
    lines = re.findall(rf"^ {{4}}((?:{FOR_ROOT}) .*)$", document.read_text("utf-8"), re.MULTILINE)
    return [str(line) for line in lines]


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Where systemd would have its units."""
    (tmp_path / "units").mkdir()
    return tmp_path / "units"


def set_up(
    document: str, project: Path, environment: Mapping[str, str], units: Path
) -> tuple[set[str], str]:
    """Set up a machine as a document says, with the real files.

    Programs that would change this machine stand aside and only look whether the files are there
    that they are given. Returns which of them were run, and what was run.
    """
    log, stand_ins = units.parent / "log", units.parent / "stand-ins"
    (project / ".venv").unlink()
    (project / ".venv" / "bin").mkdir(parents=True)
    stand_ins.mkdir()
    aside = [stand_ins / name for name in STAND_ASIDE.split("|")]
    for path in (*aside, *(project / ".venv" / "bin" / name for name in ("python", "finews"))):
        path.write_text(
            f'#!/bin/sh\nfor given; do case $given in deploy/*|{project}/*) ls "$given" || exit;;'
            f' esac; done\necho "${{0##*/}} $*" >>{log}\n'
        )
        path.chmod(0o755)
    for name in ("logrotate", "rsync"):
        program(name)
    shown = script = "\n".join(for_root(ROOT / "docs" / document))
    for there, here in (
        ("/etc/systemd/system", units),
        ("/var/lib/finews", project / "news"),
        ("/backup/finews", environment["BACKUP"]),
        (INSTALLED, project),
    ):
        script = script.replace(there, str(here))
    done = subprocess.run(
        ("bash", "-e", "-c", script),
        cwd=project,
        env={**environment, "PATH": f"{stand_ins}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split(" ")[0] for line in log.read_text().splitlines()}, shown


def test_the_commands_that_set_up_a_machine_run(
    project: Path, environment: Mapping[str, str], units: Path
) -> None:
    asked, shown = set_up("operating.md", project, environment, units)
    assert asked == {
        *("useradd", "git", "python3", "python", "chown", "crontab", "systemctl", "docker")
    }
    for place in ("/etc/systemd/system", "/var/lib/finews", "/backup/finews", INSTALLED):
        assert place in shown
    eastmoney = {"finews-eastmoney.service", "finews-eastmoney.timer"}
    deployed = {path.name for path in (ROOT / "deploy").glob("finews-*")}
    assert {path.name for path in units.iterdir()} == deployed | eastmoney
    assert "-m scrapy crawl eastmoney\n" in (units / "finews-eastmoney.service").read_text()
    assert len(list((project / ".github" / "workflows").iterdir())) == 2
    assert list(Path(environment["BACKUP"]).rglob("*.md"))


def test_the_commands_that_set_up_a_cluster_run(
    project: Path, environment: Mapping[str, str], units: Path
) -> None:
    asked, _ = set_up("cluster.md", project, environment, units)
    assert asked == {"apt-get", "rabbitmqctl", "python", "systemctl", "finews"}
    services = {path.name for path in (ROOT / "deploy").glob("finews-*.service")}
    assert {path.name for path in units.iterdir()} == services


def test_no_command_is_shown_that_is_not_run() -> None:
    looks = re.compile(rf"^ *((?:{FOR_ROOT}|make|scrapy|jekyll|sudo|curl) .*)$", re.MULTILINE)
    for document in DOCUMENTS:
        if document.parent.name == "reference":
            continue
        text = document.read_text(encoding="utf-8")
        fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        code = [block for kind, block in fenced if kind != "console"]
        code += re.findall(r"^(?: {4}.*\n)+", text, re.MULTILINE)
        shown = [line.split("#")[0].strip() for block in code for line in looks.findall(block)]
        run = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        if document.name in {"operating.md", "cluster.md"}:
            run += for_root(document)
        assert not [line for line in shown if line not in run], name_of(document)


def test_there_are_commands() -> None:
    shown = {name_of(document) for document in WITH_COMMANDS}
    assert {"README.md", "docs/tutorial.md", "docs/archive.md"} < shown
    assert commands(TRANSLATION) == commands(ROOT / "README.md")


def anchors(document: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    for path, anchor in _LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / unquote(path)).resolve() if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_files_that_are_named_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    names = re.findall(
        r"`((?:archive|bench|crawler|settings|demo|tests|docs|deploy)/[\w./-]*)`", text
    )
    for name in names:
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_what_is_named_in_a_file_is_in_it(document: Path) -> None:
    """Such as `Article` (`archive/article.py`), and `read` in `crawler/pages/layouts.py`."""
    text = " ".join(document.read_text(encoding="utf-8").split())
    for name, path in re.findall(r"`([\w.]+)`,? (?:\(|in )`([\w./]+\.\w+)`", text):
        assert re.search(rf"\b{re.escape(name)}\b", (ROOT / path).read_text(encoding="utf-8")), name


def test_the_documents_are_a_web_site_too(tmp_path: Path) -> None:
    """MkDocs does not know code in lists as GitHub does, so there is none."""
    mkdocs = (sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path)
    built = subprocess.run(mkdocs, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    for document in (ROOT / "docs").rglob("*.md"):
        page = document.relative_to(ROOT / "docs").with_suffix("")
        folder = tmp_path / page.parent if page.name == "README" else tmp_path / page
        html = (folder / "index.html").read_text(encoding="utf-8")
        blocks = _BLOCK.findall(document.read_text(encoding="utf-8"))
        assert html.count('<pre><code class="language-console">') == len(blocks), page
        assert "```" not in html, page
        outside = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\n\n {5,}\S", outside), page


def test_every_document_is_in_the_list_of_documents() -> None:
    index = ROOT / "docs" / "README.md"
    links = _LINK.findall(index.read_text(encoding="utf-8"))
    listed = {(index.parent / path).resolve() for path, _ in links}
    assert listed == set((ROOT / "docs").rglob("*.md")) - {index}


def test_the_tests_that_hold_the_promises_are_there() -> None:
    text = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    for section in text.split("\n## ")[1:]:
        names = re.findall(r"^- `(test_\w+)`$", section, re.MULTILINE)
        assert len(names) >= 3, section
        for name in names:
            assert sum(f"def {name}(" in source for source in sources) == 1, name
