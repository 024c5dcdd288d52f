"""The catalog: one SQLite file that lists every post, and can be rebuilt from the files."""

from archive.catalog.absences import Presence
from archive.catalog.addresses import article_at
from archive.catalog.causes import Cause, VersionState, edits_from, with_cause
from archive.catalog.crawl_history import History
from archive.catalog.crawl_status import Health, is_running, read_crawls
from archive.catalog.editions import EditionRow
from archive.catalog.events import check_cursor, last_cursor, time_of_publisher
from archive.catalog.future_dates import horizon
from archive.catalog.read_only import ReadOnlyCatalog
from archive.catalog.reader import CatalogReader
from archive.catalog.revisited import RevisitQueue
from archive.catalog.row_builder import (
    article_from,
    as_json,
    entry_of_file,
    entry_of_post,
    named_by,
    revision_of,
    row_of,
    row_of_file,
    seen_again,
)
from archive.catalog.rows import CatalogEntry, PostRow, RevisionRow, StoredBody
from archive.catalog.source_health import SourceHealth, health_of_sources
from archive.catalog.statistics import describe
from archive.catalog.version_files import read_post
from archive.catalog.writer import Catalog
