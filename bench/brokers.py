"""Run a RabbitMQ on loopback, which tests may kill and start again."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: Run a program, and kill its process group when standard input is closed: a killed test leaves no
#: process behind.
_END_WITH_PARENT = '"$0" "$@" & read -r _; kill -9 0'

#: The program behind Debian's command `rabbitmq-server`, which requires a fixed user and folders.
_RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def free_port() -> int:
    """Return a free port on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for(happened: Callable[[], object], seconds: float = 240) -> None:
    """Wait until a condition is true; raise AssertionError when that takes too many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Broker:
    """Debian's RabbitMQ with its data in a folder; it has the same ports after every start.

    Needs the programs in `programs` on the PATH at its creation.

    :param settings: more lines of ``rabbitmq.conf``; ``PORT`` is a second port, as for TLS.
    """

    programs = ("rabbitmq-server", "epmd")

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.port, self.second_port = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._names, self._distribution = free_port(), free_port()
        self._path = os.environ["PATH"]
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        (folder / "plugins").write_text("[].\n", encoding="ascii")
        (folder / "rabbitmq.conf").write_text(
            "vm_memory_high_watermark.absolute = 1GiB\n"
            + settings.replace("PORT", str(self.second_port)),
            encoding="ascii",
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # Erlang's directory of nodes. Erlang would start one itself, and not end it.
        self._directory = _begin(
            (self._path_of("epmd"), "-port", str(self._names), "-address", "127.0.0.1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._has_directory)
        with (self.folder / "out.log").open("ab") as out:
            self._process = _begin(
                [_RABBITMQ if Path(_RABBITMQ).exists() else self._path_of("rabbitmq-server")],
                cwd=self.folder,
                env={**os.environ, **self._environment()},
                stdout=out,
                stderr=out,
            )
        try:
            wait_for(self._answers)
        except AssertionError:
            print((self.folder / "out.log").read_text(encoding="utf-8", errors="replace"))
            raise

    def kill(self) -> None:
        """Kill the server, as a power cut would."""
        _kill(self._process)
        _kill(self._directory)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes, such as one that freezes them."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def control(self, *command: str) -> str:
        """Run a command of ``rabbitmqctl``, and return what it prints."""
        program = f"{Path(_RABBITMQ).parent}/rabbitmqctl" if Path(_RABBITMQ).exists() else ""
        done = subprocess.run(  # noqa: S603
            (program or self._path_of("rabbitmqctl"), "--quiet", *command),
            env={**os.environ, **self._environment()},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def _path_of(self, program: str) -> str:
        path = shutil.which(program, path=self._path)
        assert path is not None, f"{program} is not installed"
        return path

    def _has_directory(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._names), timeout=5):
            return True
        return False

    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": self._path,
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_NODENAME": "finews@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            # Idle threads of Erlang sleep instead of waiting busily.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def _answers(self) -> bool:
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection,
        ):
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"
        return False


def _begin(command: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a command as a process group: RabbitMQ has several processes."""
    return subprocess.Popen(  # noqa: S603
        ("/bin/sh", "-c", _END_WITH_PARENT, *command),
        stdin=subprocess.PIPE,
        start_new_session=True,
        **options,
    )


def _kill(process: "subprocess.Popen[bytes] | None") -> None:
    if process is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=30)


@contextmanager
def running(broker: Broker) -> Iterator[Broker]:
    """Run a broker until the end of the `with` block."""
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
        shutil.rmtree(broker.folder, ignore_errors=True)
