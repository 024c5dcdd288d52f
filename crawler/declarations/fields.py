"""The facts of an article that lists and pages of declared sources may hold."""

from dataclasses import dataclass

from crawler.declarations.bodies import Body
from crawler.declarations.mentions import Mention
from crawler.declarations.times import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFields:
    """What a source holds of an article; None where it holds nothing.

    :param id: the source's own.
    :param address: of the article's page.
    :param body: the article itself; of a list, where the list has it.
    """

    id: str | None
    address: str | None
    title: str | None = None
    published: Moment | None = None
    modified: Moment | None = None
    media: str | None = None
    author: str | None = None
    digest: str | None = None
    body: Body | None = None
    pictures: tuple[str, ...] = ()
    securities: tuple[Mention, ...] = ()
    tags: tuple[str, ...] = ()
    paid: bool = False
