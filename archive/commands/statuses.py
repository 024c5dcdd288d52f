"""Exit statuses of the commands that check an archive; 1 and 2 are those of every command."""

from enum import IntEnum


class Status(IntEnum):
    """What a check found."""

    WHOLE = 0
    """nothing is wrong, or nothing but what was accepted"""
    FAILED = 1
    """it could not be checked or rebuilt; a sentence says why"""
    REMARKS = 3
    """it was done, and what is wrong is printed, a line each"""
    BEING_WRITTEN = 4
    """another process writes to the archive; try again later"""
    ACCEPTED = 5
    """nothing is wrong but what was accepted; only with ``--strict``"""
