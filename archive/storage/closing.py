"""A base class of context managers that close themselves at the end of a block."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """A context manager whose `close` is called at the end of its block."""

    @abstractmethod
    def close(self) -> None:
        """Release the files, locks and connections of this object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
