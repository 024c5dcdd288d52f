"""Generate the search of a published site: the texts, and an index of their pairs of characters.

The page loads both in small files, as scripts: so it works on any host, and from a disk. A post is
found by any substring of its title, its digest or its text; see `archive.search.folding`.
"""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from archive.export.incremental_folder import Planned, planned
from archive.export.site.feeds import Published
from archive.export.site.posts import PublishedPost
from archive.search.folding import fold, narrow
from archive.storage import reading_catalog

_FOLDER = PurePosixPath("search")

#: Posts in a file of texts.
_POSTS = 20

#: Files of the index at most; there are fewer for a small site.
_MAX_SHARDS = 256

#: Characters of a text that can be searched.
_MAX_TEXT = 20_000

# The end of a title, a digest or a text in the index, so that its last character is in a pair.
_END = "\n"

_TEXTS = f"""
    SELECT info_code, coalesce(digest, ''), substr(text, 1, {_MAX_TEXT}) FROM {{rows}} AS posts
    WHERE info_code IN (SELECT value FROM json_each(:codes)) AND {{condition}}
"""  # noqa: S608 (a number)
_LENGTHS = "SELECT info_code, length FROM {rows} AS posts WHERE {condition}"


def search_files(
    published: Published, max_characters: int = 20_000_000
) -> Iterator[tuple[PurePosixPath, Planned]]:
    """Generate the texts and the index of the articles of a site.

    :param max_characters: of the newest texts, which can be searched; of older posts, the title.
    """
    search = _Search(published, max_characters)
    yield _FOLDER / "folding.js", planned(_script("folding", _folding()))
    yield _FOLDER / "about.js", planned(_script("about", search.about))
    for number, posts in enumerate(search.files):
        path = _FOLDER / "texts" / f"{number}.js"
        facts = published.inputs_digest(*(post.facts for post in posts), search.first_text)
        yield path, Planned(facts, partial(search.texts, number))
    everything = published.inputs_digest("index", *(post.facts for post in published.posts))
    for number in range(search.shards):
        path = _FOLDER / "index" / f"{number}.js"
        yield path, Planned(everything, partial(search.shard, number))


class _Search:
    def __init__(self, published: Published, max_characters: int) -> None:
        self._published, self._max_characters = published, max_characters
        number = len(published.posts)
        starts = range(0, number, _POSTS)
        self.files = [published.posts[start : start + _POSTS] for start in starts]
        self.shards = min(_MAX_SHARDS, 1 << max(2, (number // _POSTS).bit_length()))

    @property
    def about(self) -> dict[str, Any]:
        """What the page has to know of the other files."""
        return {
            "posts": len(self._published.posts),
            "shards": self.shards,
            "perFile": _POSTS,
            "textsSince": self._published.posts[self.first_text].day if self.first_text else "",
        }

    @cached_property
    def first_text(self) -> int:
        """The number of the first post whose text can be searched; 0 where all can."""
        characters = 0
        for number in range(len(self._published.posts) - 1, -1, -1):
            characters += min(_MAX_TEXT, self._lengths[self._published.posts[number].info_code])
            if characters > self._max_characters:
                return number + 1
        return 0

    @cached_property
    def _lengths(self) -> Mapping[str, int]:
        return dict(self._select(_LENGTHS))

    def _select(self, sql: str, **values: str) -> list[Any]:
        """Return the rows that a query finds in the state of the archive that is published."""
        then = self._published.then
        sql = sql.format(rows=then.tables.rows, condition=then.condition)
        with reading_catalog(self._published.folder) as connection:
            return connection.execute(sql, then.values | values).fetchall()

    def texts(self, number: int) -> bytes:
        """Return a file of texts."""
        return _script(f"texts/{number}", self._rows(number))

    def shard(self, number: int) -> bytes:
        """Return a file of the index: the posts of each pair, as differences of their numbers."""
        pairs = {
            pair: [later - before for before, later in pairwise((0, *posts))]
            for pair, posts in sorted(self._index[number].items())
        }
        return _script(f"index/{number}", pairs)

    def _rows(self, number: int) -> list[tuple[str, ...]]:
        posts = self.files[number]
        texts = self._texts_of(posts)
        first = number * _POSTS
        return [
            (
                post.title,
                post.page,
                post.published[:16].replace("T", " "),
                post.media or "",
                *(texts.get(post.info_code, ("", "")) if at >= self.first_text else ("", "")),
            )
            for at, post in enumerate(posts, first)
        ]

    def _texts_of(self, posts: Sequence[PublishedPost]) -> dict[str, tuple[str, str]]:
        codes = json.dumps([post.info_code for post in posts])
        rows = self._select(_TEXTS, codes=codes)
        return {code: (digest, text) for code, digest, text in rows}

    @cached_property
    def _index(self) -> list[dict[str, "array[int]"]]:
        """The numbers of the posts of each pair of characters, by file of the index."""
        index: list[dict[str, array[int]]] = [
            defaultdict(lambda: array("I")) for _ in range(self.shards)
        ]
        for number in range(len(self.files)):
            for at, (title, _, _, _, digest, text) in enumerate(self._rows(number)):
                folded = (narrow(fold(part)) + _END for part in (title, digest, text))
                for pair in {pair for part in folded for pair in pairwise(part)}:
                    shard = index[ord(pair[0]) % self.shards]
                    shard["".join(pair)].append(number * _POSTS + at)
        return index


def _folding() -> str:
    """Return each character whose simplified form is another, followed by that form."""
    characters = map(chr, (*range(0x3400, 0xA000), *range(0xF900, 0xFB00)))
    return "".join(
        character + folded
        for character in characters
        if len(folded := fold(character)) == 1 and folded != character
    )


def _script(name: str, data: object) -> bytes:
    """Return data as a script that hands it to the page."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"finewsSearch({json.dumps(name)},{text})\n".encode()
