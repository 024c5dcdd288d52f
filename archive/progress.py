"""How long work tells how far it is: a function that passes on what it is given."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


class Progress(Protocol):
    """Passes on the steps of a piece of work, and may show each as it is taken."""

    def __call__(self, what: str, steps: Sequence[Item]) -> Iterable[Item]:
        """The steps, in order.

        :param what: they are, in a word.
        """


def silent(what: str, steps: Sequence[Item]) -> Iterable[Item]:
    """Show nothing."""
    return steps


def show(what: str, steps: Sequence[Item]) -> Iterable[Item]:
    """Show a bar on a terminal, and nothing elsewhere."""
    return tqdm(steps, desc=what, unit="", leave=False, disable=None)
