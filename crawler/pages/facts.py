"""What pages and lists say of articles."""

from dataclasses import dataclass
from datetime import datetime

from archive.article import BodySource, InfoCode
from archive.categories import ROLLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page or a list says of an article beside its own body; None where it does not say.

    :param url: where it says so.
    :param category: the slug; None, like `tag`, where the source knows no categories.
    :param body: what can stand in for the article's own, and comes from `body_source`.
    :param link: the source, as the post writes it.
    :param stock_list: codes of securities that a list names beside the article.
    """

    url: str
    info_code: InfoCode
    title: str | None
    published: datetime | None
    category: str | None
    tag: str | None
    media: str | None
    digest: str | None
    body: str | None
    body_source: BodySource
    link: str | None
    stock_list: tuple[str, ...] = ()

    @property
    def rolling(self) -> bool:
        """Whether it is rolling news."""
        return self.category == ROLLING.slug


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """An article's own body and what its source says beside it; None for what it leaves out.

    :param url: of the answer.
    :param source: `BodySource.SHARE_API`, `BodySource.ARTICLE_API` or `BodySource.ARTICLE_PAGE`.
    :param rolling: the source tells it to be rolling news.
    :param page: the address of the article's page, where the source names it.
    :param stock_list: codes of securities that the source names beside the body.
    """

    url: str
    source: BodySource
    title: str | None
    published: datetime | None
    media: str | None
    digest: str | None
    body: str
    rolling: bool
    page: str | None = None
    stock_list: tuple[str, ...] = ()
