"""An edit: the words that changed between two versions, and their class."""

from dataclasses import dataclass
from enum import StrEnum


class EditClass(StrEnum):
    """The class of an edit, the most important to readers first.

    `MARKUP` is the only one that is no edit by the publisher: the HTML differs, and nothing that
    readers read. It never comes with another class.
    """

    TITLE = "title"
    FIGURES = "figures"
    SECURITIES = "securities"
    RETRACTION = "retraction"
    WORDING = "wording"
    ADDITION = "addition"
    PUBLISHED = "published"
    MARKUP = "markup"

    @property
    def is_publishers(self) -> bool:
        """True where a publisher changed what readers read."""
        return self is not EditClass.MARKUP


@dataclass(frozen=True, slots=True)
class Edit:
    """A change between two versions.

    :param before: the words of the earlier version; empty where the change only adds.
    :param after: the words of the later version; empty where the change only removes.
    """

    edit_class: EditClass
    before: str
    after: str
