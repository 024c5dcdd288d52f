"""Exit statuses of single commands; every command has 1 and 2."""

from enum import IntEnum


class Status(IntEnum):
    """The result of a check."""

    #: Nothing is wrong except accepted damage.
    WHOLE = 0
    #: The archive could not be checked or rebuilt; a sentence gives the reason.
    FAILED = 1
    #: The command is done; damage is printed, a line each.
    REMARKS = 3
    #: Another process writes to the archive; try again later.
    BEING_WRITTEN = 4
    #: Nothing is wrong except accepted damage; only with ``--strict``.
    ACCEPTED = 5


class SearchStatus(IntEnum):
    """The result of a search."""

    #: At least one post is found.
    FOUND = 0
    #: The archive could not be read; a sentence gives the reason.
    FAILED = 1
    #: The query or another argument is wrong; a sentence gives the reason.
    WRONG = 2
    #: No post is found.
    NONE = 3
