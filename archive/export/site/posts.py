"""Read posts as the site publishes them.

A post file is published byte for byte, unless it is a broken file that an import has added: this is
written again in the site's format, from the parts that could be read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from pathlib import Path, PurePosixPath

from archive.article import Article, BodySource, Precision
from archive.article_id import ArticleId
from archive.catalog import read_post, time_of_publisher
from archive.categories import Category
from archive.content import CarriedPicture
from archive.export.site.images import carried_by_post
from archive.export.site.urls import is_servable, post_page
from archive.search import Query, moment_of
from archive.storage import reading_catalog
from archive.writing import target_of

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}-((?:NW)?\d{15,20})", re.ASCII)
_UNKNOWN = "未注明"


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """A row of ``posts``, without its text.

    :param updated: when the archive learnt what the publisher last did with it, ISO 8601, UTC.
    :param carried: the pictures of the post that the site contains.
    """

    info_code: str
    title: str
    published: str
    media: str | None
    category: str | None
    tag: str | None
    digest: str | None
    link: str | None
    path: str
    sha256: str
    version: int
    updated: str
    author: str | None
    lang: str | None
    precision: str
    extractor: str | None
    carried: tuple[CarriedPicture, ...] = field(default=(), kw_only=True)

    @property
    def facts(self) -> tuple[object, ...]:
        """The values of all columns."""
        return _facts_of(self)

    @property
    def day(self) -> str:
        """The day of publication in Shanghai, ISO 8601."""
        return self.published[:10]

    @property
    def shelf(self) -> Category:
        """The category; that of the media where the post's own is missing or cannot be served."""
        return _shelf(self.category, self.tag, self.media)

    @property
    def name(self) -> str:
        """The name of the post's file without the date: the code, with ``NW`` or without."""
        match = _DATED.fullmatch(PurePosixPath(self.path).stem)
        return match[1] if match else self.info_code

    @property
    def source(self) -> PurePosixPath:
        """The path of the post's file in the Jekyll source."""
        return PurePosixPath("_posts", self.day[:4], self.day[5:7], f"{self.day}-{self.name}.md")

    @property
    def page(self) -> str:
        """The path of the post's page on the site."""
        return post_page(self.shelf.slug, self.published, self.name)

    def article(self, folder: Path) -> Article | None:
        """Return the article with its body; None when the post's file is lost.

        :raises ArchiveError: when the file cannot be read.
        """
        post = read_post(folder, self.path, self.version, self.sha256)
        if post is None:
            return None
        info_code = ArticleId(self.info_code)
        return Article(
            info_code=info_code,
            title=self.title if self.title.strip() else info_code,
            published=datetime.fromisoformat(self.published),
            category=self.shelf.slug,
            tag=self.shelf.tag,
            digest=_line(post.digest),
            body=post.body if post.body.strip() else "<p></p>",
            body_source=BodySource.MIRROR,
            link=self._link_of(info_code),
            media=_line(self.media),
            author=_line(self.author),
            lang=_line(self.lang),
            precision=Precision(self.precision),
            extractor=_line(self.extractor),
            flags=post.flags,
            keywords=post.keywords,
            modified=post.modified,
        )

    def _link_of(self, info_code: ArticleId) -> str:
        if self.link and not re.search(r"[<>\s]", self.link):
            return self.link
        if not info_code.is_info_code:
            return target_of(info_code)
        return f"https://finance.eastmoney.com/a/{info_code.native}.html"


def _line(text: str | None) -> str | None:
    """Return a text of one line; None for others, which no post can have."""
    return text if text and len(text.splitlines()) == 1 else None


_COLUMNS = tuple(column.name for column in fields(PublishedPost) if not column.kw_only)
_facts_of = attrgetter(*_COLUMNS)


@lru_cache(maxsize=4096)
def _shelf(category: str | None, tag: str | None, media: str | None) -> Category:
    candidates = []
    if category and tag and len(tag.splitlines()) == 1:
        candidates.append(Category(category, tag))
    if media:
        candidates.append(Category.of_media(media))
    servable = (category for category in candidates if is_servable(category.slug))
    return next(servable, Category.of_media(_UNKNOWN))


def read_posts(
    folder: Path, query: Query, *, rolling: bool = False, with_pictures: bool = False
) -> Iterator[PublishedPost]:
    """Read the posts of a query, one for each article, oldest first, from one state of the catalog.

    :param rolling: instead, the rolling news of articles whose other edition is such a post. A
        query with `as_of` has none of them: what they were then is not recorded.
    :param with_pictures: whether the site contains the stored pictures.
    :raises ArchiveError: when the catalog cannot be read.
    """
    if rolling and query.as_of:
        return
    table, rows, condition = "posts", query.tables.rows, query.condition
    if rolling:
        table = rows = "editions"
        condition = _ROLLING.format(condition=condition)
    updated = time_of_publisher(table, "as_of" if query.as_of else "")
    columns = {name: name for name in _COLUMNS} | {"updated": updated}
    sql = f"""
        SELECT {", ".join(columns.values())} FROM {rows} AS {table} WHERE {condition}
        ORDER BY published, info_code
    """  # noqa: S608 (our own words)
    with reading_catalog(folder) as connection:
        by = moment_of(query.as_of) if query.as_of else None
        carried = carried_by_post(connection, folder, by) if with_pictures else {}
        for row in connection.execute(sql, query.values):
            yield PublishedPost(*row, carried=carried.get(row[0], ()))


_ROLLING = """
    edition = 'rolling' AND info_code IN (SELECT info_code FROM posts WHERE {condition})
"""
