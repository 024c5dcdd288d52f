"""A RabbitMQ and a Redis of a test's own, on loopback, that may be killed and come back."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kombu import Connection

from tests.requirements import program


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def wait_for(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Broker:
    """A server that keeps its data in a folder, and its port."""

    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command, environment = self._command()
        with (self.folder / "out.log").open("ab") as out:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=os.environ | environment,
                stdout=out,
                stderr=out,
                start_new_session=True,  # RabbitMQ is a family of processes
            )
        try:
            wait_for(self._answers)
        except AssertionError:
            print((self.folder / "out.log").read_text(errors="replace"))
            raise

    def kill(self) -> None:
        """As a power cut does it: nobody is asked."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def _command(self) -> tuple[list[str], dict[str, str]]:
        raise NotImplementedError

    def _answers(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=5) as connection:
                connection.connect()
        except (*Connection(self.url).connection_errors, OSError):
            return False
        return True


class RabbitMQ(Broker):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._names, self._distribution = free_port(), free_port()
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("vm_memory_high_watermark.absolute = 1GiB\n")

    def _command(self) -> tuple[list[str], dict[str, str]]:
        # Debian's command of this name insists on its own user and folders; this is what it runs.
        found = Path(program("rabbitmq-server")).resolve()
        server = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        return (
            [str(server if server.exists() else found)],
            {
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
            },
        )

    def start(self) -> None:
        # Erlang's directory of nodes. Erlang would start one by itself, which nobody would end.
        self._directory = subprocess.Popen(
            (program("epmd"), "-port", str(self._names), "-address", "127.0.0.1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: accepts(self._names))
        super().start()

    def kill(self) -> None:
        super().kill()
        self._directory.kill()
        self._directory.wait(timeout=30)


class Redis(Broker):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> tuple[list[str], dict[str, str]]:
        keeping = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
        here = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        return [program("redis-server"), *here, *keeping], {}


@contextmanager
def running(broker: Broker) -> Iterator[Broker]:
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
        shutil.rmtree(broker.folder, ignore_errors=True)
