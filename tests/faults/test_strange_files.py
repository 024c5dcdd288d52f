"""Something else in the place of an archive's files: a folder, a pipe, a link that leads nowhere.

Whatever it is, no command waits for it, and none ends with a traceback: each names it in one
sentence, and what that sentence advises works.
Each command meets every place and every thing; in `make nightly`, all of their combinations.
"""

import asyncio
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scrapy.settings import Settings

from archive.archive import Archive
from archive.browse.plugin import open_site
from archive.cli import main
from archive.crawl_state import FailedAttempt
from archive.errors import ArchiveError
from archive.integrity.verify import verify
from crawler.archive_port import ArchiveInProcess, ArchiveInSubprocess
from tests.conftest import FINEWS, Crawl, posts_in
from tests.support.articles import ARTICLE, CODE, Clock, files
from tests.support.catalogs import OTHER, full_archive, tables
from tests.support.fork_server import Forked
from tests.support.requirements import lacking, program

pytestmark = [
    pytest.mark.timeout(120),
    # Datasette leaves its connections to databases in memory to Python.
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),
]

PICTURE = b"\x89PNG\r\n\x1a\n"

DATABASES = ("catalog.db", "catalog.db.new", "crawl-state.db", "reader.db")
COMPANIONS = ("", "-wal", "-shm", "-journal")
FILES = (
    *(".lock", ".watch.lock", "accepted.jsonl"),
    *(f"{database}{companion}" for database in DATABASES for companion in COMPANIONS),
)
FOLDERS = (".incoming", "_posts", "revisions", "warc", "media", "changed")


def a_file(path: Path) -> None:
    path.write_bytes(b"somebody's")


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "somebody's").write_bytes(b"somebody's")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


Make = Callable[[Path], None]
STRANGE: tuple[Make, ...] = (a_pipe, a_socket, a_device, a_link_to_nothing, a_link_to_itself)
THINGS = (a_file, a_folder, *STRANGE)
#: Whether each command meets every thing in every place.
ALL = "FINEWS_ALL_THINGS" in os.environ
WHAT = {
    a_file: "a file; move it away",
    a_folder: "a folder; move it away",
    a_pipe: "a pipe; move it away",
    a_socket: "a socket; move it away",
    a_device: "a device; move it away",
    **dict.fromkeys(
        (a_link_to_nothing, a_link_to_itself),
        "a symbolic link that leads nowhere; restore what it points to, or remove the link",
    ),
}

#: Arguments of `finews`, with the archive ``news``.
COMMANDS = (
    "stats news",
    "browse --port 0 news",
    "verify news",
    "verify --repair news",
    "verify --accept news",
    "rebuild news",
    "rebuild --force news",
    "export posts news",
    "export posts -o out news",
    "export wacz -o out news",
    "export site out news",
    "export feed out news",
    "import --archive news posts",
    f"give-up {OTHER} news",
)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create an archive in the current folder, with a picture and an article that failed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "posts").mkdir()
    folder = full_archive(tmp_path / "news")
    with Archive(folder, clock=Clock()) as opened:
        (_, address), *_ = opened.missing_pictures(["x"])
        opened.store_picture(address, PICTURE)
        opened.crawl_state.failed(FailedAttempt(OTHER, "no reason"), Clock()())
    return folder


def run(command: str) -> Result:
    return CliRunner().invoke(main, command.split())


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return path → bytes of what is in a folder; None for what is no file."""
    return {
        str(path): path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else None
        for path in folder.rglob("*")
    }


def replaced(folder: Path, name: str, make: Make) -> Iterator[Path]:
    """Put something in the place of a file or folder; put that back in the end."""
    path, aside = folder / name, folder.parent / "aside"
    was_there = path.exists()
    if was_there:
        path.rename(aside)
    make(path)
    yield path
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if was_there:
        aside.rename(path)


def all_replaced(folder: Path, turn: int | None = None) -> Iterator[tuple[Path, str]]:
    """Replace each part of an archive in turn by each kind of thing.

    :param turn: chooses one thing for each part.
    :returns: the path of the part, and the sentence about it.
    """
    for kind, names, wrong in (("a file", FILES, a_folder), ("a folder", FOLDERS, a_file)):
        things = (wrong, *STRANGE)
        for number, name in enumerate(names):
            every = turn is None or ALL
            for make in things if every else [things[(number + turn) % len(things)]]:
                for path in replaced(folder, name, make):
                    shown = path.relative_to(folder.parent)
                    yield path, f"{shown} must be {kind}, but is {WHAT[make]}."


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_what_is_in_the_place_of_a_part(command: str, archive: Path) -> None:
    for _, sentence in all_replaced(archive, COMMANDS.index(command)):
        before = contents(archive.parent)
        ended = run(command)
        assert (ended.exit_code, ended.output) == (1, f"Error: {sentence}\n")
        assert contents(archive.parent) == before
    assert not verify(archive).problems


@pytest.mark.parametrize("kind", [ArchiveInProcess, ArchiveInSubprocess])
def test_so_does_a_crawl(kind: type[ArchiveInProcess | ArchiveInSubprocess], archive: Path) -> None:
    for _, sentence in all_replaced(archive):
        before = contents(archive.parent)
        with pytest.raises(ArchiveError) as refusal:
            kind.check(Settings({"FINEWS_ARCHIVE": "news"}))
        assert str(refusal.value) == sentence
        assert contents(archive.parent) == before
    kind(Path("news"), clock=Clock()).close()


@pytest.mark.parametrize("make", [a_folder, *STRANGE])
def test_what_is_advised_about_a_catalog_works(make: Make, archive: Path) -> None:
    before = tables(archive)
    for path in replaced(archive, "catalog.db", make):
        assert "must be a file" in run("stats news").output
        path.rename(archive.parent / "moved away")
        advice = run("stats news").output
        command = re.search("`finews (.*)`", advice)
        assert command is not None, advice
        assert run(command[1]).exit_code == 0
        assert tables(archive) == before
        assert run("verify news").exit_code == 0
        path.rename(archive.parent / "rebuilt")
        (archive.parent / "moved away").rename(path)


@pytest.mark.parametrize("make", [a_folder, *STRANGE])
def test_crawls_go_on_without_a_crawl_state_that_was_moved_away(make: Make, archive: Path) -> None:
    (archive / "crawl-state.db").unlink()
    make(archive / "crawl-state.db")
    (archive / "crawl-state.db").rename(archive.parent / "moved away")
    ArchiveInProcess.check(Settings({"FINEWS_ARCHIVE": "news"}))
    assert run("stats news").exit_code == 0


#: Files that the catalog names, and folders between them and the archive's.
PLACES = ("a post", "a revision", "a picture", "a capture", "a mark", "a year", "an incoming file")


def place_of(what: str, folder: Path) -> Path:
    """Return the path of a file or folder of an archive."""
    (capture,) = (folder / "warc").glob("*.warc.gz")
    return {
        "a post": next((folder / "_posts").rglob(f"*{CODE}*")),
        "a revision": next((folder / "revisions").rglob("*.md")),
        "a picture": next((folder / "media").rglob("*.png")),
        "a capture": capture,
        "a mark": capture.with_name(f"{capture.name.partition('.')[0]}.writing"),
        "a year": folder / "_posts" / "2021",
        "an incoming file": folder / ".incoming" / "0",
    }[what]


def assert_ends_well(ended: Result, command: str, *, what: str) -> None:
    """Check that a command has ended by itself, with a sentence or with findings."""
    about = f"{command}, {what}: {ended.output}"
    assert isinstance(ended.exception, SystemExit | None), about
    assert ended.exit_code in {0, 1, 3}, about
    if ended.exit_code == 1:
        assert re.search(r"^Error: [^\n]+\.\n\Z", ended.output, re.MULTILINE), about


@pytest.mark.parametrize("what", PLACES)
@pytest.mark.parametrize("make", THINGS)
def test_every_command_ends_whatever_is_in_the_place_of_a_version(
    make: Make, what: str, archive: Path
) -> None:
    place = str(place_of(what, archive).relative_to(archive))
    commands = [line for line in COMMANDS if not re.search("repair|accept|browse", line)]
    turn = THINGS.index(make) + PLACES.index(what)
    for _ in replaced(archive, place, make):
        for command in commands if ALL else commands[turn % 3 :: 3]:
            assert_ends_well(run(command), command, what=f"{make.__name__} for {what}")


@pytest.mark.parametrize("what", ["a post", "a revision"])
@pytest.mark.parametrize("make", THINGS)
def test_a_version_is_restored_and_what_is_in_its_place_is_kept(
    make: Make, what: str, archive: Path
) -> None:
    before, place = files(archive), place_of(what, archive)
    place.unlink()
    make(place)
    assert run("verify news").exit_code == 3
    assert run("verify --repair news").exit_code == 0
    assert before.items() <= files(archive).items()
    assert [path.name for path in (archive / "changed").rglob("*.md")] == [place.name]
    assert run("verify news").exit_code == 0


@pytest.mark.parametrize("what", PLACES)
@pytest.mark.parametrize("make", THINGS)
def test_so_does_what_a_crawl_does_to_an_article(make: Make, what: str, archive: Path) -> None:
    place = str(place_of(what, archive).relative_to(archive))
    changed = replace(ARTICLE, body="<p>再改</p>")
    for _ in replaced(archive, place, make):
        for do in (
            lambda opened: opened.article_of(opened.row_of(CODE)),
            lambda opened: opened.mark_listed(CODE, ["1.600519"]),
            lambda opened: opened.mark_checked(CODE),
            lambda opened: opened.mark_gone(CODE),
            lambda opened: opened.add(changed),
            lambda opened: opened.add(replace(changed, published=ARTICLE.published)),
            lambda opened: opened.revise(replace(changed, title="重读")),
        ):
            with suppress(ArchiveError), Archive(archive, clock=Clock()) as opened:
                do(opened)


@pytest.mark.parametrize("kind", ["site", "feed"])
def test_an_export_names_what_is_in_the_place_of_its_own_files(kind: str, archive: Path) -> None:
    assert run(f"export {kind} out news").exit_code == 0
    out = archive.parent / "out"
    (out / ".finews-export.part").mkdir()
    names = (".finews-export.json", ".finews-export.lock", ".finews-export.part/file")
    for name, make in product(names, (a_folder, *STRANGE)):
        for path in replaced(out, name, make):
            ended = run(f"export {kind} out news")
            sentence = f"Error: {path.relative_to(out.parent)} must be a file, but is {WHAT[make]}."
            assert (ended.exit_code, ended.output) == (1, f"{sentence}\n")
    (out / "feed.xml").unlink()
    (out / "feed.xml").mkdir()
    assert (
        run(f"export {kind} out news").output
        == "Error: Could not export to out/feed.xml: Is a directory.\n"
    )
    (out / "feed.xml").rmdir()
    for make in STRANGE:
        (out / "feed.xml").unlink(missing_ok=True)
        make(out / "feed.xml")
        assert run(f"export {kind} out news").exit_code == 0
        assert (out / "feed.xml").is_file()


@pytest.mark.parametrize("make", [a_folder, *STRANGE])
def test_pages_are_shown_without_it(make: Make, archive: Path) -> None:
    paths = [place_of(what, archive).relative_to(archive) for what in PLACES]

    async def statuses() -> list[int]:
        site = open_site(archive)
        try:
            return [
                (await site.client.get(address)).status_code
                for address in (
                    "/",
                    "/news.atom",
                    f"/catalog/posts/{CODE}",
                    f"/catalog/posts/{CODE}/changes",
                    f"/catalog/posts/{CODE}/versions/1",
                    f"/pictures/{paths[2].name}",
                )
            ]
        finally:
            site.close()

    for path in paths[:3]:
        for _ in replaced(archive, str(path), make):
            assert set(asyncio.run(statuses())) <= {200, 404}


@pytest.mark.parametrize("make", [a_folder, *STRANGE])
def test_a_crawl_ends_whatever_is_in_the_place_of_a_known_post(
    make: Make, crawl: Crawl, archive: Path, tmp_path: Path
) -> None:
    news = str(tmp_path / "crawled")
    assert crawl(FINEWS_ARCHIVE=news).status == 0
    posts = posts_in(Path(news))
    one, two, *_ = sorted((Path(news) / "_posts").rglob("*.md"))
    for path in (one, two):
        path.unlink()
        make(path)
    again = crawl("-s", "FINEWS_REVISIT_DAYS=100000", FINEWS_ARCHIVE=news)
    assert again.status in {0, 7}, again.log
    assert "Traceback" not in again.log
    assert run(f"verify --repair {news}").exit_code == 0
    assert posts.items() <= posts_in(Path(news)).items()


@pytest.mark.parametrize("make", [a_folder, *STRANGE])
def test_a_crawl_names_what_is_in_the_place_of_its_state(
    make: Make, crawl: Crawl, archive: Path
) -> None:
    (archive / "crawl-state.db").unlink()
    make(archive / "crawl-state.db")
    refused = crawl()
    assert refused.status == 7
    sentence = f"finews: {archive / 'crawl-state.db'} must be a file, but is {WHAT[make]}."
    assert refused.log.splitlines()[-1] == sentence


#: Start of a command without root's right to read what nobody may read.
MAY_NOT = "-dac_override,-dac_read_search"


@pytest.fixture
def without_rights() -> Sequence[str]:
    """Give the start of commands that may not read files without permissions."""
    start = (program("setpriv"), f"--inh-caps={MAY_NOT}", f"--bounding-set={MAY_NOT}")
    if os.geteuid() != 0:
        return ()
    if subprocess.run((*start, program("true")), capture_output=True, check=False).returncode:
        lacking("no command can be run without root's rights")
    return start


def ended(command: str, start: Sequence[str]) -> tuple[int, str]:
    """Return the exit status and the output of a command; 0 where it serves pages."""
    with Forked(
        (*start, *FINEWS, *command.split()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        assert child.stdout is not None
        output = child.stdout.readline()
        if " is at http" in output:
            child.kill()
            return 0, output
        output += child.communicate(timeout=60)[0]
    return child.returncode, output


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *(
            (name, 0)
            for name in (
                *("catalog.db", "crawl-state.db", ".lock", "accepted.jsonl", "media"),
                *("_posts", "revisions", "warc", "a post", "a picture", "a capture", ""),
            )
        ),
        *((name, 0o444) for name in ("_posts", "warc")),
    ],
)
def test_what_this_user_may_not_read_is_named(
    name: str, mode: int, without_rights: Sequence[str], archive: Path
) -> None:
    (archive / "accepted.jsonl").touch()
    path = place_of(name, archive) if name in PLACES else archive / name
    before = files(archive)
    path.chmod(mode)
    for command in (
        *("stats news", "browse --port 0 news", "verify news", "verify --accept news"),
        *("rebuild news", "export posts news", "export wacz -o out news"),
        *("export site --pictures site news", "import --archive news posts"),
    ):
        status, output = ended(command, without_rights)
        about = f"{command}: {output}"
        assert status in {0, 1, 2}, about
        assert "Traceback" not in output, about
        if status == 1:
            assert re.search(
                rf"^Error: .*{re.escape(path.name)}.*(Permission denied|may not read it)\.\n\Z",
                output,
                re.MULTILINE,
            ), about
    path.chmod(0o755)
    assert files(archive) == before
    assert not verify(archive).problems
