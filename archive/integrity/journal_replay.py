"""Repeat on an empty catalog what the journal records, in order, and add what files show besides.

The journal is the `metadata` records in the WARC files: each states what the archive did with a
post, a picture or a crawl. `read_journal` reads the records of a piece of a file, and `read_posts`
reads post files; both run in worker processes. A `JournalReplay` then fills the catalog:

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
    PostRow,
    RevisionRow,
    entry_of_file,
    named_by,
    revision_of,
)
from archive.categories import media_of
from archive.content import BodyFacts, Security, parse_post, read_body
from archive.errors import InvalidArticleId
from archive.storage import (
    Picture,
    bytes_if_there,
    is_place_of_version,
    is_stored_picture,
    numbered_name,
    read_many,
    revision_path,
    sha256,
)
from archive.warc import Records, finished_name, is_found
from archive.writing import CRAWL, PICTURE, is_of_new_version, target_of

# Rows that are written to the catalog at once.
_BATCH = 500
_PostId = tuple[ArticleId, Edition]
_KINDS = frozenset({"response", "metadata"})


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
    :param posts: the facts of each record of a post; with the facts of its body, where the record
        is of a new version and a file has that version.
    :param damage: why records could not be read, a sentence each.
    """

    payloads: dict[str, Capture] = field(default_factory=dict)
    crawls: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    posts: list[tuple[dict[str, Any], BodyFacts | None]] = field(default_factory=list)
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
            if sound and (folder / picture.path).is_file():
                journal.pictures.append(picture)
        elif record.url.startswith(target_of("")):
            facts = record.facts
            body = _body_of(folder, facts["post"]) if is_of_new_version(facts) else None
            journal.posts.append((facts, body))
    return journal


def _body_of(folder: Path, post: Mapping[str, Any]) -> BodyFacts | None:
    """Return the facts of a version's body, from its post or from its revision.

    :returns: None where neither file has the version.
    """
    if not is_place_of_version(post["path"]):
        return None
    path = PurePosixPath(post["path"])
    for place in (path, revision_path(path, post["version"])):
        data = bytes_if_there(folder / place)
        if data is not None and sha256(data) == post["sha256"]:
            return read_body(parse_post(data, path.name).body)
    return None


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


class JournalReplay:
    """A replay of the journal that fills an empty catalog.

    Attribute `strange` states why posts and revisions are not in the catalog, a sentence each;
    `unread` has the paths of posts that name no article or no day; `numbers` has the numbers that
    articles must get back at the end, see `Catalog.renumber`.
    """

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self.strange: list[str] = []
        self.unread: list[PurePosixPath] = []
        self.numbers: dict[ArticleId, int] = {}
        self._last_numbers: dict[ArticleId, dict[Edition, int]] = {}
        self._differing: list[PurePosixPath] = []
        self._later: dict[_PostId, list[RevisionRow]] = defaultdict(list)
        self._catalog = catalog
        self._folder = folder
        self._entries: list[CatalogEntry] = []
        self._latest: dict[_PostId, PostRow] = {}
        self._payloads: dict[str, Capture] = {}
        self._lost: dict[_PostId, dict[int, LostVersion]] = defaultdict(dict)

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
        for facts, body in journal.posts:
            if is_of_new_version(facts):
                self._add_version(facts, body)
            else:
                self._add_check(facts)

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
        stored = self._stored(post) if post else None
        if post is None or stored is None:
            self.strange.append(f"{path} is a version of an article that has no post.")
            return
        if sha256(data) == stored.sha256:
            return  # a kill came before the version that was to supersede it was written
        only_file = (stored.body_source, stored.captures) == (None, "[]")
        if not number or number in self._catalog.version_numbers(*post):
            self.strange.append(f"{path} differs from the version of {post[0]} with its number.")
        elif number >= stored.version and not only_file:
            self._later[post].append(_revision(stored, path, data))
        else:
            if number >= stored.version:
                changed = stored.revised or stored.checked
                stored = replace(stored, version=number + 1, revised=changed)
            self._put(CatalogEntry(stored, revision=_revision(stored, path, data)))
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
        stored = self._stored(post) if post else None
        later = self._later.pop(post, []) if post else []
        data = bytes_if_there(self._folder / path)
        if stored is None or data is None:
            return
        revision = revision_of(stored, "")
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
        changed = entry.post.checked
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
        self._entries.append(entry)
        self._latest[_id_of(entry.post)] = entry.post
        if len(self._entries) >= _BATCH:
            self.write()

    def _stored(self, post: _PostId) -> PostRow | None:
        if post in self._latest:
            return self._latest[post]
        edition = self._catalog.edition(*post)
        return edition.post if edition else None

    def _add_check(self, facts: dict[str, Any]) -> None:
        """Repeat a check of the source that has brought no new version."""
        post = facts["post"]
        stored = self._stored(_id_in(post))
        if stored is not None and stored.sha256 == post["sha256"]:
            media = media_of(post["media"], stored.media)
            row = replace(stored, **post | {"media": media})
            named = self._named(row) if row.stock_list != stored.stock_list else None
            self._put(CatalogEntry(row, named, changes=facts.get("changes", ())))

    def _add_version(self, facts: dict[str, Any], body: BodyFacts | None) -> None:
        post = facts["post"]
        post_id = _id_in(post)
        self._drop_repeated_losses(post_id, post["version"])
        if body is None:
            lost = LostVersion(post["info_code"], post["version"], post["path"], post["sha256"])
            self._lost[post_id][lost.version] = lost
            return
        stored = self._stored(post_id)
        if stored is not None and stored.version >= post["version"]:
            self._forget_repeated_version(stored)
        row = PostRow(
            **post | {"media": media_of(post["media"], body.media)},
            text=body.text,
            length=len(body.text),
            pictures=body.pictures_json,
        )
        revision = facts.get("revision")
        superseded = RevisionRow(**revision) if revision else None
        if superseded is not None and superseded.edition is not row.edition:
            # Until 0.1.0, a second post of an article superseded the first.
            self.write()
            self._catalog.move_post(ArticleId(row.info_code), row.path)
        named = named_by(row, body.securities)
        self._put(CatalogEntry(row, named, superseded, facts.get("changes", ())))

    def _named(self, row: PostRow) -> Sequence[Security] | None:
        """Return the securities that a post names; None when its file is lost."""
        place = {"path": row.path, "version": row.version, "sha256": row.sha256}
        body = _body_of(self._folder, place)
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
        record counts: for a first version in everything, for others in the changes.
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
            self._catalog.forget_changes(
                ArticleId(stored.info_code), stored.revised or stored.checked
            )


def _code_of(path: PurePosixPath) -> str | None:
    try:
        return ArticleId.of_file(path.name)
    except InvalidArticleId:
        return None


def _revision(stored: PostRow, path: PurePosixPath, data: bytes) -> RevisionRow:
    """Return the row of a superseded version that is known from its file alone."""
    return RevisionRow(
        info_code=stored.info_code,
        version=numbered_name(path.name)[1],
        path=str(path),
        sha256=sha256(data),
        bytes=len(data),
        body_source=None,
        captures="[]",
        superseded=stored.revised or stored.checked,
    )


def _post_id(code: str | None, path: PurePosixPath) -> _PostId | None:
    return (ArticleId(code), Edition.of_name(path.name)) if code else None


def _id_in(facts: Mapping[str, Any]) -> _PostId:
    return ArticleId(facts["info_code"]), Edition.of_name(PurePosixPath(facts["path"]).name)


def _id_of(row: PostRow) -> _PostId:
    return ArticleId(row.info_code), row.edition
