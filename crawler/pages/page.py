"""Base classes of page objects, each of which reads one saved response."""

from abc import ABC, abstractmethod
from typing import ClassVar

from scrapy.http import Response

from archive.article import BodySource, Edition
from archive.article_id import InfoCode
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import ArticleText, Facts


class PageObject:
    """A page object. `crawler.pages.layouts` has the addresses that each class is for."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def facts_of(self, info_code: InfoCode, edition: Edition) -> Facts | None:
        """Return the facts of a post, without its text; None where the page does not name it.

        :raises PageError: when the page cannot be read.
        """
        return None

    def _unreadable(self, what: str) -> LayoutChanged:
        return LayoutChanged(type(self), self._response.url, what)


class TextPage(PageObject, ABC):
    """A page object for the answer that has an article's own text."""

    source: ClassVar[BodySource]

    @abstractmethod
    def text(self, info_code: InfoCode, edition: Edition | None = None) -> ArticleText:
        """Return the text of an article.

        :param edition: the edition of the post whose text is requested; None for any.
        :raises PageError: when the page cannot be read, or when there is no such article.
        """
