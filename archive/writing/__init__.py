"""What a new article does to the archive: its version, its commit, its journal."""

from archive.writing.commit import Outcome, Step, StepWriter
from archive.writing.journal import CRAWL, NOTED, PICTURE, target_of, tells_of_new_version
from archive.writing.versioning import Succession

__all__ = [
    "CRAWL",
    "NOTED",
    "PICTURE",
    "Outcome",
    "Step",
    "StepWriter",
    "Succession",
    "target_of",
    "tells_of_new_version",
]
