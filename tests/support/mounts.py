"""File systems of a limited size."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.requirements import lacking, program


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system in memory; this needs root."""
    mount, unmount = program("mount"), program("umount")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        (mount, "-t", "tmpfs", "-o", options, "tmpfs", folder), capture_output=True, check=False
    )
    if done.returncode:
        lacking(f"a file system cannot be mounted: {done.stderr.decode()}")
    try:
        yield folder
    finally:
        subprocess.run((unmount, folder), check=True)
