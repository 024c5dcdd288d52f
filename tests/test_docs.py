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
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import ProxyHandler, build_opener

import pytest

from demo.replica import Replica, Site
from tests.conftest import ROOT, crawl_with
from tests.support import advisories
from tests.support.benches import QUICK, SLOW
from tests.support.children import Child
from tests.support.documents import (
    BLOCK,
    CONTAINERS,
    DOCUMENTS,
    ENGLISH,
    FOR_ROOT,
    SETTING_UP,
    WITH_COMMENTS,
    at_the_head,
    commands,
    copy_of_the_project,
    for_root,
    name_of,
    sample_internet,
)
from tests.support.requirements import program

_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_SERVING = re.compile(r"finews browse|http\.server")
NEEDED = ("git", "jekyll", "rsync")


WITH_COMMANDS = [document for document in DOCUMENTS if commands(document)]


@pytest.fixture(scope="module")
def sites() -> Mapping[str, Site]:
    return sample_internet()


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
    copy_of_the_project(copy)
    (copy / ".venv").symlink_to(Path(sys.executable).parent.parent)
    shutil.copytree(crawled, copy / "news")
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
    with Replica({**sites, advisories.HOST: advisories.site({})}) as replica:
        yield kept | {
            "PATH": path_with_python(),
            "PYTHONPATH": str(project),
            "PYTEST_DEBUG_TEMPROOT": str(tmp_path),
            **advisories.environment(replica, tmp_path / "cache"),
            "OTHER": str(ROOT / "tests" / "samples" / "posts"),
            "OUT": str(tmp_path),
            "HOST": str(tmp_path / "HOST"),
            "BACKUP": str(tmp_path / "BACKUP"),
        }


def path_with_python() -> str:
    """Return the PATH of commands, with the programs that the test has requested."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    "document", [document for document in WITH_COMMANDS if document not in ENGLISH], ids=name_of
)
def test_the_commands_of_a_document_run(
    document: Path, project: Path, environment: Mapping[str, str]
) -> None:
    shown = commands(document)
    for name in NEEDED:
        if any(re.search(rf"\b{name}\b", command) for command in shown):
            program(name)
    environment = {**environment, "PATH": path_with_python()}
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
    with Child(
        ("sh", "-c", f"exec {command}"),
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as serving:
        assert serving.stdout is not None
        told = serving.stdout.readline()
        address = re.search(r"http://[\w.]+:\d+/", told)
        assert address, f"{command}\n{told}"
        directly = build_opener(ProxyHandler({}))
        assert directly.open(address[0], timeout=30).status == 200
        os.killpg(serving.pid, signal.SIGINT)  # as a terminal does
        rest, _ = serving.communicate(timeout=30)
    assert serving.returncode in {0, 130, -signal.SIGINT}, rest


def as_cron_runs_them(document: Path) -> list[str]:
    """The commands of the crontab lines that a document shows."""
    lines = re.findall(r"^ {4}\*/\d+(?: \*){4} (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return [str(line) for line in lines]


@pytest.mark.parametrize(
    "document",
    [document for document in DOCUMENTS if document not in ENGLISH and as_cron_runs_them(document)],
    ids=name_of,
)
def test_the_crontab_lines_of_a_document_run(
    document: Path, project: Path, environment: Mapping[str, str]
) -> None:
    program("jekyll")
    environment = {**environment, "PATH": path_with_python()}
    for line in as_cron_runs_them(document):
        command = line.replace("/opt/finews", str(project))
        subprocess.run(("sh", "-c", command), env=environment, check=True, capture_output=True)
    assert (project / "public" / "_site" / "index.html").is_file()


_MORE_PROGRAMS = r"(?:make|scrapy|jekyll|sudo|pip|pipx|pytest|openssl|podman|echo)"
_INDENTED = re.compile(rf"^ *((?:{FOR_ROOT}|{_MORE_PROGRAMS}) .*)$", re.MULTILINE)
#: What looks like a command: a line of a crontab, or words behind a program.
_IN_A_SENTENCE = re.compile(r"(?:(?:[*\d/,-]+ ){5}|(?:[A-Z_]+=\S* )*[a-z./][\w./-]* ).+")
#: What is in sentences and only looks so.
NO_COMMANDS = {
    ".bottom-page a.next::attr(href)",
    "a b OR c",
    "an error",
    'delimiter = ";"',
    'encoding = "gb18030"',
    "json feed",
    "var x = …",
    "whole = true",
    "from settings.cluster import *",
    "import archive",
    "async def start()",
    "body source",
    "posts_search MATCH escape_fts(…)",
    "trafilatura 2.3.0",
    "yield self.ask(self.wanted(code, facts, response))",
}
_MACHINE = "test_a_cluster_goes_on_with_the_archive"
_DEAD = "test_what_cannot_be_processed_is_a_dead_letter_and_stops_nothing"
_CONTAINERS = "test_containers_crawl_and_show_the_archive"
#: The tests that run commands which are named in a sentence and shown nowhere else.
RUN_BY = {
    "* * * * * /opt/finews/deploy/crawl -a since=yesterday": (
        "test_cron_crawls_and_mails_only_what_matters"
    ),
    "chmod 600": _MACHINE,
    "crontab -u finews -r": "test_cron_crawls",
    "datasette catalog.db": "test_plain_datasette_shows_the_same_data_undressed",
    "datasette news/catalog.db": "test_plain_datasette_shows_the_same_data_undressed",
    "docker compose --file deploy/compose.yaml logs crawl": _CONTAINERS,
    "docker compose --file deploy/compose.yaml ps": _CONTAINERS,
    "fastwarc check": "test_two_independent_readers_find_nothing_wrong",
    "finews browse --base-url /finews/": "test_browse_serves_until_it_is_asked_to_end",
    "finews browse --marks": "test_browse_serves_until_it_is_asked_to_end",
    "finews cluster cancel": "test_a_cancelled_crawl_ends",
    "finews cluster dead drop 2": _DEAD,
    "finews cluster dead retry": _DEAD,
    "finews cluster dead show 1": _DEAD,
    "finews cluster drain": "test_a_drained_cluster_has_no_crawl_and_all_is_written",
    "finews cluster pause ths": "test_jobs_and_sources_are_paused_resumed_and_cancelled",
    "finews cluster resume": "test_a_drained_cluster_has_no_crawl_and_all_is_written",
    "set -a; . /etc/finews/operator.env": _MACHINE,
    "finews cluster send ths-backfill": _MACHINE,
    "finews cluster status --json": "test_a_frozen_writer_and_a_frozen_broker_are_seen",
    "finews cluster status --metrics": "test_an_alarm_of_the_broker_is_seen",
    "finews cluster writer --take-over": "test_a_second_writer_and_another_archive_are_refused",
    "finews browse --metrics": "test_the_metrics_count_crawls_articles_and_requests",
    "finews crawl finews -a since=2026-11-22": (
        "test_one_source_has_arguments_and_the_log_is_in_the_archive"
    ),
    "finews digest yesterday --watch 茅台 --format mail --to mail": (
        "test_a_mail_is_sent_in_the_language_of_the_watches"
    ),
    "finews demo": "test_the_demo_runs_in_any_folder",
    "python3 -m pip wheel --no-deps --wheel-dir dist .": (
        "test_every_file_of_the_packages_is_in_the_wheel"
    ),
    "python3 -m venv ENVIRONMENT": "test_the_packages_are_those_of_the_wheel",
    "finews crawl --all": ("test_twelve_sources_are_crawled_at_once_killed_and_crawled_again"),
    "finews crawl ths cls": "test_each_host_family_has_its_own_pace",
    "finews export -o": "test_export_writes_lines_or_parquet",
    "finews export posts --by-day DIR": "test_posts_by_day_and_as_selected",
    "finews export site --pictures": "test_the_commands_of_a_document_run",
    "finews export … --days N": "test_the_commands_of_a_document_run",
    "finews give-up CODE": "test_an_article_is_given_up_on_demand",
    "finews mcp": "test_a_client_calls_every_tool_over_both_transports",
    "finews mcp news": "test_a_client_calls_every_tool_over_both_transports",
    "finews mcp news --as-of 2026-11-22T09:30": (
        "test_a_server_with_a_time_answers_nothing_that_came_later"
    ),
    "finews mcp news --http": "test_a_client_calls_every_tool_over_both_transports",
    "finews init": "test_a_new_folder_can_be_crawled_from",
    "finews init DIR": "test_a_new_folder_can_be_crawled_from",
    "finews search 'versions:all 降准'": "test_commands_answer_as_of_a_time",
    "finews verify --as-of N": "test_the_command_audits_an_archive",
    "finews search QUERY": "test_a_line_for_each_post",
    "finews watch": "test_a_kill_between_sending_and_noting_misses_nothing",
    "finews watch --archive DIR history": "test_history_shows_what_was_sent_and_what_waits",
    "finews watch --watches FILE test": "test_each_channel_is_tried_and_named",
    "finews watch history": "test_history_shows_what_was_sent_and_what_waits",
    "finews watch test": "test_each_channel_is_tried_and_named",
    "finews sources add ADDRESS": "test_a_source_is_added_tried_tested_and_checked",
    "finews sources import": "test_the_old_name_imports_with_one_sentence",
    "finews sources check --save answers": "test_sources_that_are_as_expected",
    "finews sources check NAME": "test_what_is_not_as_declared_is_named",
    "finews sources check ths wscn": "test_recorded_answers_are_as_declared_but_old",
    "make bench": "test_it_prints_figures",
    "make browse": "test_the_makefile_crawls_and_shows",
    "make crawl": "test_the_makefile_crawls_and_shows",
    "make docs": "test_the_documents_are_a_web_site_too",
    "make fuzz": "test_nothing_breaks",
    "make nightly": "test_killed_at_random_moments_the_next_crawl_makes_it_whole",
    "python -m bench.extraction --pages 100 --folder tests/golden/recorded": (
        "test_it_prints_figures"
    ),
    "python -m bench.revisits --crawls": "test_crawls_find_what_the_simulation_finds",
    "python -m scrapy crawl SPIDER -a NAME=VALUE": "test_the_commands_of_a_document_run",
    "python -m scrapy reparse --apply": (
        "test_an_improvement_is_shown_field_by_field_and_can_be_applied"
    ),
    "scrapy crawl ths": "test_one_list_is_read",
    "scrapy replay": "test_the_old_name_works_with_one_sentence",
    "python -m tests.faults.matrix": "test_the_page_of_the_docs_is_what_the_list_makes",
    "systemctl --failed": "test_a_crawl_that_fails_is_listed_until_one_succeeds",
    "wb-manager add --unpack-wacz": "test_every_post_of_a_wacz_is_shown_by_its_page",
    "warcio check": "test_two_independent_readers_find_nothing_wrong",
}


def run_as_shown() -> list[str]:
    """The commands that tests take from where they are shown, and those of CI."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    return [
        *(command for document in DOCUMENTS for command in commands(document)),
        # tests/deploy/test_setting_up.py, tests/deploy/test_engine.py
        *(command for path in SETTING_UP for command in for_root(path.read_text("utf-8"))),
        *(command for path in CONTAINERS for command in at_the_head(path)),
        *re.findall(r"\bmake \w+", ci),
        *ci.splitlines(),
        *(f"python -m {module}" for module in QUICK | SLOW),
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_command_is_shown_that_is_not_run(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    code = [block for kind, block in fenced if kind != "console"]
    code += re.findall(r"^(?: {4}.*\n)+", text, re.MULTILINE)
    shown = [line.split("#")[0].strip() for block in code for line in _INDENTED.findall(block)]
    assert not set(shown) - set(run_as_shown())


@pytest.mark.parametrize("file", WITH_COMMENTS, ids=name_of)
def test_no_command_is_in_a_comment_that_is_not_run(file: Path) -> None:
    blocks = re.findall(r"^# {4,}(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    comments = "\n".join(blocks)
    assert not set(_INDENTED.findall(comments)) - set(run_as_shown())


def named(file: Path) -> set[str]:
    """The commands in the sentences of a document, or of a file's comments."""
    text = file.read_text(encoding="utf-8")
    if file in DOCUMENTS:
        text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    else:
        text = "\n".join(re.findall(r"#(.*)", text))
    spans = re.findall(r"`([^`]+)`", " ".join(text.split()))
    return {span for span in spans if _IN_A_SENTENCE.fullmatch(span)} - NO_COMMANDS


def test_no_command_is_named_that_is_not_run() -> None:
    run = "\n".join(run_as_shown())
    helps = re.findall(r"@echo '(make \w+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    found = {command for file in [*DOCUMENTS, *WITH_COMMENTS] for command in named(file)}
    found |= set(helps)
    assert {
        command
        for command in found
        if not re.search(rf"(?:^|[\s/]){re.escape(command)}(?:\s|$)", run, re.MULTILINE)
    } == set(RUN_BY)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    for name in RUN_BY.values():
        assert sum(f"def {name}(" in source for source in sources) == 1, name


@pytest.mark.parametrize(
    "sentence",
    [
        "say `sqlite3 news/catalog.db .schema` to see",
        "say `FINEWS_MEDIA=1 deploy/crawl -a x=y` to see",
        "with `*/7 * * * * /opt/finews/deploy/crawl` in it",
        "end it by `docker compose --file deploy/compose.yaml down`",
    ],
)
def test_commands_in_sentences_are_seen(sentence: str, tmp_path: Path) -> None:
    comment = tmp_path / "settings.toml"
    comment.write_text(f"# {sentence}.\n", encoding="utf-8")
    (command,) = named(comment)
    assert f"`{command}`" in sentence
    assert command not in RUN_BY


def test_the_makefile_crawls_and_shows(project: Path, environment: Mapping[str, str]) -> None:
    crawled = subprocess.run(
        ("make", "crawl"), cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert "0 added" in crawled.stdout + crawled.stderr
    assert crawled.returncode == 0, crawled.stderr
    serve("make --silent browse ARCHIVE='news --port 0'", project, environment)


def test_there_are_commands() -> None:
    shown = {name_of(document) for document in WITH_COMMANDS}
    assert {"README.md", "docs/tutorial.md", "docs/archive.md"} < shown


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
    """Such as `Article` (`archive/article.py`), and `layout_of` in `crawler/pages/layouts.py`."""
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
        blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
        assert html.count('<pre><code class="language-console">') == len(blocks), page
        assert "```" not in html, page
        outside = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\n\n {5,}\S", outside), page


def test_every_document_is_in_the_list_of_documents() -> None:
    index = ROOT / "docs" / "README.md"
    links = _LINK.findall(index.read_text(encoding="utf-8"))
    listed = {(index.parent / path).resolve() for path, _ in links}
    of_docs = {document for document in DOCUMENTS if (ROOT / "docs") in document.parents}
    assert listed == of_docs - ENGLISH.keys() - {index} | {ROOT / "docs" / "zh" / "README.md"}


def structure(document: Path) -> dict[str, Any]:
    """Return what a document has in either language: headings, lists, tables, code and links."""
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]*)(?:#[^)\s]+)?\)", text)
    targets = [
        path if "://" in path else (document.parent / unquote(path)).resolve() if path else document
        for path in links
    ]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return {
        "headings": [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)],
        "items": len(re.findall(r"^(?:- |\d+\. )", prose, re.MULTILINE)),
        "rows": [row.count("|") for row in re.findall(r"^\|.*\|$", prose, re.MULTILINE)],
        "blocks": re.findall(r"```.*?```", text, re.DOTALL),
        "commands": re.findall(r"^ {4}(.*)$", prose, re.MULTILINE),
        "links": Counter(ENGLISH.get(target, target) for target in targets),
    }


@pytest.mark.parametrize("document", ENGLISH, ids=name_of)
def test_a_document_is_as_complete_in_chinese_as_in_english(document: Path) -> None:
    chinese, english = structure(document), structure(ENGLISH[document])
    if document.name == "commands.md":  # its blocks are the help in either language
        assert len(chinese.pop("blocks")) == len(english.pop("blocks"))
    if document.name == "faults.md":  # the lines of a nested item in English are no commands
        assert not chinese.pop("commands")
        assert english.pop("commands")
    assert chinese == english


def test_every_document_is_in_chinese() -> None:
    written = {document for document in (ROOT / "docs").rglob("*.md") if document not in ENGLISH}
    assert written == {*ENGLISH.values()} - {ROOT / "README.md"}


def test_the_tests_that_hold_the_promises_are_there() -> None:
    text = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    for section in text.split("\n## ")[1:]:
        names = re.findall(r"^- `(test_\w+)`$", section, re.MULTILINE)
        assert len(names) >= 3, section
        for name in names:
            assert sum(f"def {name}(" in source for source in sources) == 1, name
