"""Progress reports of long work."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


class Progress(Protocol):
    """A function that yields the steps of some work, and may show its progress."""

    def __call__(self, what: str, steps: Sequence[Item]) -> Iterable[Item]:
        """Yield the steps, in order.

        :param what: label of the progress bar, such as "checked".
        """


def silent(what: str, steps: Sequence[Item]) -> Iterable[Item]:
    """Return the steps without a progress bar."""
    return steps


def show(what: str, steps: Sequence[Item]) -> Iterable[Item]:
    """Yield the steps with a progress bar on a terminal, and without one elsewhere."""
    return tqdm(steps, desc=what, unit="", leave=False, disable=None)
