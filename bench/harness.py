"""What the benchmarks share: time, memory and rows of a table."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Took:
    """What a command took, with all processes that it started.

    :param processor: seconds of the processor.
    :param peak: bytes of memory, of the largest process.
    """

    seconds: float
    processor: float
    peak: int


def run(command: Sequence[str], cores: Iterable[int] = ()) -> Took:
    """Run a command on some cores; by default on all.

    :raises SystemExit: when it fails.
    """
    chosen = frozenset(cores) or os.sched_getaffinity(0)
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with exit status {process.returncode}.")
    seconds = time.perf_counter() - began
    return Took(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def head(what: str, baseline: str) -> None:
    """Print the head of a table that `row` continues."""
    print(f"{what:28} {'median':>9} {'95th':>9} {baseline:>12}", flush=True)


def row(name: str, values: Sequence[float], baseline: float) -> None:
    """Print the median, the 95th percentile and the ratio of the median to the baseline."""
    median = statistics.median(values)
    late = statistics.quantiles(values, n=20, method="inclusive")[-1]
    print(f"{name:28} {median:9.2f} {late:9.2f} {median / baseline:12.4f}", flush=True)
