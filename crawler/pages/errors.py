"""Why a page gave nothing.

FinewsError
└── PageError
    ├── LayoutChanged   the answer is not what this page object was written for
    ├── NotFound        the source says that it has no such article
    ├── EmptyList       a list names no article at all
    └── EndlessList     a list would lead on for ever
"""

from archive.article import InfoCode
from archive.errors import FinewsError


class PageError(FinewsError):
    """A page object could not read its response.

    :param reason: a word for statistics.
    """

    reason: str


class LayoutChanged(PageError):
    """Raised by every page object that does not find what it must find.

    :param page: the page object's class.
    """

    reason = "layout"

    def __init__(self, page: type, url: str, what: str) -> None:
        super().__init__(f"{page.__name__} cannot read {url}: {what}.")


class NotFound(PageError):
    """Raised for an answer that says, well formed, that there is no such article."""

    reason = "not_found"

    def __init__(self, info_code: InfoCode, url: str) -> None:
        super().__init__(f"{url} has no article {info_code}.")


class EmptyList(PageError):
    """Raised for a list whose first page is sound and names no article."""

    reason = "empty"

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} names no article.")


class EndlessList(PageError):
    """Raised for a list whose pages lead on and on, and not further."""

    reason = "endless"
