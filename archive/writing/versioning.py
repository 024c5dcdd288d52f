"""Decide which version a fetched article becomes, given the one that is stored."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from archive.article import Article, ArticleFlag, BodySource
from archive.article_id import ArticleId
from archive.catalog import (
    Catalog,
    CatalogEntry,
    Cause,
    PostRow,
    Presence,
    RevisionRow,
    VersionState,
    named_by,
    revision_of,
    row_of,
    row_of_file,
    seen_again,
    with_cause,
)
from archive.content import Post, Security, format_post, parse_post, read_body, same_article
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

    def plans(self, article: Article, now: str, *, imported: bool = False) -> list[WritePlan]:
        """Return what is to be written for an article; the last plan is its own.

        A changed article supersedes its post. A worse body never replaces a better one. Where the
        post's file has bytes that its row does not know, these become a version before that: a
        kill between file and row has left them, or a person wrote them.

        :param now: ISO 8601, UTC.
        :param imported: no crawl fetched it.
        :raises InvalidArticle: when it cannot be written as a post.
        """
        post = format_post(article)
        edition = self._catalog.edition(article.info_code, article.edition)
        stored = edition.post if edition else None
        listed = stored.stock_list if stored else "[]"
        # The clock may have gone back.
        at = max(now, self._catalog.last_learnt(article.info_code))
        seen = at if stored is None else now
        incoming = _Incoming(article, post, *row_of(article, post, seen, listed), imported)
        on_disk = bytes_if_there(self._folder / (stored or incoming.row).path)
        if edition is None or stored is None:
            superseded = self._catalog.superseded(article.info_code, article.edition)
            first = _first(incoming, on_disk, at)
            return [_behind(superseded[-1], first, at) if superseded else first]
        before = compared = _Stored(stored, on_disk, tuple(edition.securities))
        adopted: list[WritePlan] = []
        if on_disk is not None and on_disk != post and sha256(on_disk) != stored.sha256:
            original = self._original(stored, incoming)
            compared = _Stored(stored, original)
            adopted = list(_adopt(before, original, incoming, at))
        if adopted:
            before = _written(adopted[-1])
        left = tuple(self._left_behind(before.row, incoming.row))
        if incoming.is_no_better(before.row) or incoming.repeats(before.row, before.data):
            return [*adopted, _unchanged(incoming, before, left, now=at)]
        row = with_cause(compared.state, incoming.state)
        return [*adopted, _next(replace(incoming, row=row), before, left, now=at)]

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
        for each in self._catalog.superseded(info_code, stored.edition):
            post = str(post_of_revision(PurePosixPath(each.path)))
            if is_place_of_version(each.path) and post not in (stored.path, row.path):
                left = bytes_if_there(self._folder / post)
                revision = bytes_if_there(self._folder / each.path)
                if left is not None and left == revision and sha256(left) == each.sha256:
                    yield post


@dataclass(frozen=True, slots=True)
class _Stored:
    """The version of a post that is stored.

    :param data: bytes of its file; None where there is none.
    :param named: codes of the securities that it names.
    """

    row: PostRow
    data: bytes | None
    named: Collection[str] = ()

    @property
    def state(self) -> VersionState:
        """The version as causes depend on it."""
        return VersionState(self.row, _html_in(self.data, self.row) if self.data else None)


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A fetched article, with the post and the row that a first version of it would have.

    :param imported: no crawl fetched it.
    """

    article: Article
    post: bytes
    row: PostRow
    securities: Sequence[Security]
    imported: bool

    @property
    def state(self) -> VersionState:
        """The version as causes depend on it."""
        return VersionState(self.row, _html_in(self.post, self.row))

    def is_no_better(self, stored: PostRow) -> bool:
        """Return whether the stored version stays."""
        if self.row.sha256 == stored.sha256 or self.row.missing > stored.missing:
            return True
        return stored.body_source is not None and self.article.body_source.is_worse_than(
            BodySource(stored.body_source)
        )

    def repeats(self, stored: PostRow, on_disk: bytes | None) -> bool:
        """Return whether nothing that readers read differs from the stored version.

        In the body, adverts and charts do not count; apart from it, keywords, the flag of important
        articles and the time of the last change, unless they were read anew from the same answers.
        """
        if on_disk is None or sha256(on_disk) != stored.sha256:
            return False
        if (stored.body_source, stored.extractor) != (self.row.body_source, self.row.extractor):
            return False
        old = parse_post(on_disk, PurePosixPath(stored.path).name)
        new = parse_post(self.post, PurePosixPath(self.row.path).name)
        if self.row.captures != stored.captures:
            old, new = (replace(each, **_unimportant(each)) for each in (old, new))
        return replace(old, body="") == replace(new, body="") and same_article(old.body, new.body)


def _unimportant(post: Post) -> dict[str, Any]:
    flags = tuple(flag for flag in post.flags if flag is not ArticleFlag.IMPORTANT)
    return {"flags": flags, "keywords": (), "modified": None}


def _html_in(data: bytes, row: PostRow) -> str:
    return parse_post(data, PurePosixPath(row.path).name).body


def _written(plan: WritePlan) -> _Stored:
    entry = plan.entry
    named = tuple(security.code for security in entry.securities or ())
    return _Stored(entry.post, plan.files[-1][0], named)


def _first(incoming: _Incoming, on_disk: bytes | None, now: str) -> WritePlan:
    if on_disk is None or on_disk == incoming.post:
        row = with_cause(None, incoming.state)
        row = replace(row, cause=Cause.IMPORTED) if incoming.imported else row
        files = ((incoming.post, row.path),)
        return WritePlan(Outcome.ADDED, CatalogEntry(row, incoming.securities), files)
    orphan = row_of_file(incoming.row, on_disk)
    row = with_cause(VersionState(orphan, None), incoming.state)
    stored = _Stored(orphan, on_disk, [each.code for each in incoming.securities])
    return replace(_next(replace(incoming, row=row), stored, now=now), outcome=Outcome.ADDED)


def _behind(before: RevisionRow, plan: WritePlan, now: str) -> WritePlan:
    """Number the first version of a post after a revision that the article's other post superseded.

    Until 0.1.0, the two posts of an article were stored as versions of one.
    """
    entry = plan.entry
    if entry.revision is not None:  # a file without a row came first
        return plan
    row = replace(entry.post, version=before.version + 1, revised=now, cause=Cause.UNKNOWN)
    return replace(plan, entry=replace(entry, post=row, revision=before))


def _adopt(
    stored: _Stored, original: bytes | None, incoming: _Incoming, now: str
) -> Iterator[WritePlan]:
    """Plan to store the bytes of a file, which its row does not know, as a version.

    The version of the row is restored after that, unless the incoming one is better. Where its
    bytes are lost and the incoming one is not better, nothing is changed.

    :param stored: the row, and the bytes of the file.
    :param original: the bytes that belong to the row; None where they are lost.
    :param now: when the versions are stored.
    """
    row, on_disk = stored.row, stored.data
    is_better = not incoming.is_no_better(row)
    if on_disk is None or (original is None and not is_better):
        return
    revision = revision_of(row, stored.named, now)
    checked = incoming.row.checked
    found = replace(
        row_of_file(row, on_disk), version=row.version + 1, checked=checked, revised=now
    )
    named = named_by(found, read_body(_html_in(on_disk, row)).securities)
    saved = ((original, revision.path),) if original is not None else ()
    files = (*saved, (on_disk, row.path))
    yield WritePlan(Outcome.REVISED, CatalogEntry(found, named, revision), files)
    if original is not None and not is_better:
        revision = revision_of(found, [security.code for security in named], now)
        restored = replace(row, version=found.version + 1, checked=checked, revised=now)
        restored = with_cause(VersionState(found, None), VersionState(restored, None))
        named = named_by(restored, read_body(_html_in(original, row)).securities)
        files = ((on_disk, revision.path), (original, row.path))
        yield WritePlan(Outcome.REVISED, CatalogEntry(restored, named, revision), files)


def _unchanged(
    incoming: _Incoming, stored: _Stored, left: tuple[str, ...], *, now: str
) -> WritePlan:
    row = incoming.row
    lost = stored.data is None and row.sha256 == stored.row.sha256
    seen = seen_again(row, stored.row)
    if incoming.imported:  # its source was not checked
        seen = replace(seen, checked=stored.row.checked, gone=stored.row.gone)
    returned = Presence.RETURNED if stored.row.gone and not seen.gone else None
    seen = replace(seen, checked=now) if returned else seen
    files = ((incoming.post, row.path),) if lost else ()
    return WritePlan(Outcome.UNCHANGED, CatalogEntry(seen, presence=returned), files, left)


def _next(
    incoming: _Incoming, stored: _Stored, left: tuple[str, ...] = (), *, now: str
) -> WritePlan:
    post, revision = incoming.post, revision_of(stored.row, stored.named, now)
    row = replace(
        incoming.row,
        version=stored.row.version + 1,
        first_seen=stored.row.first_seen,
        revised=now,
    )
    saved: tuple[tuple[bytes, str], ...] = ()
    if stored.data is not None and stored.data != post:
        saved = ((stored.data, revision.path),)
    obsolete = (*left, stored.row.path) if stored.row.path != row.path else left
    if incoming.imported and row.checked <= stored.row.checked:
        row = replace(row, gone=stored.row.gone)  # its source was not checked after that
    returned = Presence.RETURNED if stored.row.gone and not row.gone else None
    row = replace(row, checked=now) if returned else row
    entry = CatalogEntry(row, incoming.securities, revision, returned)
    return WritePlan(Outcome.REVISED, entry, (*saved, (post, row.path)), obsolete)
