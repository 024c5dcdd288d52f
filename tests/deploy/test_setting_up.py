"""`docs/operating.md` and `docs/cluster.md`: what they say sets up a machine, which then crawls.

The machine is one of the test's own (`tests/deploy/machine.py`), with systemd. Everything is real
but for what is outside of it: the address of the project is a repository there, the internet is the
sample site, and packages come from a folder.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest

from archive.article import SHANGHAI
from bench.brokers import wait_for
from bench.several import several_sites
from demo.replica import Replica
from tests.conftest import posts_in
from tests.deploy.conftest import DEPLOY, PROJECT
from tests.deploy.machine import DEPENDENCIES, Machine, booted
from tests.support.documents import (
    CLUSTER,
    OPERATING,
    SETTING_UP,
    copy_of_the_project,
    for_root,
    sample_internet,
    sections,
)
from tests.support.requirements import program

CRAWL = "finews-crawl.service"
#: The sections whose commands are run here, all of them.
FOLLOWED = {
    *("A place for cron and systemd", "cron", "systemd", "Both spiders", "GitHub Actions"),
    *("Moving the archive", "Backups", "The first machine", "The second, third and fourth"),
    "When a part fails",
}
#: No timer is due before its test is over.
LATE = "[Timer]\nOnCalendar=\nOnCalendar=2100-01-01\n"
#: The source of a cluster's second job.
(ANOTHER,) = several_sites(1, built=datetime.now(SHANGHAI))


@pytest.fixture(scope="module")
def bare(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with Debian's packages and a disk for backups, and the project at its address."""
    for name in (
        "crontab",
        "curl",
        "git",
        "logrotate",
        "rabbitmqctl",
        "rsync",
        "script",
        "systemctl",
    ):
        program(name)
    internet = Replica({**sample_internet(), **ANOTHER.sites})
    folder, project = (
        tmp_path_factory.mktemp("machine"),
        tmp_path_factory.mktemp("shared") / "project",
    )
    copy_of_the_project(project)
    shared = {"/run/project": project, "/run/packages": packages}
    with booted(folder, shared) as machine, machine.internet(internet):
        machine.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/run/packages"}
        machine.write("/etc/apt/apt.conf.d/test", 'APT::Get { Assume-Yes "1"; Upgrade "0"; };\n')
        machine.write("/etc/gitconfig", "[user]\n name = a test\n email = test@example.org\n")
        # Else one that begins while a command is tried has the archive before it.
        machine.write("/etc/systemd/system/timer.d/late.conf", LATE)
        machine.run(
            "cp -r /run/project /srv/project; cd /srv/project; "
            "git init; git add --all; git commit --message=project"
        )
        machine.run("mkdir /backup")
        yield machine


@pytest.fixture(scope="module")
def machine(bare: Machine) -> Machine:
    """With the project installed as the document says."""
    steps = shown(OPERATING, "A place for cron and systemd")
    made = steps.index("python3 -m venv .venv") + 1
    packages = "lib/python3.*/site-packages"
    steps = [step.replace("ADDRESS-OF-THE-PROJECT", "file:///srv/project") for step in steps]
    given = f"echo {DEPENDENCIES} >$(echo .venv/{packages})/dependencies.pth"
    bare.run("\n".join([*steps[:made], given, *steps[made:]]))
    return bare


def shown(document: Path, section: str) -> list[str]:
    """The commands of a section for those who set up a machine."""
    return for_root(sections(document)[section])


def follow(machine: Machine, commands: list[str]) -> str:
    """Run commands in the project's folder; returns what they print."""
    return machine.run("\n".join((f"cd {PROJECT}", *commands)))


def test_all_that_is_shown_is_run() -> None:
    texts = {heading: text for path in SETTING_UP for heading, text in sections(path).items()}
    with_commands = {heading for heading, text in texts.items() if for_root(text)}
    assert with_commands == FOLLOWED | {"Containers"}  # which tests/deploy/test_engine.py follows


def test_cron_crawls(machine: Machine, sample_posts: dict[str, bytes]) -> None:
    told = follow(machine, shown(OPERATING, "cron"))
    spooled = machine.root / "var" / "spool" / "cron" / "crontabs" / "finews"
    assert (DEPLOY / "crontab").read_text(encoding="utf-8") in spooled.read_text(encoding="utf-8")
    assert "finews: 19 articles found" in told
    assert posts_in(machine.root / "opt" / "finews" / "news") == sample_posts
    machine.run("crontab -u finews -r")


def test_a_folder_of_ones_own_crawls_as_it_says(machine: Machine) -> None:
    told = follow(machine, [".venv/bin/finews init /srv/own"])
    crawl, every_five_minutes = re.findall(r": +(.+)$", told, re.MULTILINE)
    crawled = machine.run(f"({crawl} eastmoney finews) 2>&1")
    assert "finews: finews: All articles that the source names are archived." in crawled
    machine.run(every_five_minutes)
    assert "/srv/own" in machine.run("crontab -l")
    machine.run("crontab -r")


@pytest.fixture
def archive(machine: Machine) -> Path:
    """Of a machine that crawls under systemd and has done so once."""
    follow(machine, shown(OPERATING, "systemd")[:-1])
    state = f"systemctl show --property=ActiveState --value {CRAWL}"
    wait_for(lambda: machine.run(state) != "activating\n")
    assert "finews: 19 articles found" in machine.run(f"journalctl --unit {CRAWL}")
    return machine.root / "var" / "lib" / "finews"


def test_systemd_crawls(machine: Machine, archive: Path, sample_posts: dict[str, bytes]) -> None:
    assert posts_in(archive) == sample_posts
    assert CRAWL in machine.run("systemctl list-timers")
    # What it does by itself after ten seconds.
    machine.run("systemctl restart finews-browse.service")
    visit = shown(OPERATING, "systemd")[-1]
    wait_for(lambda: "<title>" in machine.run(f"{visit} || true"))


def test_a_crawl_that_fails_is_listed_until_one_succeeds(machine: Machine, archive: Path) -> None:
    override = f"/run/systemd/system/{CRAWL}.d/wrong.conf"
    machine.write(override, "[Service]\nEnvironment=FINEWS_ARCHIVE=/srv/elsewhere\n")
    machine.run(f"systemctl daemon-reload; ! systemctl start {CRAWL}")
    assert CRAWL in machine.run("systemctl --failed")
    machine.run(f"rm {override}; systemctl daemon-reload; systemctl start {CRAWL}")
    assert CRAWL not in machine.run("systemctl --failed")


def test_a_second_timer_is_for_the_other_spider(machine: Machine, archive: Path) -> None:
    follow(machine, shown(OPERATING, "Both spiders"))
    assert "finews-eastmoney.timer" in machine.run("systemctl list-timers")
    machine.run("systemctl start finews-eastmoney.service")
    assert " articles found, " in machine.run("journalctl --unit finews-eastmoney.service")


def test_the_workflows_are_copied(machine: Machine) -> None:
    follow(machine, shown(OPERATING, "GitHub Actions"))
    assert len(list((machine.root / "opt/finews/.github/workflows").iterdir())) == 2


def test_a_backup_takes_the_place_of_what_was_lost(
    machine: Machine, archive: Path, sample_posts: dict[str, bytes]
) -> None:
    back_up, *go_back = shown(OPERATING, "Backups")
    machine.run(back_up)
    machine.run("find /var/lib/finews -mindepth 1 -delete")
    follow(machine, go_back)
    assert posts_in(archive).items() >= sample_posts.items()
    machine.run(f"systemctl start {CRAWL}")
    assert "19 articles found, 0 added" in machine.run(f"journalctl --unit {CRAWL} --lines=20")


def test_an_archive_moves(machine: Machine, archive: Path, sample_posts: dict[str, bytes]) -> None:
    machine.write("/srv/drop-in", block(OPERATING, "[Service]"))
    machine.write("/srv/editor", 'for file; do [ ! -f "$file" ] || cp /srv/drop-in "$file"; done')
    *stop_and_move, edit, start = shown(OPERATING, "Moving the archive")
    follow(machine, stop_and_move)
    # It only edits for somebody at a terminal.
    machine.run(f"SYSTEMD_EDITOR='sh /srv/editor' script --return --command '{edit}' /dev/null")
    machine.run(start)
    machine.run(f"systemctl start {CRAWL}")
    assert "The archive is in /srv/news" in machine.run(f"journalctl --unit {CRAWL}")
    assert posts_in(machine.root / "srv" / "news").items() >= sample_posts.items()
    assert not posts_in(archive)
    machine.run("systemctl revert finews-crawl.service finews-browse.service")


def test_a_cluster_goes_on_with_the_archive(machine: Machine, archive: Path) -> None:
    install, get_broker, *add_users, disable, copy, reload, enable, status = shown(
        CLUSTER, "The first machine"
    )
    had = posts_in(archive)
    follow(machine, [install, get_broker])
    # Debian starts it when it is installed.
    machine.run("systemctl start rabbitmq-server.service")
    follow(machine, add_users)
    for role in ("writer", "worker", "operator"):
        address = block(CLUSTER, "FINEWS_BROKER=amqp:").replace("//writer", f"//{role}")
        machine.write(f"/etc/finews/{role}.env", address)
    machine.run("chmod 600 /etc/finews/*.env")
    jobs = block(CLUSTER, "[finews]").replace("ths-backfill", ANOTHER.name).replace("ths", "cls")
    jobs = re.sub("source = .*|days = .*", "", jobs)  # its list does not go back so far
    machine.write("/etc/finews/jobs.toml", jobs)
    machine.write(f"{PROJECT}/sources/{ANOTHER.name}.toml", ANOTHER.declaration)
    follow(machine, [disable, copy, reload, enable])
    follow(machine, shown(CLUSTER, "The second, third and fourth"))
    as_operator = "set -a; . /etc/finews/operator.env; set +a"
    send = f".venv/bin/finews cluster send {ANOTHER.name}"
    wait_for(lambda: "Jobs that wait" in follow(machine, [as_operator, f"{send} || true"]))
    ended = re.compile(rf"{ANOTHER.name}: runs only when it is sent; last success 2")
    wait_for(lambda: ended.search(follow(machine, [as_operator, f"{status} || true"])))
    added = posts_in(archive).keys() - had.keys()
    assert {name for name in added if f"-{ANOTHER.name}-" in name}
    assert not follow(machine, [as_operator, *shown(CLUSTER, "When a part fails")])


def block(document: Path, start: str) -> str:
    """The indented lines of a document that begin so."""
    text = document.read_text(encoding="utf-8")
    (found,) = re.findall(rf"^ {{4}}({re.escape(start)}.*\n(?:(?: {{4}}.*)?\n)*)", text, re.M)
    return str(dedent(f"    {found}"))
