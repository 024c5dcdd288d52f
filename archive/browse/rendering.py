"""Render bodies in bounded time and memory, and cache some of them.

Rendering has its own threads, so that pages that only query the catalog never wait for a large
article.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from archive.browse.article_page import find_file
from archive.content import parse_post, render_body
from archive.storage import bytes_if_there, sha256
from archive.translation import current_language

#: Bytes of a post's file up to which a page shows its body as HTML. Rendering takes a second at
#: most.
MAX_BYTES = 300_000
#: Bytes of a post's file up to which a feed has its body as HTML.
MAX_BYTES_IN_FEED = 100_000
#: Characters of the text that stands for a larger body.
MAX_CHARACTERS = 20_000
#: Characters of all bodies in the cache.
MAX_CACHED = 16_000_000

#: Number of threads that render.
_THREADS = 2

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RenderedBody:
    """The body of an article as safe HTML.

    :param html: HTML that is safe to show.
    :param bytes: size of the post's file where only the beginning of its text is shown; else None.
    """

    html: str
    bytes: int | None = None


class Renderer:
    """Renders the bodies of posts' files as safe HTML.

    :param folder: the folder of the archive.
    :param max_cached: number of characters of rendered bodies that are cached.
    """

    def __init__(self, folder: Path, *, max_cached: int = MAX_CACHED) -> None:
        self._folder = folder
        self._max_cached = max_cached
        self._threads = ThreadPoolExecutor(_THREADS, "rendering")
        self._lock = threading.Lock()
        self._bodies: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._characters = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in one of the rendering threads, which has the reader's language."""
        loop = asyncio.get_running_loop()
        inherited = copy_context()
        return await loop.run_in_executor(
            self._threads, lambda: inherited.run(work, *args, **kwargs)
        )

    def close(self) -> None:
        """Wait until running calls have ended; cancel the others."""
        self._threads.shutdown(cancel_futures=True)

    def body(
        self,
        path: str,
        text: str,
        security_address: Callable[[str], str],
        stored_pictures: Mapping[str, str],
        *,
        max_bytes: int = MAX_BYTES,
    ) -> RenderedBody | None:
        """Return the body of a post's file; None when the archive has no such file.

        :param path: path of the file below the archive's folder.
        :param text: the body's text in the catalog; its beginning stands for a large body.
        :param security_address: returns the address of a security, from its code.
        :param stored_pictures: source address → our address of every stored picture.
        :param max_bytes: size of the file up to which the body is rendered.
        """
        file = find_file(self._folder, path)
        if file is None:
            return None
        try:
            size = file.stat().st_size
            if size > max_bytes:
                return RenderedBody(_paragraphs(text[:MAX_CHARACTERS]), size)
            data = bytes_if_there(file)
        except OSError:
            return None
        if data is None:
            return None
        pictures = frozenset(stored_pictures.items())
        key = (sha256(data), security_address(""), pictures, current_language())
        html = self._cached(key)
        if html is None:
            html = render_body(
                parse_post(data, PurePosixPath(path).name).body, security_address, stored_pictures
            )
            self._cache(key, html)
        return RenderedBody(html)

    def _cached(self, key: tuple[object, ...]) -> str | None:
        with self._lock:
            html = self._bodies.get(key)
            if html is not None:
                self._bodies.move_to_end(key)
            return html

    def _cache(self, key: tuple[object, ...], html: str) -> None:
        with self._lock:
            if key not in self._bodies:
                self._bodies[key] = html
                self._characters += len(html)
            while self._characters > self._max_cached:
                _, oldest = self._bodies.popitem(last=False)
                self._characters -= len(oldest)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
