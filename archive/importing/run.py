"""Takes folders of posts into an archive."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from archive.archive import Archive
from archive.clock import Clock, utc_now
from archive.importing.find_files import FileFinding, Listing, Tell, check, posts_below
from archive.importing.plan import Imported, ImportPlan
from archive.importing.read_versions import read_articles
from archive.progress import Progress, silent
from archive.writing import Step

_BATCH_VERSIONS, _BATCH_BYTES = 1_000, 16 << 20
"""What is written at once: few waits for the disk, one transaction."""


def import_posts(
    folder: Path,
    sources: Sequence[Path],
    progress: Progress = silent,
    *,
    tell: Tell = lambda finding: None,
    clock: Clock = utc_now,
) -> Imported:
    """Take posts into the archive in `folder`, which is created when it is not there.

    Reads the files below `sources` whose names end as those of Jekyll's posts; names that begin
    with a dot are left out, and no symbolic link is followed. Can be killed at any moment; the same
    import again goes on.

    :param tell: is called with each file that is broken or refused; not with a broken one that is
        archived already.
    :param clock: gives the aware time of the import.
    :raises Refused: when one of the sources is no folder, or overlaps the archive.
    :raises ArchiveLocked: when another process writes to the archive.
    :raises ArchiveError: when the disk or the catalog refuses.
    """
    for source in sources:
        check(source, folder)
    imported = Imported()

    def note(finding: FileFinding) -> None:
        imported.refused += not finding.taken
        imported.broken += finding.taken
        tell(finding)

    with Archive(folder, clock=clock) as archive, Listing() as listing:
        for source in sources:
            for file in posts_below(source, note):
                listing.add(file, note)
        seen = clock()
        plan = ImportPlan(archive, imported, note, seen)
        count = len(listing)
        with closing(read_articles(listing.articles(), count, archive, seen)) as articles:
            steps = zip(progress("articles", range(count)), articles, strict=False)
            archive.write(_batches(plan.steps(article) for _, article in steps))
    return imported


def _batches(planned: Iterable[list[Step]]) -> Iterator[list[Step]]:
    batch: list[Step] = []
    size = 0
    for steps in planned:
        batch += steps
        size += sum(len(data) for step in steps for data, _ in step.files)
        if len(batch) >= _BATCH_VERSIONS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch
