"""Read the files of articles, in several processes where there are many.

These processes also compute what depends on one version alone: its row, its pairs of characters for
the search index, its record for the captures. Little is left for the one process that writes.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from archive.archive import Archive
from archive.article_id import ArticleId
from archive.catalog import CatalogEntry, PostRow, entry_of_post
from archive.content import NO_FRONT_MATTER, parse_post
from archive.errors import Refused
from archive.importing.find_files import FileFinding, ListedFiles, PostFile, bytes_of, post_name
from archive.process_pool import Workers, cores
from archive.search import grams
from archive.storage import sha256
from archive.warc import conversion_record
from archive.writing import target_of

# Articles and bytes that a process reads at once.
_CHUNK_ARTICLES, _CHUNK_BYTES = 50, 4 << 20

# The most processes that read; more would wait for the one that writes.
_MOST_PROCESSES = 3

# Articles that one process reads in the time that it takes to start others, most of a second.
_WORTH_A_PROCESS = 2_000


@dataclass(frozen=True, slots=True)
class ArticleFiles:
    """An article that is to be read.

    :param known: hashes of the archived versions.
    :param seen: the time of the import; aware.
    """

    code: ArticleId
    known: frozenset[str]
    files: tuple[PostFile, ...]
    seen: datetime


Rank = tuple[bool, bool, float, str, str, int, str]


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """A version of an article.

    :param rank: the version with the greatest rank becomes the current one. It consists of:
        fetched by a crawl, sound, standing, time of the import, publication, size, hash.
    :param file: path of the file.
    :param record: the version as a `conversion` record.
    """

    data: bytes
    entry: CatalogEntry
    rank: Rank
    file: str
    problems: tuple[str, ...] = ()
    record: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article whose files were read.

    :param known: hashes of the archived versions.
    :param versions: the new versions, each once.
    :param unchanged: number of files without a new version.
    """

    code: ArticleId
    known: frozenset[str]
    versions: list[ReadVersion]
    unchanged: int
    refused: list[FileFinding]


def read_articles(
    articles: Iterable[ListedFiles], count: int, archive: Archive, seen: datetime
) -> Generator[ReadArticle, None, None]:
    """Read the files of articles, in their order.

    :param count: number of articles.
    :param seen: the time of the import.
    :raises ArchiveError: when a worker process is killed.
    """
    chunks = _chunks(articles, archive, seen)
    processes = min(cores(), _MOST_PROCESSES) if count > _WORTH_A_PROCESS else 1
    with Workers(processes) as workers:
        for chunk in workers.in_order(_read_chunk, chunks):
            yield from chunk


def _chunks(
    articles: Iterable[ListedFiles], archive: Archive, seen: datetime
) -> Iterator[list[ArticleFiles]]:
    for chunk in _limited(articles):
        known = archive.hashes(code for code, _ in chunk)
        yield [
            ArticleFiles(code, frozenset(known.get(code, ())), files, seen) for code, files in chunk
        ]


def _limited(articles: Iterable[ListedFiles]) -> Iterator[list[ListedFiles]]:
    chunk: list[ListedFiles] = []
    size = 0
    for article in articles:
        chunk.append(article)
        size += sum(file.size for file in article[1])
        if len(chunk) >= _CHUNK_ARTICLES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _read_chunk(chunk: list[ArticleFiles]) -> list[ReadArticle]:
    return [_read_article(article) for article in chunk]


def _read_article(article: ArticleFiles) -> ReadArticle:
    found: dict[str, ReadVersion] = {}
    unchanged = 0
    refused = []
    for file in article.files:
        try:
            data = bytes_of(file.path)
            digest = sha256(data)
            if digest in article.known:
                unchanged += 1
                continue
            version = version_of(file.path, data, file.standing, article.seen)
            if NO_FRONT_MATTER in version.problems:
                raise Refused("; ".join(version.problems))
        except OSError as error:
            refused.append(FileFinding(Path(file.path), str(error.strerror), taken=False))
        except Refused as reason:
            refused.append(FileFinding(Path(file.path), str(reason), taken=False))
        else:
            unchanged += digest in found
            found[digest] = max(found.get(digest, version), version, key=rank_of)
    versions = sorted(found.values(), key=rank_of)
    return ReadArticle(article.code, article.known, versions, unchanged, refused)


def rank_of(version: ReadVersion) -> Rank:
    """Return the rank of a version, as a sort key."""
    return version.rank


def rank_of_post(row: PostRow, standing: float, *, sound: bool, imported: str) -> Rank:
    """Return the rank of a version, which no crawl fetched unless its row states a body source.

    :param standing: the number of a superseded version; infinity for a post.
    :param imported: ISO 8601, UTC.
    """
    crawled = row.body_source is not None
    return crawled, sound, standing, imported, row.published, row.bytes, row.sha256


def version_of(path: str, data: bytes, standing: float, seen: datetime) -> ReadVersion:
    """Read a version.

    :param standing: see `rank_of_post`.
    :param seen: the time of the import; aware.
    :raises Refused: when it names no article or no day.
    """
    post = parse_post(data, post_name(PurePosixPath(path).name))
    entry = entry_of_post(post, data, seen)
    if entry is None:
        undated = () if post.day else ("it names no day",)
        raise Refused("; ".join((*post.problems, *undated)))
    row = entry.post
    rank = rank_of_post(row, standing, sound=not post.problems, imported=row.checked)
    pairs = {text: grams(text) for text in (row.text, row.digest, row.title) if text}
    entry = replace(entry, grams=pairs)
    record = conversion_record(target_of(row.info_code), data, seen)
    return ReadVersion(data, entry, rank, path, post.problems, record)
