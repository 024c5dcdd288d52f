"""Decide what a new article does to the archive, and write that: version, commit, journal."""

from archive.writing.commit import Outcome, PlanWriter, WritePlan
from archive.writing.journal import (
    CRAWL,
    NOTED,
    NOTED_OF_REVISION,
    PICTURE,
    is_of_new_version,
    last_finished_crawl,
    target_of,
)
from archive.writing.versioning import Versioning
