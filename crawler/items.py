"""What goes through the pipelines: articles, notes on archived articles, pictures."""

from dataclasses import dataclass

from archive.article import Article
from archive.article_id import ArticleId


@dataclass(frozen=True, slots=True)
class Listed:
    """A list names securities with an archived article.

    :param stock_list: the codes of the securities.
    """

    info_code: ArticleId
    stock_list: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """The source has removed an archived article."""

    info_code: ArticleId


@dataclass(frozen=True, slots=True)
class Checked:
    """The source of an archived article was requested again and gave no better body.

    :param settled: no source has a better one; otherwise a source that may have it did not answer.
    """

    info_code: ArticleId
    settled: bool


ArchiveEvent = Listed | Gone | Checked
Item = Article | ArchiveEvent


@dataclass(slots=True, eq=False)
class MissingPicture:
    """A picture that archived articles name and the archive lacks; `PicturePipeline` fetches it.

    :param address: its address in the articles, which may redirect to another one.
    :param error: why it could not be fetched, once it was requested.
    """

    address: str
    error: BaseException | None = None
