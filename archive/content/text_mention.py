"""A security that a plain text names."""

from dataclasses import dataclass
from enum import StrEnum

from archive.content.securities import Security


class FoundBy(StrEnum):
    """What in a text shows that it names a security, the most certain first."""

    CODE_WITH_EXCHANGE = "code with exchange"
    CODE_WITH_LABEL = "code with label"
    CODE_IN_BRACKETS = "code in brackets"
    TICKER = "ticker"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class TextMention:
    """A security that a text names.

    :param market: Eastmoney's number; None for a share in the US whose exchange is not known.
    :param start: where it is in the text; it ends before `end`.
    """

    market: int | None
    symbol: str
    name: str | None
    found_by: FoundBy
    start: int
    end: int

    @property
    def security(self) -> Security | None:
        """The security; None where its market is not known."""
        return None if self.market is None else Security(self.market, self.symbol, self.name)
