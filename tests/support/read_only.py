"""Archives that a test may only read: on a read-only file system, or as another user."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.requirements import lacking, program

NOBODY = "65534"


@contextmanager
def mounted_read_only(folder: Path) -> Iterator[Sequence[str]]:
    """Mount a folder over itself, read-only, until the end of the block; needs root."""
    mount, unmount = program("mount"), program("umount")
    for options in (("--bind",), ("-o", "remount,ro,bind")):
        done = subprocess.run((mount, *options, folder, folder), capture_output=True, check=False)
        if done.returncode:
            lacking(f"a folder cannot be mounted read-only: {done.stderr.decode()}")
    try:
        yield ()
    finally:
        subprocess.run((unmount, folder), check=True)


@contextmanager
def owned_by_another(_: Path) -> Iterator[Sequence[str]]:
    """Give the start of commands for a user who may read everything and write nothing of ours.

    That needs root. Reading is by a capability, because Python itself may lie where no other user
    gets.
    """
    reads = "+dac_read_search"
    command = (
        *(program("setpriv"), "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"),
        *("--inh-caps", reads, "--ambient-caps", reads),
    )
    started = subprocess.run((*command, program("true")), capture_output=True, check=False)
    if started.returncode:
        lacking(f"no command can be run as another user: {started.stderr.decode()}")
    yield command
