"""Errors of page objects.

FinewsError
└── PageError
    ├── LayoutChanged   the answer does not have the layout that the page object reads
    ├── NotFound        the source has no such article
    ├── EmptyList       a list names no article at all
    └── EndlessList     a list has no end
"""

from archive.article_id import InfoCode
from archive.errors import FinewsError


class PageError(FinewsError):
    """A page object could not read its response.

    :param reason: a word for the statistics.
    """

    reason: str


class LayoutChanged(PageError):
    """Raised by every page object that does not find a required part.

    :param page: the page object's class.
    :param what: what is wrong with the answer, as the end of a sentence.
    """

    reason = "layout"

    def __init__(self, page: type, url: str, what: str) -> None:
        super().__init__(f"{page.__name__} cannot read {url}: {what}.")


class NotFound(PageError):
    """Raised for a well-formed answer that there is no such article."""

    reason = "not_found"

    def __init__(self, info_code: InfoCode, url: str) -> None:
        super().__init__(f"{url} has no article {info_code}.")


class EmptyList(PageError):
    """Raised for a list whose first page is well formed and names no article."""

    reason = "empty"

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} names no article.")


class EndlessList(PageError):
    """Raised for a list whose pages do not end, or bring nothing new."""

    reason = "endless"
