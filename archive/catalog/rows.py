"""The rows of the catalog, and the entry that groups the rows of one article."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from archive.article import ArticleFlag, BodySource, Edition
from archive.article_id import EASTMONEY
from archive.content import Security
from archive.errors import ArchiveError
from archive.storage import is_place_of_version


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """The data of a post. Times are ISO 8601: `published` in Asia/Shanghai, others in UTC.

    A row of ``posts`` is the row of an article: of its one post, or merged from its two editions
    by `archive.catalog.editions.article_row`.

    :param info_code: the article's identity: ``NW`` and 15 to 20 digits, or the name of another
        source and its own id.
    :param media: name of the media that wrote the article.
    :param category: slug of the category.
    :param tag: the category's name, as the site shows it.
    :param digest: the summary of rolling news.
    :param text: of the body, without markup.
    :param length: of the text, in characters.
    :param pictures: addresses, as a JSON array.
    :param addresses: that the article was read from, as a JSON array, the body's first.
    :param captures: of the responses from these addresses, as a JSON array of objects.
    :param stock_list: codes of the securities that a list names for the article, as a JSON array.
    :param body_source: a value of `BodySource`; None for a post that was imported.
    :param link: that the post names as its source.
    :param path: of the post's file, below the archive's folder.
    :param sha256: of the post's file, in hexadecimal.
    :param bytes: size of the post's file.
    :param first_seen: when the archive first stored the article.
    :param checked: when the source was last checked for the article.
    :param revised: when the archive stored this version; None for the first version.
    :param version: 1 for the first version, one more for each revision.
    :param body_provisional: the body stands in for one at a host that did not answer.
    :param gone: when the source was first found without the article.
    :param source: name of the source whose article it is.
    :param author: as the source writes it.
    :param lang: language of the article.
    :param precision: of `published`, a value of `Precision`.
    :param extractor: name and version of the general extraction that generated the body; None for
        a body that the source gives as such.
    :param mentioned: securities that the source names beside the body, or that the text names, as a
        JSON array of objects with `code`, `name` and `found`.
    :param flags: values of `ArticleFlag`, as a JSON array.
    :param keywords: words that the source files the article under, as a JSON array.
    :param modified: when the source last changed the article, as it states.
    :param cause: why this version exists, a value of `archive.catalog.Cause`.
    :param edits: what the publisher changed in this version, as a JSON array of objects with
        `class`, a value of `archive.edits.EditClass`, `before` and `after`.
    """

    info_code: str
    title: str
    published: str
    media: str | None
    category: str | None
    tag: str | None
    digest: str | None
    text: str
    length: int
    pictures: str
    body_source: str | None = None
    body_provisional: bool = False
    link: str | None
    addresses: str = "[]"
    captures: str = "[]"
    path: str
    sha256: str
    bytes: int
    version: int
    first_seen: str
    checked: str
    revised: str | None = None
    gone: str | None = None
    stock_list: str = "[]"
    source: str = EASTMONEY
    author: str | None = None
    lang: str | None = None
    precision: str = "second"
    extractor: str | None = None
    mentioned: str = "[]"
    flags: str = "[]"
    keywords: str = "[]"
    modified: str | None = None
    cause: str = "unknown"
    edits: str = "[]"

    @property
    def seen_from(self) -> str:
        """When the archive stored this version."""
        return self.revised or self.first_seen

    @property
    def missing(self) -> int:
        """How much of the body the source does not show, see `ArticleFlag.missing_of`."""
        return ArticleFlag.missing_of(json.loads(self.flags))

    @property
    def edition(self) -> Edition:
        """The edition of the post."""
        return Edition.of_name(PurePosixPath(self.path).name)


#: The columns of a post, in their order.
POST_COLUMNS = tuple(each.name for each in fields(PostRow))


def post_of(row: sqlite3.Row) -> PostRow:
    """Convert a row of ``posts`` to a `PostRow`.

    :raises ArchiveError: when the row's path cannot be the path of a post.
    """
    if not is_place_of_version(row["path"]):
        raise ArchiveError(
            f"The catalog has an impossible path for the post of {row['info_code']}; "
            "`finews verify --repair` generates the row again from the files."
        )
    return PostRow(**{name: row[name] for name in POST_COLUMNS})


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """A row of ``revisions``: a version that a later one superseded.

    The columns that are named as those of ``posts`` have the values of that version.

    :param path: of the version's file, below the archive's folder.
    :param securities: codes of the securities that it names, as a JSON array.
    :param text: of the body, without markup; None where no file has the version.
    :param seen_from: when the archive stored this version.
    :param superseded: when the archive stored the version after it.
    """

    info_code: str
    version: int
    path: str
    sha256: str
    bytes: int
    body_source: str | None
    captures: str
    superseded: str
    extractor: str | None = None
    title: str = ""
    digest: str | None = None
    media: str | None = None
    category: str | None = None
    published: str = ""
    precision: str = "second"
    securities: str = "[]"
    text: str | None = None
    length: int = 0
    cause: str = "unknown"
    edits: str = "[]"
    seen_from: str = ""

    @property
    def edition(self) -> Edition:
        """The edition of the post that was superseded."""
        return Edition.of_name(PurePosixPath(self.path).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBody:
    """The state of an archived body, which decides on a request for a better one.

    Times are ISO 8601.

    :param body_source: a value of `BodySource`; None for a post that was imported.
    :param stored: when the present version was stored.
    :param checked: when the source was last checked.
    """

    title: str
    digest: str | None
    body_source: str | None
    published: str
    stored: str
    checked: str

    @property
    def summary(self) -> tuple[str, str | None] | None:
        """Title and digest where the body is the summary of a list; None for other bodies."""
        return (self.title, self.digest) if self.body_source == BodySource.SUMMARY else None

    def source_to_improve(
        self, by: BodySource, *, own: BodySource, share: float, now: datetime
    ) -> BodySource | None:
        """Return the source of the body, if a better body should be requested now; else None.

        :param by: the worst body source that can be requested.
        :param own: the stand-in of the requesting spider; a stand-in of another spider is replaced
            without delay.
        :param share: of the article's age; the time between two checks.
        :param now: aware.
        """
        if self.body_source is None:
            return None
        source = BodySource(self.body_source)
        checked = datetime.fromisoformat(self.checked)
        # The age of a post that is dated ahead counts from the time when it was stored.
        born = min(datetime.fromisoformat(self.published), datetime.fromisoformat(self.stored))
        age = checked - born
        first = source is not own and self.checked <= self.stored
        due = first or (age > timedelta() and now - checked >= age * share)
        return source if due and source.is_worse_than(by) else None


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """The changes of the catalog for one article.

    :param securities: that the article names; None where they are unchanged.
    :param same_version: the files are unchanged; a list has named more facts of the article.
    :param presence: ``gone`` or ``returned``, where the check of the source at the post's `checked`
        found that.
    :param at: when the archive learnt it, ISO 8601, UTC; of a new version, its row states that.
    :param grams: tokens by text of the post, see `archive.search.tokenizer`, as far as they are
        generated already.
    """

    post: PostRow
    securities: Sequence[Security] | None = None
    revision: RevisionRow | None = None
    presence: str | None = None
    same_version: bool = False
    at: str | None = None
    grams: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_new_version(self) -> bool:
        """Whether a version was written."""
        return self.securities is not None and not self.same_version

    @property
    def learnt(self) -> str:
        """When the archive learnt it, ISO 8601, UTC."""
        return self.post.seen_from if self.is_new_version else self.at or self.post.checked
