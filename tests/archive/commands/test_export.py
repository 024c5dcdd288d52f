"""`finews export …`, as users call it."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest
from click.testing import Result

from archive.archive import Archive
from archive.article import SHANGHAI
from archive.article_id import InfoCode
from tests.archive.browse.conftest import STOCK, article
from tests.support.calls import call

Run = Callable[..., Result]
OLD, TODAY = "NW202112290000000001", "NW202112290000000002"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `finews export`; there is an archive `news` of an old post and one of today."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FINEWS_ARCHIVE", raising=False)
    now = datetime.now(SHANGHAI).replace(microsecond=0)
    with Archive(Path("news")) as archive:
        archive.add_many([article(OLD, body=f"<p>{STOCK}</p>"), article(TODAY, published=now)])
    return lambda *arguments: call("export", *arguments)


def codes(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["info_code"] for line in result.stdout.splitlines()]


def exported(folder: str) -> set[str]:
    return {str(InfoCode.from_address(path.name)) for path in Path(folder).rglob("*.md")}


def test_without_a_kind_posts_are_exported(run: Run) -> None:
    assert codes(run()) == codes(run("posts")) == codes(run("news")) == [OLD, TODAY]
    assert codes(run("--until", "2022")) == codes(run("posts", "news", "--until", "2022")) == [OLD]


def test_help_names_the_kinds(run: Run) -> None:
    for flag in ("-h", "--help"):
        _, told = run(flag).output.split("Commands:\n")
        assert re.findall(r"^  (\w+) ", told, re.MULTILINE) == [
            "changes",
            "feed",
            "posts",
            "site",
            "versions",
            "wacz",
        ]


def test_days_are_those_of_shanghai(run: Run) -> None:
    assert codes(run("--days", "3")) == [TODAY]
    span = (datetime.now(SHANGHAI).date() - datetime(2021, 12, 29, tzinfo=SHANGHAI).date()).days
    assert codes(run("--days", str(span + 1))) == [OLD, TODAY]
    assert codes(run("--days", str(span))) == [TODAY]
    both = run("--days", "3", "--since", "2021")
    assert (both.exit_code, "not both" in both.stderr) == (2, True)


def test_a_site_is_exported_and_kept_up_to_date(run: Run) -> None:
    arguments = ("site", "public", "--days", "3", "--address", "https://example.org/")
    told = run(*arguments, "--title", "报")
    assert told.exit_code == 0, told.output
    assert re.fullmatch(r"1 posts exported: \d+ files written, 0 removed, 0 un.*\n", told.stderr)
    assert exported("public") == {TODAY}
    assert 'title: "报"\nurl: "https://example.org"\n' in Path("public/_config.yml").read_text()
    again = run(*arguments, "--title", "报")
    assert "1 posts exported: 0 files written, 0 removed" in again.stderr
    everything = run("site", "public", "news")
    assert everything.stderr.startswith("2 posts exported: ")
    assert exported("public") == {OLD, TODAY}


def test_a_site_of_the_last_days_is_the_same_one_tomorrow(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers of its feed go on with it, and files stay that have no news."""

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(days=1)

    arguments = ("site", "public", "--days", "30")
    assert run(*arguments).exit_code == 0
    monkeypatch.setattr("archive.commands.export.datetime", Tomorrow)
    assert "posts exported: 0 files written, 0 removed" in run(*arguments).stderr


def test_a_feed_is_exported(run: Run) -> None:
    told = run("feed", "public")
    assert told.exit_code == 0, told.output
    today = datetime.now(SHANGHAI).date().isoformat()
    names = [path.name for path in Path("public").rglob("*.xml")]
    assert sorted(names) == sorted(["feed.xml", "2021-12-29.xml", f"{today}.xml"])


@pytest.mark.parametrize("kind", ["site", "feed"])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("public", "elsewhere"), "There is no archive in elsewhere: "),
        (("public", "--address", "example.org"), "is no address to publish at"),
        (("news/public",), "is in the archive"),
        ((".",), "contains the archive news"),
        (("other",), "other is an archive"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    run: Run, kind: str, arguments: tuple[str, ...], complaint: str
) -> None:
    shutil.copytree("news", "other")
    before = sorted(Path().rglob("*[!lm]"))  # reading a catalog creates ….db-wal and ….db-shm
    told = run(kind, *arguments)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: ")
    assert complaint in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert sorted(Path().rglob("*[!lm]")) == before


def test_a_post_that_is_not_published_as_it_stands_is_named(run: Run) -> None:
    (lost,) = Path("news").rglob(f"*{OLD}.md")
    lost.unlink()
    told = run("site", "public")
    assert told.exit_code == 0
    assert told.stderr.startswith(f"{OLD}: its file is lost, so it is left out")
    assert exported("public") == {TODAY}


def test_a_crawl_may_write_meanwhile(run: Run) -> None:
    with Archive(Path("news")) as archive:
        later = datetime.now(SHANGHAI) + timedelta(seconds=1)
        archive.add(article("NW202112290000000003", published=later.replace(microsecond=0)))
        assert run("site", "public").exit_code == 0
    assert len(exported("public")) == 3


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("--since", "tomorrow"), 2, "'tomorrow' is no time such as 2026-11"),
        (("--since", "2026-13"), 2, "'2026-13' is no time"),
        (("--until", "2026-02-30"), 2, "'2026-02-30' is no time"),
        (("--since", ""), 2, "'' is no time"),
        (("--since", "2026-11-22T17:30Z"), 2, "is no time"),
        (("--since", "２０２６"), 2, "is no time"),
        (("--since", "2026-11-22", "--until", "2026-11-21"), 2, "No time is from 2026-11-22 on"),
        (("--since", "2026-11-22", "--until", "2026-11-22"), 2, "No time is from 2026-11-22 on"),
        (("--days", "1", "--until", "2021"), 2, "and before 2021."),
        (("--search", '"'), 2, "has nothing to search for"),
        (("--search", ""), 2, "has nothing to search for"),
        (("--media", ""), 2, "--media is empty"),
        (("--security", ""), 2, "--security is empty"),
        (("--media", "NoSuch"), 1, "No post in news is of the media 'NoSuch'."),
        (("--media", "经济观察"), 1, "'经济观察'; there is 经济观察网."),
        (("--security", "9.600160"), 1, "No post in news is of the security '9.600160'"),
        (("--security", "600160"), 1, "there is 1.600160 (巨化股份)"),
    ],
)
@pytest.mark.parametrize("kind", [("posts",), ("feed", "public"), ("site", "public")])
def test_a_choice_that_cannot_be_meant_is_refused_by_name(
    run: Run, kind: tuple[str, ...], arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    told = run(*kind, *arguments)
    assert told.exit_code == status
    assert complaint in " ".join(told.stderr.split())
    assert not told.stdout
    assert not Path("public").exists()


@pytest.mark.parametrize(
    "since", ["2021", "2021-12", "2021-12-29", "2021-12-29 17", "2021-12-29T17:34:39+08:00"]
)
def test_times_may_be_as_exact_as_one_likes(run: Run, since: str) -> None:
    assert run("posts", "--since", since).exit_code == 0


@pytest.mark.parametrize("command", [("posts",), ("site", "public"), ("feed", "public")])
def test_a_missing_archive_and_a_missing_catalog_are_named(
    run: Run, command: tuple[str, ...]
) -> None:
    assert "There is no archive in elsewhere: " in run(*command, "elsewhere").stderr
    Path("news/catalog.db").unlink()
    assert "`finews rebuild news` generates it" in run(*command, "news").stderr


@pytest.mark.parametrize("kind", ["site", "feed"])
def test_a_password_in_the_address_is_repeated_nowhere(run: Run, kind: str) -> None:
    told = run(kind, "public", "--address", "https://user:geheim@news.test/")
    assert told.exit_code == 1
    assert told.output == "Error: The address has a user name or a password; leave it out.\n"
    assert not Path("public").exists()
