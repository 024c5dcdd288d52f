"""What spiders yield besides articles."""

from dataclasses import dataclass
from enum import StrEnum

from archive.article import InfoCode


class Found(StrEnum):
    """What another look at an archived article found, where it did not find the article."""

    GONE = "gone"
    NOTHING_ELSE = "nothing else"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the source of an archived article that brought no article."""

    info_code: InfoCode
    found: Found
