"""The processes that a command has started."""

from pathlib import Path


def processes_of(parent: int) -> list[int]:
    """Return the ids of the processes that any thread of a process has started."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for thread in threads for pid in thread.read_text().split()]


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
