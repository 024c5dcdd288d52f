"""A machine of one's own that boots Debian's systemd in a second, and may be set up at will.

Namespaces of Linux make it: its files are those of this machine, and what it writes is kept in
memory; its processes, its network and its host name are its own. Nothing of it is left afterwards.
"""

import ctypes
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from bench.brokers import wait_for
from demo.replica import Replica
from tests.support.requirements import lacking, program

#: Where a machine finds this Python, and what is installed in it.
PYTHON, DEPENDENCIES = "/run/python", "/run/dependencies"
_CLONE_NEWNET = 0x40000000

# What the system has to allow, and nothing else.
_ALLOWED = """
    set -eu
    mount -t cgroup2 cgroup2 "$1"
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
"""

# Control groups of its own come first; once the test is over or dead, nobody holds the other end
# of standard input, and all is taken away again.
_OUTSIDE = """
    set -eu
    mount -t cgroup2 cgroup2 "$1"
    mkdir "$1/finews-$$"
    echo $$ >"$1/finews-$$/cgroup.procs"
    unshare --cgroup --pid --fork --kill-child --net --uts --ipc --mount sh -c "$2" sh "$@" &
    exec >/dev/null
    read -r _ || true
    exec 2>/dev/null
    kill -9 $! || true
    wait $! || true
    echo $$ >"$1/cgroup.procs"
    for _ in $(seq 200); do
        find "$1/finews-$$" -depth -type d -exec rmdir {} + && break
        sleep 0.1
    done
"""

# What could reach this machine cannot be written: /sys, and /proc/sys but for what each network has
# to itself. Its own services, which Debian starts at boot, are not started. Files are written once
# / is the new one: before, links lead to this machine's.
_INSIDE = """
    set -eu
    mount -t tmpfs -o mode=755 tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
    read -r outside _ </proc/self/stat
    cd "$1/root"
    mount -t proc proc proc
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount --bind proc/sys/net proc/sys/net
    mount -o remount,bind,rw proc/sys/net
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs dev
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    mkdir dev/shm
    ln -s pts/ptmx dev/ptmx
    mount -t tmpfs tmpfs dev/shm
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    shift 2
    while [ $# -gt 0 ]; do
        mkdir ".$1"
        mount --bind "$2" ".$1"
        mount -o remount,bind,ro ".$1"
        shift 2
    done
    ip link set lo up
    mkdir run/before
    pivot_root . run/before
    echo "$outside"
    umount --lazy run/before
    rm -rf etc/systemd/system/* usr/lib/systemd/system/*.wants usr/lib/systemd/system-generators
    printf '[Unit]\\nWants=systemd-journald.service\\n' >etc/systemd/system/machine.target
    echo first >etc/hostname
    echo 127.0.0.1 localhost first MACHINE >etc/hosts
    exec env --ignore-environment container=test /usr/lib/systemd/systemd --unit=machine.target \
        --log-target=journal --show-status=no </dev/null >/dev/null 2>&1
"""


class Machine:
    """A machine that has booted.

    `root` is its root folder, as seen from here, to be read only: links that begin with / lead to
    this machine's files. `environment` are the variables of its shells and services.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self.root = Path(f"/proc/{process}/root")
        # A Python that was built elsewhere would look for its library there.
        self.environment = {"LD_LIBRARY_PATH": f"{PYTHON}/lib"}

    def has_booted(self) -> bool:
        """Whether systemd takes orders."""
        return self._bash("systemctl is-active machine.target").returncode == 0

    def run(self, script: str, given: str = "") -> str:
        """Run lines of bash as root, up to the first that fails; returns what they print.

        :param given: what they may read.
        """
        done = self._bash(script, given)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _bash(self, script: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (
                *("nsenter", f"--target={self._process}", "--mount", "--pid", "--net", "--uts"),
                *("--ipc", "--cgroup", "--root", "--wd"),
                *("env", "--ignore-environment", *self._variables()),
                *("bash", "-e", "-o", "pipefail", "-c", script),
            ),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def _variables(self) -> list[str]:
        path = f"{PYTHON}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        settings = {"HOME": "/root", "PATH": path, "LANG": "C.UTF-8", **self.environment}
        return [f"{name}={value}" for name, value in settings.items()]

    def write(self, path: str, text: str) -> None:
        """Write a file of it, and its folder."""
        self.run(f"mkdir -p $(dirname {path}); cat >{path}", text)

    @contextmanager
    def internet(self, replica: Replica) -> Iterator[Replica]:
        """The replica, served in this machine's network, where shells and services find it."""
        listening = threading.Thread(target=self._listen, args=(replica,))
        listening.start()
        listening.join()
        try:
            self.environment |= {**replica.environment, "no_proxy": "127.0.0.1"}
            certificate = Path(self.environment["SSL_CERT_FILE"]).read_text(encoding="ascii")
            self.environment["SSL_CERT_FILE"] = "/etc/ssl/replica.pem"
            self.write("/etc/ssl/replica.pem", certificate)
            self._tell_services()
            yield replica
        finally:
            replica.__exit__(None, None, None)

    def _listen(self, replica: Replica) -> None:
        """A thread may enter another network for good, and its sockets stay there."""
        with Path(f"/proc/{self._process}/ns/net").open("rb") as network:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(network.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        replica.__enter__()

    def _tell_services(self) -> None:
        pairs = " ".join(f'"{name}={value}"' for name, value in self.environment.items())
        defaults = f"[Manager]\nDefaultEnvironment={pairs}\n"
        self.write("/etc/systemd/system.conf.d/test.conf", defaults)
        self.run("systemctl daemon-reload")


@contextmanager
def booted(folder: Path, shared: Mapping[str, Path] = MappingProxyType({})) -> Iterator[Machine]:
    """A machine, for as long as the `with` block lasts.

    Without one the test is skipped, as in a container without its own control groups, or fails
    where all must run.

    :param shared: folders of this machine that it can read, by their places in it, below ``/run/``.
    """
    for name in ("nsenter", "ip"):
        program(name)
    namespaces = ("--mount", "--pid", "--fork", "--net", "--uts", "--ipc", "--cgroup")
    allowed = subprocess.run(
        (program("unshare"), *namespaces, "sh", "-c", _ALLOWED, "sh", folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if allowed.returncode:
        lacking(f"no machine can be made: {allowed.stderr}")
    python = {PYTHON: sys.base_prefix, DEPENDENCIES: sysconfig.get_path("purelib")}
    places = chain.from_iterable({**python, **shared}.items())
    process = subprocess.Popen(
        (program("unshare"), "--mount", "sh", "-c", _OUTSIDE, "sh", folder, _INSIDE, *places),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C would end what takes all away, and leave the rest
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        outside = process.stdout.readline()
        assert outside, process.communicate(timeout=30)[1]
        machine = Machine(int(outside))
        wait_for(machine.has_booted, seconds=30)
        yield machine
    finally:
        process.communicate(timeout=30)
