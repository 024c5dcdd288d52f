"""What pages and lists state of articles."""

from dataclasses import dataclass
from datetime import datetime

from archive.article import BodySource, Edition
from archive.article_id import InfoCode
from archive.categories import ROLLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page or a list states of an article, without its own body; None for what it lacks.

    :param url: the address of the page or the list.
    :param category: the slug; None, like `tag`, where the source has no categories.
    :param body: a stand-in for the article's own body.
    :param body_source: the source of the stand-in.
    :param link: the link to the article's source, as the post writes it.
    :param stock_list: codes of the securities that a list names with the article.
    """

    url: str
    info_code: InfoCode
    title: str | None
    published: datetime | None
    category: str | None
    tag: str | None
    media: str | None
    digest: str | None
    body: str | None = None
    body_source: BodySource
    link: str | None = None
    stock_list: tuple[str, ...] = ()

    @property
    def rolling(self) -> bool:
        """Whether it is rolling news."""
        return self.category == ROLLING.slug

    @property
    def edition(self) -> Edition | None:
        """Which post of the article it is; None where the source has no categories."""
        return Edition.of_category(self.category) if self.category else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """An article's own body, with the facts that its source states; None for what it lacks.

    :param url: the address of the answer.
    :param source: `BodySource.SHARE_API`, `BodySource.ARTICLE_API` or `BodySource.ARTICLE_PAGE`.
    :param rolling: the source marks it as rolling news.
    :param page: the address of the article's page, where the source names it.
    :param stock_list: codes of the securities that the source names with the body.
    """

    url: str
    source: BodySource
    title: str | None
    published: datetime | None
    media: str | None
    digest: str | None = None
    body: str
    rolling: bool = False
    page: str | None = None
    stock_list: tuple[str, ...] = ()
