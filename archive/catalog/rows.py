"""What goes into the catalog: its rows, and what one article changes in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from archive.article import BodySource, Edition
from archive.content import Security


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """What is known of a post. Times are ISO 8601: `published` in Asia/Shanghai, others in UTC.

    A row of ``posts`` is that of an article: its post, or of two editions what
    `archive.catalog.editions.article_row` makes of them.

    :param info_code: ``NW`` and 15 to 20 digits.
    :param media: who wrote it.
    :param category: its slug.
    :param tag: the category's name, as the site shows it.
    :param digest: the summary of rolling news.
    :param text: of the body, without markup.
    :param length: of the text, in characters.
    :param pictures: addresses, as a JSON array.
    :param addresses: that the article was read from, as a JSON array, the body's first.
    :param captures: where those responses are kept, as a JSON array of objects.
    :param stock_list: codes of the securities that a list names beside it, as a JSON array.
    :param body_source: what `BodySource` says; null for a post that was imported.
    :param link: that the post names as its source.
    :param path: below the archive's folder.
    :param sha256: of the post's file, in hexadecimal.
    :param bytes: length of the post's file.
    :param first_seen: when the archive got the article.
    :param checked: when the source was last looked at for it.
    :param revised: when the archive got this version, where it is not the first.
    :param version: 1 for the first, one more for each revision.
    :param body_provisional: the mirror's rendering stands in for a host that did not answer.
    :param gone: when the source was first found without it.
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
    body_source: str | None
    body_provisional: bool
    link: str | None
    addresses: str
    captures: str
    path: str
    sha256: str
    bytes: int
    version: int
    first_seen: str
    checked: str
    revised: str | None
    gone: str | None = None
    stock_list: str = "[]"

    @property
    def edition(self) -> Edition:
        """The edition of the article that the post is."""
        return Edition.of_name(PurePosixPath(self.path).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """A row of ``revisions``: a version that a later one superseded."""

    info_code: str
    version: int
    path: str
    sha256: str
    bytes: int
    body_source: str | None
    captures: str
    superseded: str

    @property
    def edition(self) -> Edition:
        """The edition of the article that it is a version of."""
        return Edition.of_name(PurePosixPath(self.path).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBody:
    """What is known of a post that may be looked at again for its body. Times are ISO 8601.

    :param stored: when its present version was.
    """

    title: str
    digest: str | None
    body_source: str | None
    published: str
    stored: str
    checked: str

    @property
    def summary(self) -> tuple[str, str | None] | None:
        """Title and digest of a post whose body is a list's summary; None of others."""
        return (self.title, self.digest) if self.body_source == BodySource.SUMMARY else None

    def source_to_improve(
        self, by: BodySource, *, own: BodySource, share: float, now: datetime
    ) -> BodySource | None:
        """Return where the body came from, if a better source should be asked; else None.

        :param by: the worst of the bodies that are worth it.
        :param own: what stands in for a body at the source that asks; another source's is
            bettered at once.
        :param share: of the article's age, which has to go by between two looks.
        """
        if self.body_source is None:
            return None
        source = BodySource(self.body_source)
        checked = datetime.fromisoformat(self.checked)
        # A post that is dated ahead is as old as it is known.
        born = min(datetime.fromisoformat(self.published), datetime.fromisoformat(self.stored))
        age = checked - born
        first = source is not own and self.checked <= self.stored
        due = first or (age > timedelta() and now - checked >= age * share)
        return source if due and source.is_worse_than(by) else None


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """What one article changes in the catalog.

    :param securities: that it names; None where that has not changed.
    :param same_version: the files are as they were; a list told more of the article.
    :param changes: what this look at the source, at the post's `checked`, found changed.
    :param grams: `archive.search.tokenizer` of texts of the post, where they were made beforehand.
    """

    post: PostRow
    securities: Sequence[Security] | None = None
    revision: RevisionRow | None = None
    changes: Sequence[str] = ()
    same_version: bool = False
    grams: Mapping[str, str] = field(default_factory=dict, compare=False)
