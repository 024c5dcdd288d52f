"""Work in several processes keeps its order, its bounds, and ends with the one that asked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.errors import ArchiveError
from archive.process_pool import Workers, chunks, cores
from archive.signals import ENDING
from archive.warc import warc_files
from tests.conftest import ROOT
from tests.support.articles import ARTICLE
from tests.support.captures import exchange
from tests.support.children import Child
from tests.support.processes import lives, processes_of


def slow_for_even(number: int) -> tuple[int, int]:
    time.sleep(0.02 * (number % 2 == 0))
    return number, os.getpid()


def refuse(number: int) -> int:
    raise FileNotFoundError(2, "No such file", f"/{number}")


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("processes", [1, 2])
def test_the_order_is_kept_and_tasks_are_taken_late(processes: int) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(60):
            taken.append(number)
            yield number

    with Workers(processes) as workers:
        results = []
        for result in workers.in_order(slow_for_even, tasks()):
            results.append(result)
            assert len(taken) <= len(results) + 1 + 4 * processes
    assert [number for number, _ in results] == list(range(60))
    pids = {pid for _, pid in results}
    assert len(pids) == processes
    assert (os.getpid() in pids) == (processes == 1)


def test_an_error_of_a_process_is_raised_as_it_is() -> None:
    with pytest.raises(FileNotFoundError) as raised, Workers(2) as workers:
        list(workers.in_order(refuse, [7]))
    assert raised.value.filename == "/7"


def test_a_process_that_is_killed_is_told_in_a_sentence() -> None:
    with (
        pytest.raises(ArchiveError, match=r"was killed.*; run the command again\.$"),
        Workers(2) as workers,
    ):
        list(workers.in_order(die, range(9)))


def die_while_telling(_: int) -> None:
    def send_half(pipe: Connection, _: bytes) -> None:
        os.write(pipe.fileno(), (1000).to_bytes(4, "big") + b"half")
        os.kill(os.getpid(), signal.SIGKILL)

    Connection._send_bytes = send_half  # type: ignore[attr-defined]


def test_a_process_that_is_killed_while_it_tells_is_not_waited_for() -> None:
    with pytest.raises(ArchiveError, match=r"was killed"), Workers(2) as workers:
        list(workers.in_order(die_while_telling, range(9)))


def test_two_interrupts_end_all_processes(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    done = subprocess.run(
        (sys.executable, script),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("ended", "")


INTERRUPTED = """
import signal
import time

from archive.process_pool import Workers


def main():
    try:
        with Workers(2) as workers:
            slow = workers.in_order(time.sleep, [60, 60])
            try:
                signal.raise_signal(signal.SIGINT)
                next(slow)
            finally:
                shutdown = workers._threads.shutdown
                def interrupted(**options):
                    workers._threads.shutdown = shutdown
                    signal.raise_signal(signal.SIGINT)
                    shutdown(**options)
                workers._threads.shutdown = interrupted
    except KeyboardInterrupt:
        print("ended")


if __name__ == "__main__":
    main()
"""


def touch(path: Path) -> Path:
    path.touch()
    return path


def test_workers_begin_before_anybody_takes_what_comes_of_it(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(3)]
    with Workers(2) as workers:
        first, second = workers.in_order(touch, paths[:2]), workers.in_order(touch, paths[2:])
        deadline = time.monotonic() + 30
        while not all(path.exists() for path in paths):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert [*first, *second] == paths


def test_chunks_leave_nothing_out() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []
    assert cores() >= 1


SCRIPT = """
import sys
from archive import cli

if __name__ == "__main__":
    from archive.integrity import rebuild, verify
    rebuild.cores = verify.cores = lambda: 2
    cli.main()
"""


@pytest.mark.parametrize(
    ("command", "asked"), list(product(("verify", "rebuild"), ENDING)), ids=str
)
def test_ctrl_c_and_its_like_end_all_processes_with_one_sentence(
    tmp_path: Path, command: str, asked: signal.Signals
) -> None:
    folder = tmp_path / "news"
    with Archive(folder) as archive:
        archive.add(ARTICLE)
        for number in range(20):
            archive.capture(exchange(os.urandom(100_000), f"http://site.test/{number}"))
    (first,) = warc_files(folder / "warc")
    for number in range(300):
        (folder / "warc" / f"finews-20200101-{number:05}.warc.gz").hardlink_to(first)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with Child(
        (sys.executable, script, command, folder),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        while len(started := processes_of(running.pid)) < 3:  # two, and Python's own tracker
            assert running.poll() is None
            time.sleep(0.01)
        os.killpg(running.pid, asked)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 9
    assert (out, err.strip()) == ("", "Error: Interrupted; nothing is lost. Run the command again.")
    assert not list(folder.glob("catalog.db.new*"))
    deadline = time.monotonic() + 20
    while any(map(lives, started)):
        assert time.monotonic() < deadline, "processes outlive the one they read for"
        time.sleep(0.05)
