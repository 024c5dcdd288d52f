"""What a new article does to the archive: its version, its commit, its journal."""

from archive.writing.commit import Outcome, Step, StepWriter
from archive.writing.journal import CRAWL, NOTED, PICTURE, is_of_new_version, target_of
from archive.writing.versioning import Succession

__all__ = [
    "CRAWL",
    "NOTED",
    "PICTURE",
    "Outcome",
    "Step",
    "StepWriter",
    "Succession",
    "is_of_new_version",
    "target_of",
]
