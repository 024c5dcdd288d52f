"""Renders bodies in bounded time and memory, and remembers some of them.

It has threads of its own, so that pages that only ask the catalog never wait for a large article.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from archive.browse.article_page import find_file
from archive.content import parse_post, render_body
from archive.storage import sha256

MOST_BYTES = 300_000
"""Of a post's file whose body is shown as HTML on a page. That takes a second at most."""
MOST_BYTES_IN_FEED = 100_000
"""Of one of the many in a feed."""
MOST_CHARACTERS = 20_000
"""Of a text that is shown in place of a larger body."""
_REMEMBERED = 16_000_000
"""Characters of bodies that are remembered."""
_THREADS = 2

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Body:
    """The body of an article, ready to be shown.

    :param html: safe.
    :param bytes: of the post's file, where only the beginning of its text is shown; else None.
    """

    html: str
    bytes: int | None = None


class Renderer:
    """Makes safe HTML of posts' files.

    :param folder: the archive's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(_THREADS, "rendering")
        self._lock = threading.Lock()
        self._bodies: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._characters = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Wait for what is being rendered."""
        self._threads.shutdown(cancel_futures=True)

    def body(
        self,
        path: str,
        text: str,
        security_address: Callable[[str], str],
        kept: Mapping[str, str],
        *,
        most_bytes: int = MOST_BYTES,
    ) -> Body | None:
        """Return the body of a post's file; None when there is no such file in the archive.

        :param text: of the body, as the catalog has it; its beginning stands for a large body.
        :param kept: our addresses of the pictures that are kept, by the addresses they came from.
        """
        file = find_file(self._folder, path)
        if file is None:
            return None
        try:
            size = file.stat().st_size
            if size > most_bytes:
                return Body(_paragraphs(text[:MOST_CHARACTERS]), size)
            data = file.read_bytes()
        except OSError:
            return None
        key = (sha256(data), security_address(""), frozenset(kept.items()))
        html = self._remembered(key)
        if html is None:
            html = render_body(
                parse_post(data, PurePosixPath(path).name).body, security_address, kept
            )
            self._remember(key, html)
        return Body(html)

    def _remembered(self, key: tuple[object, ...]) -> str | None:
        with self._lock:
            html = self._bodies.get(key)
            if html is not None:
                self._bodies.move_to_end(key)
            return html

    def _remember(self, key: tuple[object, ...], html: str) -> None:
        with self._lock:
            if key not in self._bodies:
                self._bodies[key] = html
                self._characters += len(html)
            while self._characters > _REMEMBERED:
                _, oldest = self._bodies.popitem(last=False)
                self._characters -= len(oldest)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
