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


Item = Article | Listed | Look


@dataclass(slots=True, eq=False)
class MissingPicture:
    """A picture that archived articles have and the archive has not. `PicturePipeline` asks for it.

    :param address: as the archive knows it, whatever it redirects to.
    :param error: why it could not be had, when it has been asked for.
    """

    address: str
    error: BaseException | None = None
