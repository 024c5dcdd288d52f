"""`finews digest`, as users call it, over recorded articles."""

import os
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from click.testing import CliRunner, Result
from lxml import etree, html

from archive.archive import Archive
from archive.cli import main
from tests.support.declared_articles import OF_SOURCES, listed_articles
from tests.support.receivers import mail_receiver, web_receiver

DAY = "2026-09-19"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("news")
    flashes = listed_articles("cls", "roll_page1.json")
    with Archive(folder) as archive:
        archive.add_many([*OF_SOURCES, *flashes])
    return folder


@pytest.fixture
def run(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("watches.toml").write_text(
        """
        [channels]
        mail = "env:FINEWS_MAIL"
        unset = "env:FINEWS_NO_SUCH_VARIABLE"
        [[watch]]
        name = "逆回购 & 核电"
        query = "逆回购 OR 核电站"
        to = ["mail"]
        """,
        encoding="utf-8",
    )

    def call(*arguments: str, lang: str = "C.UTF-8") -> Result:
        command = ["digest", *arguments, "--archive", str(recorded)]
        return CliRunner().invoke(main, command, env={**os.environ, "LC_ALL": lang})

    return call


def test_a_day_is_a_page_that_needs_no_other_file(run: Run) -> None:
    result = run(DAY)
    assert (result.exit_code, result.stderr) == (0, "")
    page = html.document_fromstring(result.stdout)
    assert page.findtext(".//title") == f"News of {DAY}"
    targets = page.xpath("//ul//a/@href")
    assert [f"#{each}" for each in page.xpath("//section/@id")] == targets
    assert len(targets) >= 4
    times = page.xpath("//ul//time/text()")
    assert times == sorted(times, reverse=True)
    assert not page.xpath("//script | //img | //link")
    assert "美联储" in result.stdout
    assert page.xpath("//a[text()='Original']/@href")[0].startswith("https://")
    chinese = run(DAY, "-o", "day.html", lang="zh_CN.UTF-8")
    assert (chinese.exit_code, chinese.stdout) == (0, "")
    written = html.parse("day.html")
    assert written.findtext(".//title") == f"{DAY} 的新闻"
    assert written.xpath("//a[text()='原文']")


def test_a_watch_is_a_book(run: Run) -> None:
    result = run(DAY, "--watch", "逆回购 & 核电", "--format", "epub", "--output", "watch.epub")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    with ZipFile("watch.epub") as book:
        assert book.testzip() is None
        assert book.infolist()[0].filename == "mimetype"
        assert book.infolist()[0].compress_type == ZIP_STORED
        package = etree.fromstring(book.read("book.opf"))
        names = package.xpath("//*[local-name()='item']/@href")
        assert package.xpath("//*[local-name()='title']/text()") == [
            f"逆回购 & 核电: news of {DAY}"
        ]
        chapters = [etree.fromstring(book.read(name)) for name in names if "chapter" in name]
        texts = ["".join(chapter.itertext()) for chapter in chapters]
        assert len(texts) == 2
        assert all("逆回购" in text or "核电站" in text for text in texts)
        links = etree.fromstring(book.read("nav.xhtml")).xpath("//*[local-name()='a']/@href")
        assert links == [name for name in names if "chapter" in name]


def test_a_mail_is_written_with_both_texts(run: Run) -> None:
    written = run(DAY, "--format", "mail", "--output", "day.eml")
    assert written.exit_code == 0, written.output
    mail = message_from_bytes(Path("day.eml").read_bytes(), policy=policy.default)
    assert mail["Subject"] == f"News of {DAY}"
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert "https://www.cls.cn/detail/" in plain.get_content()
    assert "<section" in page.get_content()


def test_a_mail_is_sent_in_the_language_of_the_watches(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_receiver() as (port, mails):
        address = (
            f"mailto://reader:secret@127.0.0.1:{port}?mode=insecure&smtp=127.0.0.1"
            "&from=finews@example.com&to=reader@example.com"
        )
        monkeypatch.setenv("FINEWS_MAIL", address)
        both = run(DAY, "--format", "mail", "--to", "mail", "--to", "unset")
        assert both.exit_code == 3
        assert both.stderr.splitlines() == [
            "mail：已发送。",
            "unset 失败：the environment variable FINEWS_NO_SUCH_VARIABLE is not set。",
        ]
        alone = run(DAY, "--format", "mail", "--to", address, "--watches", "none.toml")
        assert (alone.exit_code, alone.stderr) == (0, "channel 1: sent.\n")
    first, second = mails
    assert (first["Subject"], second["Subject"]) == (f"{DAY} 的新闻", f"News of {DAY}")
    body = first.get_body(("html",))
    assert body is not None
    assert "<section" in body.get_content()


def test_a_channel_that_shows_no_html_gets_a_text(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_receiver() as web:
        monkeypatch.setenv("FINEWS_MAIL", f"ntfy://127.0.0.1:{web.port}/finews?mode=private")
        assert run(DAY, "--format", "mail", "--to", "mail").exit_code == 0
    assert "美联储" in web.bodies[0]
    assert "<section" not in web.bodies[0]


def test_the_last_day_with_articles_is_the_default(run: Run) -> None:
    assert f"News of {DAY}" not in run().stdout
    assert f"news of {DAY}" in run("--watch", "逆回购 & 核电").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["2026-13-01"], 2, "2026-13-01 is no day such as 2026-11-22, today or yesterday."),
        (["1999-01-01"], 3, "There are no such articles."),
        ([DAY, "--as-of", "2026-09-01"], 3, "There are no such articles."),
        ([DAY, "--format", "epub"], 2, "use --output FILE"),
        ([DAY, "--to", "mail"], 2, "--to needs --format mail"),
        ([DAY, "--format", "mail", "--to", "nobody"], 2, "there are: mail, unset"),
        ([DAY, "--watch", "茅台"], 2, "There is no watch '茅台'; there are: 逆回购 & 核电."),
        ([DAY, "--watch", "x", "--watches", "none.toml"], 1, "none.toml"),
    ],
)
def test_what_cannot_be_done_ends_in_a_sentence(
    run: Run, arguments: list[str], status: int, sentence: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert sentence in " ".join(result.stderr.split())
