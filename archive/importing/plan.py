"""Decide which versions the imported files become; see `archive.importing` for the rule."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from archive.archive import Archive
from archive.article import Edition
from archive.article_id import ArticleId
from archive.catalog import (
    CatalogEntry,
    PostRow,
    VersionState,
    named_by,
    revision_of,
    with_cause,
)
from archive.content import parse_post, read_body
from archive.errors import Refused
from archive.importing.find_files import FileFinding, ReportFinding
from archive.importing.read_versions import (
    ReadArticle,
    ReadVersion,
    rank_of,
    rank_of_post,
    version_of,
)
from archive.storage import revision_path, sha256
from archive.writing import Outcome, WritePlan


@dataclass(slots=True)
class Imported:
    """The numbers of files by what the import did with them; each is in one of the first five.

    :param added: became the current versions of new articles.
    :param revised: superseded an imported version.
    :param older: became superseded versions.
    :param unchanged: have bytes that the archive has already, or that another file has.
    :param refused: were not imported.
    :param broken: files of the first three that are not sound posts.
    """

    added: int = 0
    revised: int = 0
    older: int = 0
    unchanged: int = 0
    refused: int = 0
    broken: int = 0


class ImportPlanner:
    """A planner of what to write, for one article after another.

    :param imported: counts the files.
    :param note: is called with each file that is broken or refused.
    :param seen: the time of the import; aware.
    """

    def __init__(
        self, archive: Archive, imported: Imported, note: ReportFinding, seen: datetime
    ) -> None:
        self._archive = archive
        self._imported = imported
        self._note = note
        self._seen = seen

    def plans(self, article: ReadArticle) -> list[WritePlan]:
        """Return what is to be written for an article, one edition after the other."""
        self._imported.unchanged += article.unchanged
        for finding in article.refused:
            self._note(finding)
        plans: list[WritePlan] = []
        for edition in Edition:
            versions = [each for each in article.versions if each.entry.post.edition is edition]
            if versions:
                plans += self._plans(replace(article, versions=versions), edition)
        return plans

    def _plans(self, article: ReadArticle, edition: Edition) -> list[WritePlan]:
        try:
            current = self._current(article.code, edition) if article.known else None
        except Refused as reason:
            for version in article.versions:
                self._note(FileFinding(Path(version.file), str(reason), taken=False))
            return []
        stray = self._stray(article, current)
        others = [version for version in (current, stray) if version]
        versions = sorted([*article.versions, *others], key=rank_of)
        if current and versions[-1] is not current:
            versions.remove(current)
        self._count(article.versions, versions[-1], current)
        # The clock may have gone back.
        now = max(article.versions[0].entry.post.checked, self._archive.last_learnt(article.code))
        return list(_plans(versions, current, stray, now))

    def _current(self, code: ArticleId, edition: Edition) -> ReadVersion | None:
        """Return the current version of a post in the archive; None where it has none.

        :raises Refused: when its file has another hash than the catalog states.
        """
        rows = self._archive.editions(code) if self._archive.has(code, edition) else ()
        row = next((each for each in rows if each.edition is edition), None)
        if row is None:
            return None
        data = self._archive.bytes_of(row.path)
        if data is None or sha256(data) != row.sha256:
            raise Refused("the archive's own post is lost or changed; run finews verify")
        post = parse_post(data, PurePosixPath(row.path).name)
        imported = row.revised or row.first_seen
        rank = rank_of_post(row, math.inf, sound=not post.problems, imported=imported)
        named = named_by(row, read_body(post.body).securities)
        return ReadVersion(data, CatalogEntry(row, named), rank, row.path)

    def _stray(self, article: ReadArticle, current: ReadVersion | None) -> ReadVersion | None:
        """Return the version of a file that the catalog does not know, at the new post's path."""
        path = article.versions[-1].entry.post.path
        if current and current.file == path:
            return None
        data = self._archive.bytes_of(path)
        known = article.known.union(version.entry.post.sha256 for version in article.versions)
        if data is None or sha256(data) in known:
            return None
        return version_of(path, data, math.inf, self._seen)

    def _count(
        self, new: list[ReadVersion], newest: ReadVersion, current: ReadVersion | None
    ) -> None:
        wins = newest in new
        self._imported.added += wins and current is None
        self._imported.revised += wins and current is not None
        self._imported.older += len(new) - wins
        for version in new:
            if version.problems:
                reason = "; ".join(version.problems)
                self._note(FileFinding(Path(version.file), reason, taken=True))


def _plans(
    versions: Sequence[ReadVersion],
    current: ReadVersion | None,
    stray: ReadVersion | None,
    now: str,
) -> Iterator[WritePlan]:
    """Yield a plan for each version; it supersedes the version before it."""
    before = current.entry if current else None
    saved = ((current.data, _superseded_path(current.entry.post)),) if current else ()
    for version in versions:
        row = _following(before.post, version.entry.post, now) if before else version.entry.post
        last = version is versions[-1]
        left = {other.file for other in (current, stray) if other and last} - {row.path}
        named = named_by(row, version.entry.securities or ())
        superseded = None
        if before:
            codes = [security.code for security in before.securities or ()]
            superseded = revision_of(before.post, codes, now)
        entry = CatalogEntry(row, named, superseded, grams=version.entry.grams)
        yield WritePlan(
            Outcome.REVISED if before else Outcome.ADDED,
            entry,
            (*saved, (version.data, row.path if last else _superseded_path(row))),
            tuple(left),
            version.record,
        )
        before, saved = entry, ()


def _following(before: PostRow, row: PostRow, now: str) -> PostRow:
    return replace(
        with_cause(VersionState(before, None), VersionState(row, None)),
        version=before.version + 1,
        first_seen=before.first_seen,
        revised=now,
        gone=before.gone,
        stock_list=before.stock_list,
    )


def _superseded_path(row: PostRow) -> str:
    return str(revision_path(PurePosixPath(row.path), row.version))
