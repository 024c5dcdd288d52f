"""What is closed at the end of a block."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Something to close, as a context manager."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what it holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
