"""Import folders of posts into an archive."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from archive.archive import Archive
from archive.clock import Clock, utc_now
from archive.importing.find_files import FileFinding, Listing, ReportFinding, check, posts_below
from archive.importing.plan import Imported, ImportPlanner
from archive.importing.read_versions import read_articles
from archive.process_pool import Sharing
from archive.progress import Progress, silent
from archive.writing import WritePlan

# Bytes that are written at once, so that few writes wait for the disk.
_BATCH_BYTES = 16 << 20

# More than three processes that read would wait for the one that writes.
_SHARING = Sharing(most=3, files=50)


def import_posts(
    folder: Path,
    sources: Sequence[Path],
    progress: Progress = silent,
    *,
    report: ReportFinding = lambda finding: None,
    clock: Clock = utc_now,
    sharing: Sharing = _SHARING,
    batch: int = 1_000,
) -> Imported:
    """Import posts into the archive in `folder`, which is created when it does not exist.

    Files below `sources` are read whose names end like those of Jekyll's posts. Names that begin
    with a dot are left out, and no symbolic link is followed. After a kill at any moment, the same
    import continues.

    :param report: is called with each file that is broken or refused; not with a broken one that
        is archived already.
    :param clock: gives the aware time of the import.
    :param sharing: how the reading is shared among processes; `files` is a number of articles.
    :param batch: number of versions that are written at once.
    :raises Refused: when one of the sources is no folder, or overlaps the archive.
    :raises ArchiveLocked: when another process writes to the archive.
    :raises ArchiveError: when the disk or the catalog reports an error.
    """
    for source in sources:
        check(source, folder)
    imported = Imported()

    def note(finding: FileFinding) -> None:
        imported.refused += not finding.taken
        imported.broken += finding.taken
        report(finding)

    with Archive(folder, clock=clock) as archive, Listing() as listing:
        for source in sources:
            for file in posts_below(source, note):
                listing.add(file, note)
        seen = clock()
        planner = ImportPlanner(archive, imported, note, seen)
        count = len(listing)
        with closing(read_articles(listing.articles(), count, archive, seen, sharing)) as articles:
            read = zip(progress("articles", range(count)), articles, strict=False)
            archive.write(_batches((planner.plans(article) for _, article in read), batch))
    return imported


def _batches(planned: Iterable[list[WritePlan]], most: int) -> Iterator[list[WritePlan]]:
    batch: list[WritePlan] = []
    size = 0
    for plans in planned:
        batch += plans
        size += sum(len(data) for plan in plans for data, _ in plan.files)
        if len(batch) >= most or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch
