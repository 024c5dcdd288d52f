"""What all page objects are: readers of one saved response."""

from abc import ABC, abstractmethod
from typing import ClassVar

from scrapy.http import Response

from archive.article import BodySource, Edition, InfoCode
from crawler.pages.facts import ArticleText, Facts


class PageObject(ABC):
    """A page object. `crawler.pages.layouts` has the addresses that each class is for."""

    @abstractmethod
    def __init__(self, response: Response) -> None: ...

    def facts_of(self, info_code: InfoCode, edition: Edition) -> Facts | None:
        """Return what the page says of a post, beside its text; None where it names no such post.

        :raises PageError: when the page cannot be read.
        """
        return None


class TextPage(PageObject):
    """A page object for the answer that has an article's own text."""

    source: ClassVar[BodySource]

    @abstractmethod
    def text(self, info_code: InfoCode, edition: Edition | None = None) -> ArticleText:
        """Return the text of an article.

        :param edition: of the post whose text is wanted; None where any will do.
        :raises PageError: when it cannot be read, or when there is no such article.
        """
