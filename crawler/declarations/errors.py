"""What can be wrong with a declaration, or with an answer that a declaration describes.

FinewsError
├── InvalidDeclaration   a file of settings/sources/ cannot be right
└── AnswerError          an answer gives nothing
    ├── UnreadableAnswer     it is not what the declaration describes
    ├── RefusedAnswer        the site asks for a captcha, or reports a limit
    └── MissingArticle       the site reports that it has no such article
"""

from typing import ClassVar

from archive.errors import FinewsError


class InvalidDeclaration(FinewsError):
    """A declaration is missing, or a value in it cannot be right."""


class AnswerError(FinewsError):
    """An answer gives no entries and no article.

    `reason` is a word for the statistics.

    :param address: of the answer.
    :param part: what of the declaration describes it, such as ``ths: lists.flash``.
    :param what: what is wrong with it, as the end of a sentence.
    """

    reason: ClassVar[str]

    def __init__(self, address: str, part: str, what: str) -> None:
        super().__init__(f"{address} was not read by {part}: {what}.")
        self.what = what


class UnreadableAnswer(AnswerError):
    """An answer is not what its declaration describes."""

    reason = "layout"


class RefusedAnswer(AnswerError):
    """A site answers with a captcha or a limit instead of news."""

    reason = "blocked"


class MissingArticle(AnswerError):
    """A site reports that it has no such article."""

    reason = "not_found"
