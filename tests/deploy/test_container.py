"""The container image, as far as it can be tested without a container engine."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive.archive import Archive
from cluster.commands import cluster
from crawler.exit_status import ExitStatus
from demo.replica import Replica
from demo.site import MadeUpSite
from tests.conftest import MIRROR, NO_DELAYS, ROOT, posts_in
from tests.deploy.conftest import DEPLOY, PROJECT, Program
from tests.support.requirements import program

ENTRYPOINT = DEPLOY / "entrypoint"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile: name and the rest."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "")
    pairs = (line.split(None, 1) for line in text.splitlines() if line.strip())
    return [(name, rest.strip()) for name, rest in pairs]


def the(name: str) -> str:
    """The only instruction of a name."""
    (found,) = [rest for instruction, rest in instructions() if instruction == name]
    return found


def copies() -> Iterator[tuple[str, str]]:
    """What is copied: source in the project and destination below /opt/finews."""
    for name, rest in instructions():
        if name == "COPY":
            *sources, destination = rest.split()
            for source in sources:
                whole = destination == "./"
                yield source, source if whole else destination


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The project's folder as the image has it."""
    folder = tmp_path / "image"
    for source, destination in copies():
        target = folder / destination
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / source, target)
    return folder


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    """Of a container whose volume is `news`."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    path = f"{installed}:{os.environ['PATH']}"
    return {**kept, "PATH": path, "FINEWS_ARCHIVE": str(tmp_path / "news")}


@contextmanager
def container(
    image: Path, environment: dict[str, str], *command: str
) -> Iterator[subprocess.Popen[str]]:
    """The entry point, running; what is left of it and its children is killed in the end."""
    process = subprocess.Popen(
        (image / "deploy" / "entrypoint", *command),
        cwd=image,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What the process prints, up to a line with `text`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    pytest.fail(f"{text!r} was never printed, but {''.join(lines)}")


def test_shellcheck_finds_nothing() -> None:
    subprocess.run((program("shellcheck"), "--shell=sh", ENTRYPOINT), check=True)


def test_what_is_copied_is_there_and_not_ignored() -> None:
    lines = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sources = [source for source, _ in copies()]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
    assert rules[0] == "*"
    taken = {rule[1:] for rule in rules if rule.startswith("!")}
    assert taken == {source.rstrip("/") for source in sources}


def test_the_image_runs_as_nobody_special() -> None:
    user = the("USER")
    made = next(rest for name, rest in instructions() if name == "RUN" and "useradd" in rest)
    assert f" {user} " in made
    assert user != "root"
    volume = the("VOLUME")
    # A volume takes its owner from the folder of the image.
    folders = made.partition(f"install --directory --owner={user} --group={user} ")[2].split()
    compose = yaml.safe_load((DEPLOY / "compose-cluster.yaml").read_text(encoding="utf-8"))
    mounted = [v for service in compose["services"].values() for v in service.get("volumes", ())]
    of_finews = [place for place in mounted if not place.startswith((".", "broker:"))]
    assert {place.partition(":")[2] for place in of_finews} == set(folders)
    assert volume in folders
    assert f"FINEWS_ARCHIVE={volume}" in the("ENV")
    names = [name for name, _ in instructions()]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in {"RUN", "COPY"})


def test_the_image_is_pinned() -> None:
    assert re.search(r":\d+\.\d+-\w", the("FROM"))
    install = next(rest for name, rest in instructions() if name == "RUN" and " pip " in rest)
    assert '--constraint constraints.txt --editable ".${EXTRAS:+[$EXTRAS]}"' in install


def test_the_programs_of_the_image_are_there() -> None:
    assert the("WORKDIR") == PROJECT
    (entrypoint,) = json.loads(the("ENTRYPOINT"))
    assert entrypoint == f"{PROJECT}/deploy/entrypoint"
    assert os.access(ENTRYPOINT, os.X_OK)
    commands = set(re.findall(r"^(\w+)\)$", ENTRYPOINT.read_text(encoding="utf-8"), re.MULTILINE))
    assert commands == {"crawl", "browse", "healthy"}
    assert json.loads(the("CMD"))[0] in commands
    check = json.loads(the("HEALTHCHECK").partition("CMD ")[2])
    assert check == [entrypoint, "healthy"]


def test_compose_runs_both_commands_of_the_image() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert {name: service["command"] for name, service in services.items()} == {
        "crawl": ["crawl"],
        "browse": ["browse"],
    }
    for service in services.values():
        context = (DEPLOY / service["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / service["build"]["dockerfile"]).is_file()
        assert service["volumes"] == [f"archive:{the('VOLUME')}"]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert "archive" in compose["volumes"]
    assert services["crawl"]["healthcheck"] == {"disable": True}
    # Reached from this machine only.
    assert services["browse"]["ports"] == [f"127.0.0.1:8001:{the('EXPOSE')}"]


def test_compose_runs_every_role_of_a_cluster() -> None:
    text = (DEPLOY / "compose-cluster.yaml").read_text(encoding="utf-8")
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    broker = services.pop("broker")
    assert broker["ports"] == ["${FINEWS_LISTEN:-127.0.0.1}:5672:5672"]
    assert services.pop("browse")["command"] == ["browse"]
    assert set(services) <= set(cluster.commands)
    for name, service in services.items():
        assert service["command"][:3] == ["finews", "cluster", name]
        assert cluster.commands[name].make_context(
            name, service["command"][3:], resilient_parsing=True
        )
        assert service["environment"]["FINEWS_BROKER"].startswith(
            "amqp://finews:${FINEWS_PASSWORD:?}@"
        )
        assert service["build"]["args"] == {"EXTRAS": "cluster"}
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    jobs = "./jobs.toml:/etc/finews/jobs.toml:ro"
    assert services["writer"]["volumes"] == [f"archive:{the('VOLUME')}", jobs]
    with_archive = [name for name, s in services.items() if "archive" in str(s.get("volumes"))]
    assert with_archive == ["writer"]


def test_crawls_go_on_until_stopped(
    image: Path, environment: dict[str, str], replica: Replica, site: MadeUpSite, tmp_path: Path
) -> None:
    environment |= {"http_proxy": replica.proxy_url, "FINEWS_EVERY": "1"}
    crawl = ("crawl", "-a", f"site=http://{MIRROR}/", *NO_DELAYS)
    with container(image, environment, *crawl) as process:
        read_until(process, "60 added")
        read_until(process, " 0 added")
        process.terminate()
        told = process.communicate(timeout=60)[0]
    assert process.returncode == 0, told
    got = posts_in(tmp_path / "news")
    assert {name: got[name] for name in site.posts} == site.posts


def test_it_is_the_code_of_the_image_that_runs(image: Path, environment: dict[str, str]) -> None:
    code = "import archive, crawler, settings; print(archive, crawler, settings)"
    with container(image, environment, "python", "-c", code) as process:
        assert process.communicate(timeout=30)[0].count(str(image)) == 3


def test_stop_is_handed_on_to_the_crawl(
    image: Path, environment: dict[str, str], replica: Replica, tmp_path: Path
) -> None:
    """At two pages a second, a crawl of sixty articles is stopped in the middle."""
    environment |= {"http_proxy": replica.proxy_url}
    pace = ("-s", "DOWNLOAD_DELAY=0.5", "-s", "AUTOTHROTTLE_ENABLED=False")
    crawl = ("crawl", "-a", f"site=http://{MIRROR}/", *pace)
    with container(image, environment, *crawl) as process:
        read_until(process, "Spider opened")
        deadline = time.monotonic() + 60
        while len(replica.requests) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.terminate()
        told = process.communicate(timeout=60)[0]
    assert process.returncode == 0, told
    assert f"(exit status {ExitStatus.INTERRUPTED.value})" in told
    with Archive(tmp_path / "news"):
        pass  # nobody holds it any more


@pytest.mark.parametrize("status", [0, 3, 8, 137])
def test_the_next_crawl_comes_after_any_status(
    status: int, image: Path, environment: dict[str, str], stand_in: Program
) -> None:
    stand_in("python", f'echo "$@"; exit {status}')
    environment |= {"FINEWS_EVERY": "0", "FINEWS_SPIDER": "eastmoney"}
    with container(image, environment, "crawl", "-a", "x=1") as process:
        for _ in range(3):
            assert read_until(process, "\n") == "-m scrapy crawl eastmoney -a x=1\n"


def test_all_sources_that_are_due_are_crawled_again_and_again(
    image: Path, environment: dict[str, str], stand_in: Program
) -> None:
    """One of them may have a broken declaration, which is no reason to stop."""
    stand_in("python", 'echo "$@"; exit 2')
    environment |= {"FINEWS_EVERY": "0", "FINEWS_SPIDER": "all-due"}
    with container(image, environment, "crawl", "--set", "A=1") as process:
        for _ in range(3):
            assert read_until(process, "\n") == "-m archive.cli crawl --set A=1\n"


def test_a_pause_is_ended_by_stop(
    image: Path, environment: dict[str, str], stand_in: Program
) -> None:
    stand_in("python", "echo crawled")
    with container(image, environment, "crawl") as process:
        read_until(process, "crawled")
        time.sleep(0.5)
        start = time.monotonic()
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - start < 20


def test_wrong_arguments_end_it(image: Path, environment: dict[str, str]) -> None:
    with container(image, environment, "crawl", "-a", "nonsense=1") as process:
        told = process.communicate(timeout=60)[0]
    assert process.returncode == 2
    assert "finews: " in told


def test_browse_serves_and_is_healthy(
    image: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    Archive(tmp_path / "news").close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # A proxy that is meant for crawls does not lead the check astray.
    environment |= {"FINEWS_PORT": str(port), "http_proxy": "http://127.0.0.1:9/"}

    def healthy() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (image / "deploy" / "entrypoint", "healthy"),
            cwd=image,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    ill = healthy()
    assert ill.returncode == 1
    assert "does not answer" in ill.stderr
    with container(image, environment, "browse") as process:
        read_until(process, f":{port}/")
        deadline = time.monotonic() + 30
        while healthy().returncode:
            assert time.monotonic() < deadline, "never healthy"
            time.sleep(0.2)
        page = HTTPConnection("127.0.0.1", port, timeout=10)
        page.request("GET", "/")
        assert page.getresponse().status == 200
        page.close()
        process.terminate()
        process.wait(timeout=30)


def test_anything_else_is_run_as_it_is(image: Path, environment: dict[str, str]) -> None:
    with container(image, environment, *shlex.split("sh -c 'echo \"$FINEWS_ARCHIVE\"'")) as process:
        assert process.communicate(timeout=30)[0] == f"{environment['FINEWS_ARCHIVE']}\n"
