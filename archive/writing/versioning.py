"""Decide which version a fetched article becomes, given the one that is stored."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from archive.article import Article, BodySource
from archive.article_id import ArticleId
from archive.catalog import (
    Catalog,
    CatalogEntry,
    ChangeKind,
    PostRow,
    RevisionRow,
    changes_between,
    is_alike,
    named_by,
    revision_of,
    row_of,
    row_of_orphan,
    seen_again,
)
from archive.content import Security, format_post, parse_post, read_body, same_article
from archive.storage import (
    bytes_if_there,
    is_place_of_version,
    post_of_revision,
    revision_path,
    sha256,
)
from archive.writing.commit import Outcome, WritePlan
from archive.writing.journal import version_in_captures


class Versioning:
    """The rule by which versions of an article follow each other in an archive folder.

    :raises OSError: from `plans`, when the disk reports an error.
    :raises ArchiveError: from `plans`, when the catalog cannot be read.
    """

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder = folder
        self._catalog = catalog

    def plans(self, article: Article, now: str) -> list[WritePlan]:
        """Return what is to be written for an article; the last plan is its own.

        A changed article supersedes its post. A worse body never replaces a better one. Where the
        post's file has bytes that its row does not know, these become a version before that: a
        kill between file and row has left them, or a person wrote them.

        :param now: ISO 8601, UTC.
        :raises InvalidArticle: when it cannot be written as a post.
        """
        post = format_post(article)
        edition = self._catalog.edition(article.info_code, article.edition)
        stored = edition.post if edition else None
        listed = stored.stock_list if stored else "[]"
        incoming = _Incoming(article, post, *row_of(article, post, now, listed))
        on_disk = bytes_if_there(self._folder / (stored or incoming.row).path)
        if edition is None or stored is None:
            before = self._catalog.last_superseded(article.info_code, article.edition)
            first = _first(incoming, on_disk, now)
            return [_behind(before, first, now) if before else first]
        named: Collection[str] = edition.securities
        adopted: list[WritePlan] = []
        if on_disk is not None and on_disk != post and sha256(on_disk) != stored.sha256:
            adopted = list(self._adopt(stored, on_disk, incoming, now))
        if adopted:
            entry = adopted[-1].entry
            stored, on_disk = entry.post, adopted[-1].files[-1][0]
            named = tuple(security.code for security in entry.securities or ())
        left = tuple(self._left_behind(stored, incoming.row))
        if incoming.is_no_better(stored) or incoming.repeats(stored, on_disk):
            return [*adopted, _unchanged(incoming, stored, on_disk, left)]
        changes = _changes(incoming, stored, named)
        return [*adopted, _next(incoming, stored, on_disk, changes, left, now=now)]

    def _adopt(
        self, stored: PostRow, on_disk: bytes, incoming: "_Incoming", now: str
    ) -> Iterator[WritePlan]:
        """Plan to store the bytes of the file as a version.

        The version of the row is restored after that, unless the incoming one is better. Where its
        bytes are lost and the incoming one is not better, nothing is changed.
        """
        is_better = not incoming.is_no_better(stored)
        original = self._original(stored, incoming)
        if original is None and not is_better:
            return
        name = PurePosixPath(stored.path).name
        body = read_body(parse_post(on_disk, name).body)
        revision = revision_of(stored, now)
        found = replace(
            stored,
            text=body.text,
            length=len(body.text),
            pictures=body.pictures_json,
            sha256=sha256(on_disk),
            bytes=len(on_disk),
            body_source=None,
            extractor=None,
            captures="[]",
            version=stored.version + 1,
            checked=now,
            revised=now,
        )
        saved = ((original, revision.path),) if original is not None else ()
        files = (*saved, (on_disk, stored.path))
        named = named_by(found, body.securities)
        yield WritePlan(Outcome.REVISED, CatalogEntry(found, named, revision), files)
        if original is not None and not is_better:
            revision = revision_of(found, now)
            row = replace(stored, version=found.version + 1, checked=now, revised=now)
            body = read_body(parse_post(original, name).body)
            named = named_by(row, body.securities)
            files = ((on_disk, revision.path), (original, stored.path))
            yield WritePlan(Outcome.REVISED, CatalogEntry(row, named, revision), files)

    def _original(self, stored: PostRow, incoming: "_Incoming") -> bytes | None:
        """Return the bytes of a row's version whose file has others; None where they are lost."""
        if incoming.row.sha256 == stored.sha256:
            return incoming.post
        place = revision_path(PurePosixPath(stored.path), stored.version)
        revision = bytes_if_there(self._folder / place)
        if revision is not None and sha256(revision) == stored.sha256:
            return revision
        return version_in_captures(self._folder / "warc", stored)

    def _left_behind(self, stored: PostRow, row: PostRow) -> Iterator[str]:
        """Yield old paths of a post that has moved, where a kill prevented their deletion."""
        if stored.version == 1:
            return
        info_code = ArticleId(stored.info_code)
        for path, digest in self._catalog.superseded(info_code, stored.edition):
            post = str(post_of_revision(PurePosixPath(path)))
            if is_place_of_version(path) and post not in (stored.path, row.path):
                left = bytes_if_there(self._folder / post)
                revision = bytes_if_there(self._folder / path)
                if left is not None and left == revision and sha256(left) == digest:
                    yield post


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A fetched article, with the post and the row that a first version of it would have."""

    article: Article
    post: bytes
    row: PostRow
    securities: Sequence[Security]

    def is_no_better(self, stored: PostRow) -> bool:
        """Return whether the stored version stays."""
        if self.row.sha256 == stored.sha256:
            return True
        return stored.body_source is not None and self.article.body_source.is_worse_than(
            BodySource(stored.body_source)
        )

    def repeats(self, stored: PostRow, on_disk: bytes | None) -> bool:
        """Return whether only adverts or charts in its body differ from the stored version."""
        if on_disk is None or sha256(on_disk) != stored.sha256:
            return False
        if not is_alike(stored, self.row):
            return False
        old = parse_post(on_disk, PurePosixPath(stored.path).name)
        new = parse_post(self.post, PurePosixPath(self.row.path).name)
        return replace(old, body="") == replace(new, body="") and same_article(old.body, new.body)


def _first(incoming: _Incoming, on_disk: bytes | None, now: str) -> WritePlan:
    if on_disk is None or on_disk == incoming.post:
        files = ((incoming.post, incoming.row.path),)
        return WritePlan(Outcome.ADDED, CatalogEntry(incoming.row, incoming.securities), files)
    orphan = row_of_orphan(incoming.row, on_disk)
    return replace(_next(incoming, orphan, on_disk, now=now), outcome=Outcome.ADDED)


def _behind(before: RevisionRow, plan: WritePlan, now: str) -> WritePlan:
    """Number the first version of a post after a revision that the article's other post superseded.

    Until 0.1.0, the two posts of an article were stored as versions of one.
    """
    entry = plan.entry
    if entry.revision is not None:  # a file without a row came first
        return plan
    row = replace(entry.post, version=before.version + 1, revised=now)
    return replace(plan, entry=replace(entry, post=row, revision=before))


def _unchanged(
    incoming: _Incoming, stored: PostRow, on_disk: bytes | None, left: tuple[str, ...]
) -> WritePlan:
    row = incoming.row
    lost = on_disk is None and row.sha256 == stored.sha256
    seen = seen_again(row, stored)
    returned = (ChangeKind.RETURNED,) if stored.gone and not seen.gone else ()
    files = ((incoming.post, row.path),) if lost else ()
    return WritePlan(Outcome.UNCHANGED, CatalogEntry(seen, changes=returned), files, left)


def _next(
    incoming: _Incoming,
    stored: PostRow,
    on_disk: bytes | None,
    changes: Sequence[ChangeKind] = (),
    left: tuple[str, ...] = (),
    *,
    now: str,
) -> WritePlan:
    post, revision = incoming.post, revision_of(stored, now)
    row = replace(
        incoming.row, version=stored.version + 1, first_seen=stored.first_seen, revised=now
    )
    saved = ((on_disk, revision.path),) if on_disk is not None and on_disk != post else ()
    obsolete = (*left, stored.path) if stored.path != row.path else left
    entry = CatalogEntry(row, incoming.securities, revision, changes)
    return WritePlan(Outcome.REVISED, entry, (*saved, (post, row.path)), obsolete)


def _changes(incoming: _Incoming, stored: PostRow, named: Collection[str]) -> Sequence[ChangeKind]:
    """Return what has changed.

    :param named: codes of the securities that the stored version names.
    """
    names = [security.code for security in incoming.securities]
    found = changes_between(stored, incoming.row, named, names)
    return [*found, ChangeKind.RETURNED] if stored.gone else found
