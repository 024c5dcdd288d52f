"""Repeat on an empty catalog what the journal records, in order, and add what files show besides.

The journal is the `metadata` records in the WARC files: each states what the archive did with a
post, a picture or a crawl. `read_journal` reads the records of a piece of a file, and `read_posts`
reads post files; both run in worker processes. A `CatalogFromJournal` then fills the catalog:

1. `add`: recorded facts, in the order of the records;
2. `add_files`: posts that no record is about;
3. `add_revisions`: superseded versions that no record is about;
4. `add_differing`: posts whose file has other bytes than every version recorded for them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from archive.article import Edition
from archive.article_id import ArticleId
from archive.capture import Capture
from archive.catalog import (
    Catalog,
    CatalogEntry,
    Cause,
    EditionRow,
    PostRow,
    Presence,
    RevisionRow,
    VersionState,
    entry_of_file,
    named_by,
    read_post,
    revision_of,
    with_cause,
)
from archive.categories import media_of
from archive.content import BodyFacts, Security, read_body
from archive.errors import InvalidArticleId
from archive.storage import (
    Picture,
    bytes_if_there,
    is_file,
    is_place_of_version,
    is_stored_picture,
    numbered_name,
    post_of_revision,
    read_many,
    revision_path,
    sha256,
)
from archive.warc import Records, finished_name, is_found
from archive.writing import CRAWL, NOTED_OF_REVISION, PICTURE, is_of_new_version, target_of

# Rows that are written to the catalog at once.
_BATCH = 500
# Characters of a record's date without fractions of a second and zone.
_SECONDS = len("2026-11-22T09:30:00")
_PostId = tuple[ArticleId, Edition]
_KINDS = frozenset({"response", "metadata"})
# What names the file of a version.
_PLACE = ("path", "version", "sha256")


@dataclass(frozen=True, slots=True)
class LostVersion:
    """A version that the journal records and that no file has.

    :param place: path of the file that it should have, below the archive's folder.
    """

    info_code: str
    version: int
    place: str
    sha256: str

    def __str__(self) -> str:
        return (
            f"No file has version {self.version} of {self.info_code} with the hash {self.sha256}."
        )


@dataclass(slots=True)
class JournalFacts:
    """The recorded facts in a piece of a WARC file.

    :param payloads: the first capture of each payload, by digest.
    :param crawls: rows of ``crawls``; of a crawl's end, the columns that it adds.
    :param pictures: stored pictures whose files exist: a kill between the record and the file
        leaves a record without a file.
    :param posts: the facts of each record of a post; the facts of its body, where the record is of
        a new version and a file has that version; and the date of the record.
    :param damage: why records could not be read, a sentence each.
    """

    payloads: dict[str, Capture] = field(default_factory=dict)
    crawls: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    posts: list[tuple[dict[str, Any], BodyFacts | None, str]] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def read_journal(folder: Path, records: Records) -> JournalFacts:
    """Return the recorded facts in a piece of a WARC file of the archive in `folder`."""
    file, found = finished_name(records.path), is_found(records.path)
    journal = JournalFacts(damage=records.damage)
    for record in records.read(_KINDS):
        if record.kind == "response":
            if record.payload and found:
                journal.payloads.setdefault(record.digest, record.capture_in(file))
        elif record.url == CRAWL:
            journal.crawls.append(record.facts)
        elif record.url == PICTURE:
            picture = Picture(**record.facts)
            sound = is_stored_picture(picture.sha256, picture.type)
            if sound and is_file(folder / picture.path):
                journal.pictures.append(picture)
        elif record.url.startswith(target_of("")):
            facts, body = record.facts, None
            if is_of_new_version(facts):
                body = _body_of(folder, *(facts["post"][name] for name in _PLACE))
            journal.posts.append((facts, body, f"{record.date[:_SECONDS]}Z"))
    return journal


def _body_of(folder: Path, path: str, version: int, digest: str) -> BodyFacts | None:
    """Return the facts of a version's body; None where no file has the version."""
    post = read_post(folder, path, version, digest)
    return read_body(post.body) if post else None


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A post file that is to be read.

    :param path: below the archive's folder.
    :param known: the catalog has its article.
    """

    path: PurePosixPath
    known: bool


@dataclass(frozen=True, slots=True)
class ReadPost:
    """A post file that was read.

    :param path: below the archive's folder.
    :param sha256: None where it is no regular file, but a pipe, a device, or a broken link.
    :param entry: of an article that was not known; None where the file names no article or no day.
    """

    path: PurePosixPath
    sha256: str | None
    entry: CatalogEntry | None


def read_posts(folder: Path, files: Sequence[ListedPost]) -> list[ReadPost]:
    """Read post files."""
    contents = read_many([folder / file.path for file in files])
    return [_read_post(folder, file, data) for file, data in zip(files, contents, strict=True)]


def _read_post(folder: Path, file: ListedPost, content: bytes | None) -> ReadPost:
    if content is None:
        return ReadPost(file.path, None, None)
    modified = datetime.fromtimestamp((folder / file.path).stat().st_mtime, UTC)
    new = not file.known and is_place_of_version(str(file.path))
    entry = entry_of_file(file.path, content, modified) if new else None
    return ReadPost(file.path, sha256(content), entry)


class CatalogFromJournal:
    """A catalog that is filled from the records of the journal.

    Attribute `strange` states why posts and revisions are not in the catalog, a sentence each;
    `unread` has the paths of posts that name no article or no day; `numbers` has the numbers that
    articles must get back at the end, see `Catalog.renumber`.

    :param until: repeat only what the archive had learnt by this time, ISO 8601, UTC. The clock
        may have gone back: what follows a later change of an article is later, too.
    """

    def __init__(self, catalog: Catalog, folder: Path, until: str | None = None) -> None:
        self._until = until
        self._ended: set[str] = set()
        self.strange: list[str] = []
        self.unread: list[PurePosixPath] = []
        self.numbers: dict[ArticleId, int] = {}
        self._last_numbers: dict[ArticleId, dict[Edition, int]] = {}
        self._differing: list[PurePosixPath] = []
        self._later: dict[_PostId, list[RevisionRow]] = defaultdict(list)
        self._catalog = catalog
        self._folder = folder
        self._entries: list[CatalogEntry] = []
        self._latest: dict[_PostId, EditionRow] = {}
        self._payloads: dict[str, Capture] = {}
        self._lost: dict[_PostId, dict[int, LostVersion]] = defaultdict(dict)
        self._lost_facts: dict[_PostId, Mapping[str, Any]] = {}

    @property
    def lost(self) -> Iterator[LostVersion]:
        """The versions that the journal records and that no file has."""
        for versions in self._lost.values():
            yield from versions.values()

    def add(self, journal: JournalFacts) -> None:
        """Repeat what the next piece of the journal records."""
        for digest, capture in journal.payloads.items():
            self._payloads.setdefault(digest, capture)
        for crawl in journal.crawls:
            self._catalog.put_crawl(crawl)
        for picture in journal.pictures:
            self._catalog.store_picture(picture)
        for facts, body, date in journal.posts:
            post = facts["post"]
            if post["info_code"] in self._ended:
                continue
            if not is_of_new_version(facts):
                self._add_check(facts, date)
            elif self._is_later(post.get("revised") or post.get("first_seen") or ""):
                self._ended.add(post["info_code"])
            else:
                self._add_version(facts, body)

    def _is_later(self, learnt: str) -> bool:
        return self._until is not None and learnt > self._until

    def files_of(self, paths: Sequence[PurePosixPath]) -> list[ListedPost]:
        """Return which of the post files have an article that the catalog knows."""
        known = self._catalog.post_hashes(filter(None, map(_code_of, paths)))
        return [ListedPost(path, _post_id(_code_of(path), path) in known) for path in paths]

    def add_files(self, files: Sequence[ReadPost]) -> None:
        """Add posts that no record is about: a person put them there, or captures are lost."""
        self.write()
        known = self._catalog.post_hashes(filter(None, (_code_of(file.path) for file in files)))
        for file in files:
            path = file.path
            code = file.entry.post.info_code if file.entry else _code_of(path)
            post = _post_id(code, path)
            if file.sha256 is None:
                self.strange.append(f"{path} is no regular file, and is not in the catalog.")
            elif post in known:
                if file.sha256 not in known[post]:
                    self._differing.append(path)
            elif file.entry is None:
                self.unread.append(path)
            else:
                self._put(file.entry)
                known[_id_of(file.entry.post)] = {file.sha256}

    def add_revisions(self, paths: Sequence[PurePosixPath]) -> None:
        """Add superseded versions that no record is about, with the numbers in their names."""
        self.write()
        codes = {
            path: _code_of(PurePosixPath(f"{numbered_name(path.name)[0]}.md")) for path in paths
        }
        known = self._catalog.revision_paths(filter(None, codes.values()))
        for path, code in codes.items():
            data = None if str(path) in known else bytes_if_there(self._folder / path)
            if data is not None:
                self._add_revision(path, _post_id(code, path), data)

    def _add_revision(self, path: PurePosixPath, post: _PostId | None, data: bytes) -> None:
        number = numbered_name(path.name)[1]
        present = self._stored(post) if post else None
        if post is None or present is None:
            self.strange.append(f"{path} is a version of an article that has no post.")
            return
        stored = present.post
        if sha256(data) == stored.sha256:
            return  # a kill came before the version that was to supersede it was written
        only_file = (stored.body_source, stored.captures) == (None, "[]")
        known = {each.version for each in self._catalog.superseded(*post)}
        if not number or number in known:
            self.strange.append(f"{path} differs from the version of {post[0]} with its number.")
        elif number >= stored.version and not only_file:
            self._later[post].append(
                _revision_of_file(path, data, stored.revised or stored.checked)
            )
        else:
            if number >= stored.version:
                changed = stored.revised or stored.checked
                stored = replace(stored, version=number + 1, revised=changed)
            self._put(
                CatalogEntry(
                    stored, revision=_revision_of_file(path, data, stored.revised or stored.checked)
                )
            )
            self.write()

    def add_differing(self) -> None:
        """Add each post that differs from every known version as the newest version.

        A post is added only where a revision stores the newest known version. Otherwise the file
        was changed by hand, and the next crawl stores it as a version.
        """
        self.write()
        for path in self._differing:
            self._add_differing(path)
        self.write()
        for (info_code, _), later in self._later.items():
            self.strange += [
                f"{each.path} is newer than the post of {info_code}." for each in later
            ]

    def _add_differing(self, path: PurePosixPath) -> None:
        code = _code_of(path)
        post = _post_id(code, path)
        present = self._stored(post) if post else None
        later = self._later.pop(post, []) if post else []
        data = bytes_if_there(self._folder / path)
        if present is None or data is None:
            return
        stored = present.post
        revision = revision_of(stored, tuple(present.securities), "")
        superseded = bytes_if_there(self._folder / revision.path)
        modified = datetime.fromtimestamp((self._folder / path).stat().st_mtime, UTC)
        entry = entry_of_file(path, data, modified)
        if (
            str(path) != stored.path
            or entry is None
            or superseded is None
            or sha256(superseded) != stored.sha256
        ):
            self.strange.append(
                f"{path} differs from every version of {code}, and is not in the catalog."
            )
            return
        changed = max(entry.post.checked, stored.seen_from)
        row = replace(
            entry.post,
            version=max([stored.version, *(each.version for each in later)]) + 1,
            first_seen=stored.first_seen,
            revised=changed,
            gone=stored.gone,
            stock_list=stored.stock_list,
        )
        named = named_by(row, entry.securities or ())
        self._put(CatalogEntry(row, named, replace(revision, superseded=changed)))
        for each in later:
            self._put(CatalogEntry(row, revision=replace(each, superseded=changed)))

    def write(self) -> None:
        """Write all pending rows to the catalog."""
        self._catalog.put(self._entries, self._payloads)
        self._entries.clear()
        self._latest.clear()
        self._payloads.clear()

    def _put(self, entry: CatalogEntry) -> None:
        post = _id_of(entry.post)
        if entry.securities is not None:
            named = {security.code: security.found for security in entry.securities}
            self._latest[post] = EditionRow(entry.post, named)
        elif stored := self._stored(post):
            self._latest[post] = replace(stored, post=entry.post)
        self._entries.append(entry)
        if len(self._entries) >= _BATCH:
            self.write()

    def _stored(self, post: _PostId) -> EditionRow | None:
        return self._latest.get(post) or self._catalog.edition(*post)

    def _add_check(self, facts: dict[str, Any], date: str) -> None:
        """Repeat a check of the source that has brought no new version.

        :param date: of the record.
        """
        post = facts["post"]
        present = self._stored(_id_in(post))
        stored = present.post if present else None
        if stored is not None and stored.sha256 == post["sha256"]:
            media = media_of(post["media"], stored.media)
            row = replace(stored, **post | {"media": media})
            named = self._named(row) if row.stock_list != stored.stock_list else None
            presence = _presence_in(facts)
            if self._is_later(date):
                unchanged = replace(stored, checked=row.checked) == row and named is None
                if not unchanged:
                    self._ended.add(row.info_code)
                return
            self._put(CatalogEntry(row, named, presence=presence, same_version=True, at=date))

    def _add_version(self, facts: dict[str, Any], body: BodyFacts | None) -> None:
        post = facts["post"]
        post_id = _id_in(post)
        self._drop_repeated_losses(post_id, post["version"])
        if body is None:
            lost = LostVersion(post["info_code"], post["version"], post["path"], post["sha256"])
            self._lost[post_id][lost.version] = lost
            self._lost_facts[post_id] = post
            return
        stored = self._stored(post_id)
        if stored is not None and stored.post.version >= post["version"]:
            self._forget_repeated_version(stored.post)
        row = PostRow(
            **post | {"media": media_of(post["media"], body.media)},
            text=body.text,
            length=len(body.text),
            pictures=body.pictures_json,
        )
        recorded = facts.get("revision")
        superseded = self._revision(recorded) if recorded else None
        if "cause" not in post:
            row = self._explained(row, superseded)
        if superseded is not None and superseded.edition is not row.edition:
            # Until 0.1.0, a second post of an article superseded the first.
            self.write()
            self._catalog.move_post(ArticleId(row.info_code), row.path)
        named = named_by(row, body.securities)
        self._put(CatalogEntry(row, named, superseded, _presence_in(facts)))

    def _revision(self, recorded: Mapping[str, Any]) -> RevisionRow:
        """Return the row of a superseded version, with what its record states.

        Records of older releases state less than the row; its file and its own record have that.
        """
        post = _id_in(recorded)
        stored, lost = self._stored(post), self._lost_facts.get(post, {})
        path = PurePosixPath(recorded["path"])
        data = bytes_if_there(self._folder / path) if is_place_of_version(str(path)) else None
        if stored is not None and stored.post.sha256 == recorded["sha256"]:
            row = revision_of(stored.post, tuple(stored.securities), recorded["superseded"])
        elif data is not None and sha256(data) == recorded["sha256"]:
            row = _revision_of_file(path, data, recorded["superseded"])
        elif lost.get("sha256") == recorded["sha256"]:
            shown = {name: lost[name] for name in NOTED_OF_REVISION if name in lost}
            seen_from = lost.get("revised") or lost.get("first_seen", "")
            return RevisionRow(**shown | {"seen_from": seen_from} | dict(recorded))
        else:
            return RevisionRow(**recorded)
        return replace(row, **recorded)

    def _explained(self, row: PostRow, superseded: RevisionRow | None) -> PostRow:
        """Return the row of a version with its cause, which records of older releases lack."""
        if superseded is None and row.version == 1:
            return with_cause(None, VersionState(row, None))
        if superseded is not None:
            stored = self._stored((ArticleId(row.info_code), superseded.edition))
            if stored is not None and stored.post.sha256 == superseded.sha256:
                return with_cause(self._state_of(stored.post), self._state_of(row))
        return replace(row, cause=Cause.UNKNOWN if row.body_source else Cause.IMPORTED)

    def _state_of(self, row: PostRow) -> VersionState:
        post = read_post(self._folder, row.path, row.version, row.sha256)
        return VersionState(row, post.body if post else None)

    def _named(self, row: PostRow) -> Sequence[Security] | None:
        """Return the securities that a post names; None when its file is lost."""
        body = _body_of(self._folder, row.path, row.version, row.sha256)
        return named_by(row, body.securities) if body else None

    def _drop_repeated_losses(self, post: _PostId, version: int) -> None:
        """Correct the lost versions of a post when a version is recorded.

        A version with the same or a greater number was not written when it was recorded before, so
        it is not lost. An earlier one is superseded now, so its file belongs in ``revisions/``.
        """
        if post in self._lost:
            self._lost[post] = {
                earlier: replace(lost, place=str(revision_path(PurePosixPath(lost.place), earlier)))
                if lost.place.startswith("_posts/")
                else lost
                for earlier, lost in self._lost[post].items()
                if earlier < version
            }

    def _forget_repeated_version(self, stored: PostRow) -> None:
        """Remove what an earlier record of a version has brought to the catalog.

        A version is recorded twice where a kill came between its record and its row. The later
        record counts.
        """
        self.write()
        if stored.version == 1:
            info_code = ArticleId(stored.info_code)
            if not self._catalog.forget(info_code, stored.edition):
                return
            # The article's number is that of the post that came first, by the last record of each.
            before, now = self._catalog.number_last(info_code)
            numbers = self._last_numbers.setdefault(info_code, dict.fromkeys(Edition, before))
            numbers[stored.edition] = now
            self.numbers[info_code] = min(numbers.values())
        else:
            edition = stored.edition
            self._catalog.forget_version(ArticleId(stored.info_code), edition, stored.version)


def _code_of(path: PurePosixPath) -> str | None:
    try:
        return ArticleId.of_file(path.name)
    except InvalidArticleId:
        return None


def _revision_of_file(path: PurePosixPath, data: bytes, superseded: str) -> RevisionRow:
    """Return the row of a superseded version that is known from its file alone.

    :param path: below the archive's folder.
    """
    post = post_of_revision(path)
    entry = entry_of_file(post, data, datetime.fromtimestamp(0, UTC))
    known: dict[str, Any] = {
        "info_code": str(_code_of(post)),
        "version": numbered_name(path.name)[1],
        "path": str(path),
        "cause": Cause.IMPORTED,
        "seen_from": superseded,
    }
    if entry is None:
        return RevisionRow(
            **known,
            sha256=sha256(data),
            bytes=len(data),
            body_source=None,
            captures="[]",
            superseded=superseded,
        )
    named = [security.code for security in entry.securities or ()]
    return replace(revision_of(entry.post, named, superseded), **known)


def _presence_in(facts: Mapping[str, Any]) -> str | None:
    """Return whether a check found that an article was gone, or back.

    Records of older releases list what was edited, too.
    """
    return next((what for what in facts.get("changes", ()) if what in set(Presence)), None)


def _post_id(code: str | None, path: PurePosixPath) -> _PostId | None:
    return (ArticleId(code), Edition.of_name(path.name)) if code else None


def _id_in(facts: Mapping[str, Any]) -> _PostId:
    return ArticleId(facts["info_code"]), Edition.of_name(PurePosixPath(facts["path"]).name)


def _id_of(row: PostRow) -> _PostId:
    return ArticleId(row.info_code), row.edition
