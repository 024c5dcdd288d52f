"""The containers of `deploy/`, under a real container engine, by the commands that start them.

The engine is Debian's Docker, on a machine of the test's own (`tests/deploy/machine.py`). It has no
registry to ask: the images that ours are built on are made of what is installed here
(`tests/deploy/images.py`), and the internet is the sample site.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.brokers import wait_for
from demo.replica import Replica
from tests.conftest import posts_in
from tests.deploy.conftest import DEPLOY, PROJECT
from tests.deploy.images import (
    DEPENDENCIES,
    PATH,
    PYTHON_LINKS,
    debian_files,
    python_files,
    write_image,
)
from tests.deploy.machine import Machine, booted
from tests.support.documents import (
    OPERATING,
    at_the_head,
    copy_of_the_project,
    for_root,
    sample_internet,
    sections,
)
from tests.support.requirements import lacking, program

#: The machine, as its containers see it.
BRIDGE = "172.17.0.1"
VOLUMES = Path("var/lib/docker/volumes")
CERTIFICATE = Path("/etc/ssl/replica.pem")
BASE = ("base-files", "coreutils", "dash")
#: What the system has to allow an engine, beyond a machine.
ALLOWED = """
    ip link add bridge0 type bridge
    ip link add one type veth peer name other
    iptables --table nat --list
    mkdir /run/lower /run/upper /run/work /run/both
    mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work overlay /run/both
    umount /run/both
    ip link delete one
    ip link delete bridge0
"""
#: What Debian's command of that name runs.
RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for images, which the machine can read."""
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def engine(
    packages: Path, images: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A machine with Docker, the image of a Python, and the project."""
    for name in ("curl", "dockerd"):
        program(name)
    asked = (program("docker"), "compose", "version")
    if subprocess.run(asked, capture_output=True, check=False).returncode:
        lacking("docker has no compose")
    folder, project = tmp_path_factory.mktemp("machine"), tmp_path_factory.mktemp("p") / "project"
    copy_of_the_project(project)
    internet = Replica(sample_internet())
    with (
        booted(folder, {"/run/project": project, "/run/images": images}) as machine,
        machine.internet(internet),
    ):
        refused = machine.run(f"bash -ec '{ALLOWED}' 2>&1 >/dev/null || echo refused")
        if refused.endswith("refused\n"):
            lacking(f"no containers can be made: {refused}")
        # Debian's own client, building as later ones do by themselves.
        machine.environment |= {"PATH": "/usr/sbin:/usr/bin", "DOCKER_BUILDKIT": "1"}
        # The layers of images cannot lie on those of the machine's own files.
        machine.run("mkdir -p /var/lib/docker; mount -t tmpfs tmpfs /var/lib/docker")
        machine.run(f"cp -r /run/project {PROJECT}; systemctl start docker.service")
        # Nobody waits a minute for the first look at a container's health.
        machine.run(f"sed -i s/--interval=1m/--interval=1s/ {PROJECT}/deploy/Containerfile")
        port = internet.proxy_url.rpartition(":")[2]
        passed_on = f"/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:{port}"
        machine.run(f"systemd-run --socket-property=ListenStream={BRIDGE}:{port} {passed_on}")
        certificate = images / "replica.pem"
        certificate.write_text(machine.run(f"cat {CERTIFICATE}"), encoding="ascii")
        wheels = {Path("/packages", wheel.name): wheel for wheel in packages.iterdir()}
        files = debian_files((*BASE, "login", "passwd")) | python_files({"cluster"})
        files |= wheels | {CERTIFICATE: certificate}
        write_image(images / "python.tar", files, PYTHON_LINKS)
        environment = {
            "PATH": PATH,
            "PYTHONPATH": DEPENDENCIES,
            "PIP_NO_INDEX": 1,
            "PIP_FIND_LINKS": "/packages",
            "SSL_CERT_FILE": CERTIFICATE,
            "http_proxy": f"http://{BRIDGE}:{port}",
            "https_proxy": f"http://{BRIDGE}:{port}",
        }
        variables = " ".join(f"{name}={value}" for name, value in environment.items())
        load(
            machine, "python.tar", "docker.io/library/python:3.11-slim-bookworm", f"ENV {variables}"
        )
        yield machine


def load(machine: Machine, image: str, name: str, *changes: str) -> None:
    """Give an image to the engine, under the name by which ours ask for it."""
    with_changes = " ".join(f"--change '{change}'" for change in changes)
    machine.run(f"docker import {with_changes} /run/images/{image} {name}")


def follow(machine: Machine, command: str) -> str:
    """Run a command in the project's folder; returns what it prints."""
    return machine.run(f"cd {PROJECT}; {command}")


def test_the_image_is_built_by_itself(engine: Machine) -> None:
    (build,) = at_the_head(DEPLOY / "Containerfile")
    follow(engine, build)
    assert "healthy" in engine.run("docker inspect --format '{{.Config.Healthcheck}}' finews")


def test_containers_crawl_and_show_the_archive(
    engine: Machine, sample_posts: dict[str, bytes]
) -> None:
    text = sections(OPERATING)["Containers"]
    (start,) = for_root(text)
    assert at_the_head(DEPLOY / "compose.yaml") == [start]
    logs, states = re.findall(r"`(docker [^`]+)`", " ".join(text.split()))
    follow(engine, start)
    wait_for(lambda: "finews: 19 articles found" in follow(engine, logs))
    wait_for(lambda: "(healthy)" in follow(engine, states))
    assert "<title>" in follow(engine, "curl http://127.0.0.1:8001/")
    assert posts_in(engine.root / VOLUMES / "finews_archive/_data") == sample_posts
    follow(engine, "docker compose --file deploy/compose.yaml down")


@pytest.mark.skipif(
    "FINEWS_ALL_CONTAINERS" not in os.environ, reason="a minute, which `make nightly` has"
)
def test_a_cluster_of_containers_crawls(
    engine: Machine, images: Path, sample_posts: dict[str, bytes]
) -> None:
    write_image(
        images / "rabbitmq.tar",
        debian_files((*BASE, "erlang-*", "grep", "rabbitmq-server", "sed")),
    )
    changes = (f"ENV PATH={PATH} HOME=/var/lib/rabbitmq", f'CMD ["{RABBITMQ}"]')
    load(engine, "rabbitmq.tar", "docker.io/library/rabbitmq:4.0", *changes)
    cluster = DEPLOY / "compose-cluster.yaml"
    make_password, start, start_further = at_the_head(cluster)
    follow(engine, make_password)
    follow(engine, f"echo FINEWS_LISTEN={BRIDGE} >>deploy/.env")
    engine.write(f"{PROJECT}/deploy/jobs.toml", "[finews]\nevery = 5\n")
    follow(engine, start)
    wait_for(
        lambda: posts_in(engine.root / VOLUMES / "finews-cluster_archive/_data") == sample_posts
    )
    wait_for(lambda: "<title>" in follow(engine, "curl http://127.0.0.1:8001/ || true"))
    # The further machine is this one, too: its worker takes the place of the first one's.
    follow(engine, f"echo FINEWS_MAIN={BRIDGE} >>deploy/.env")
    follow(engine, start_further)
    compose = "docker compose --file deploy/compose-cluster.yaml"
    assert f"@{BRIDGE}:5672/" in follow(engine, f"{compose} exec worker printenv FINEWS_BROKER")
    wait_for(lambda: "articles found" in follow(engine, f"{compose} logs worker"))
    follow(engine, f"{compose} down")
