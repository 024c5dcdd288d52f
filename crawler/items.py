"""What goes through the pipelines: articles, what is to be noted of archived ones, pictures."""

from dataclasses import dataclass
from enum import StrEnum

from archive.article import Article, InfoCode


class Found(StrEnum):
    """What another look at an archived article found, where it did not find the article."""

    GONE = "gone"
    NOTHING_ELSE = "nothing else"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Listed:
    """An archived article that a list names, with securities beside it.

    :param stock_list: their codes.
    """

    info_code: InfoCode
    stock_list: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the source of an archived article that brought no article."""

    info_code: InfoCode
    found: Found


@dataclass(frozen=True, slots=True)
class FetchedPicture:
    """What came for a picture of archived articles.

    :param address: as the archive knows it, whatever it redirected to.
    """

    address: str
    data: bytes


Item = Article | Listed | Look | FetchedPicture
