"""Reads the files of articles, in several processes where they are many.

Whatever can be made of a version by itself is made here: its row, the pairs of characters that it
is found by, its record for the captures. The process that writes has then little more to do than
that.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from archive.archive import Archive
from archive.article import InfoCode
from archive.catalog import CatalogEntry, PostRow, entry_of_post
from archive.content import NO_FRONT_MATTER, parse_post
from archive.errors import Refused
from archive.importing.find_files import FileFinding, Listed, PostFile, bytes_of, post_name
from archive.process_pool import Workers, cores
from archive.search import grams
from archive.storage import sha256
from archive.warc import conversion_record
from archive.writing import target_of

_CHUNK_ARTICLES, _CHUNK_BYTES = 50, 4 << 20
"""What is read at once by a process."""

_MOST_PROCESSES = 3
"""That read; more would wait for the one that writes."""

_WORTH_A_PROCESS = 2_000
"""Articles; a process takes most of a second to start."""


@dataclass(frozen=True, slots=True)
class ArticleFiles:
    """An article that is to be read.

    :param known: hashes of the versions that are archived.
    :param seen: the time of the import.
    """

    code: InfoCode
    known: frozenset[str]
    files: tuple[PostFile, ...]
    seen: datetime


Rank = tuple[bool, bool, float, str, str, int, str]


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """A version of an article.

    :param rank: the greatest is the current one: fetched by a crawl, sound, standing, time of the
        import, publication, size, hash.
    :param file: where it was read.
    :param record: it, for the captures.
    """

    data: bytes
    entry: CatalogEntry
    rank: Rank
    file: str
    problems: tuple[str, ...] = ()
    record: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """What its files say of an article.

    :param known: hashes of the versions that are archived.
    :param versions: that are new, each once.
    :param unchanged: how many files have none of these.
    """

    code: InfoCode
    known: frozenset[str]
    versions: list[ReadVersion]
    unchanged: int
    refused: list[FileFinding]


def read_articles(
    articles: Iterable[Listed], count: int, archive: Archive, seen: datetime
) -> Generator[ReadArticle, None, None]:
    """What the files of articles say, in their order.

    :param count: how many there are.
    :param seen: the time of the import.
    :raises ArchiveError: when one of the processes is killed.
    """
    chunks = _chunks(articles, archive, seen)
    processes = min(cores(), _MOST_PROCESSES) if count > _WORTH_A_PROCESS else 1
    with Workers(processes) as workers:
        for chunk in workers.in_order(_read_chunk, chunks):
            yield from chunk


def _chunks(
    articles: Iterable[Listed], archive: Archive, seen: datetime
) -> Iterator[list[ArticleFiles]]:
    for chunk in _limited(articles):
        known = archive.hashes(code for code, _ in chunk)
        yield [
            ArticleFiles(code, frozenset(known.get(code, ())), files, seen) for code, files in chunk
        ]


def _limited(articles: Iterable[Listed]) -> Iterator[list[Listed]]:
    chunk: list[Listed] = []
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
    return version.rank


def rank_of_post(row: PostRow, standing: float, *, sound: bool, imported: str) -> Rank:
    """Return the rank of a version that no crawl fetched, unless its row says otherwise.

    :param standing: of a post where it comes from; the number of a superseded version.
    :param imported: ISO 8601, UTC.
    """
    crawled = row.body_source is not None
    return crawled, sound, standing, imported, row.published, row.bytes, row.sha256


def version_of(path: str, data: bytes, standing: float, seen: datetime) -> ReadVersion:
    """Read a version.

    :raises Refused: when it names no article or no day.
    """
    post = parse_post(data, post_name(PurePosixPath(path).name))
    entry = entry_of_post(post, data, seen)
    if entry is None:
        undated = () if post.day else ("it names no day",)
        raise Refused("; ".join((*post.problems, *undated)))
    row = entry.post
    rank = rank_of_post(row, standing, sound=not post.problems, imported=row.checked)
    found_by = {text: grams(text) for text in (row.text, row.digest, row.title) if text}
    entry = replace(entry, grams=found_by)
    record = conversion_record(target_of(row.info_code), data, seen)
    return ReadVersion(data, entry, rank, path, post.problems, record)
