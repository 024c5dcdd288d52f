"""``python -m bench.stages``: where the milliseconds of a crawl go, stage by stage.

A real crawl of a local site with ``settings.fast``, but in one process, whose stages take their
own time: of the processor, thread by thread, so that what waits costs nothing. The index is what a
catalog costs more with it than without.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from scrapy.cmdline import execute
from sqlite_utils import Database

from archive.archive import Archive
from archive.catalog import Catalog
from archive.entries import Entry
from archive.processes import chunks
from archive.search import register
from archive.steps import StepWriter
from archive.succession import Succession
from bench.local_site import LocalSite, local_site
from bench.whole_crawl import finews_command, finews_environment
from crawler.extensions.circuit_breaker import CircuitBreaker
from crawler.middlewares.archived import ArchivedMiddleware
from crawler.middlewares.conditional import ConditionalMiddleware
from crawler.middlewares.traffic import TrafficMiddleware
from crawler.mirror_site import MirrorSite
from crawler.pages.feed import Feed
from crawler.pages.list_page import ListPage
from crawler.pages.post_page import PostPage
from crawler.pages.share_answer import ShareAnswer
from crawler.pipelines import normalise
from crawler.spiders import articles

PARSE, NORMALISE, WARC, POST, CATALOG = "parse", "normalise", "WARC", "post", "catalog"
GUEST = "manners and known articles"
STAGES: dict[str, list[tuple[Any, str]]] = {
    PARSE: [
        (PostPage, "facts"),
        (ListPage, "links"),
        (Feed, "posts"),
        (Feed, "links"),
        (ShareAnswer, "text"),
        (MirrorSite, "post"),
        (articles, "compose"),
    ],
    NORMALISE: [(normalise, "normalise")],
    WARC: [(Archive, "capture")],
    POST: [(Succession, "steps"), (StepWriter, "_write_down")],
    CATALOG: [(Catalog, "put")],
    GUEST: [
        (CircuitBreaker, "check"),
        (CircuitBreaker, "check_body"),
        (CircuitBreaker, "count_answer"),
        (ArchivedMiddleware, "get_processed_request"),
        (ConditionalMiddleware, "process_request"),
        (TrafficMiddleware, "process_response"),
        (articles.ArticleSpider, "wanted"),
    ],
}
IN_ONE_PROCESS = ("FINEWS_ARCHIVE_CLASS=crawler.keeper.ArchiveInProcess",)
TAKEN = "STAGES_TAKEN"
"""Environment variable: the file that the crawl writes its seconds to."""


class Stopwatch:
    """Seconds of the processor by stage; what one stage calls of another is the other's."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = threading.local()

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, taking its time."""

        @wraps(work)
        def measured(*args: Any, **kwargs: Any) -> Any:
            outer = getattr(self._inner, "seconds", 0.0)
            self._inner.seconds = 0.0
            started = time.thread_time()
            try:
                made = work(*args, **kwargs)
                return list(made) if isinstance(made, Iterator) else made
            finally:
                taken = time.thread_time() - started
                self.seconds[stage] += taken - self._inner.seconds
                self._inner.seconds = outer + taken

        return measured


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description=__doc__)
    parser.add_argument("--articles", type=int, default=3_000)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with local_site(folder / "site", parser.parse_args().articles) as site:
            show(stages_of(site, folder), site.articles)


def stages_of(site: LocalSite, folder: Path) -> dict[str, float]:
    """Seconds by stage, of a crawl of a whole site into a new archive below `folder`."""
    taken = folder / "taken.json"
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "bench.stages_crawl", *finews_command(site, IN_ONE_PROCESS)[2:]],
        env=finews_environment(folder / "news") | {TAKEN: str(taken)},
        check=True,
    )
    seconds: dict[str, float] = json.loads(taken.read_text(encoding="ascii"))
    with_index, without = (_catalog_seconds(folder, index=index) for index in (True, False))
    index = seconds[CATALOG] * (1 - without / with_index)
    seconds[CATALOG] -= index
    return seconds | {"index": index}


def show(seconds: dict[str, float], articles: int) -> None:
    """Print a row for each stage, the dearest first."""
    total = sum(seconds.values())
    print(f"{'milliseconds of an article':28} {total / articles * 1e3:7.2f}")
    for stage, each in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"  {stage:26} {each / articles * 1e3:7.2f} {each / total:6.0%}")


def crawl() -> None:
    """The crawl, in this process."""
    watch = Stopwatch()
    for stage, works in STAGES.items():
        for owner, name in works:
            setattr(owner, name, watch.timed(stage, getattr(owner, name)))
    before = time.process_time()
    try:
        execute(sys.argv[1:])
    finally:
        rest = time.process_time() - before - sum(watch.seconds.values())
        found = watch.seconds | {"download and Scrapy": rest}
        Path(os.environ[TAKEN]).write_text(json.dumps(found), encoding="ascii")


def _catalog_seconds(folder: Path, *, index: bool) -> float:
    """Of the processor, to put all posts of the archive into a new catalog."""
    path = folder / f"index-{index}.db"
    with Catalog(folder / "news" / "catalog.db") as crawled, Catalog(path) as fresh:
        if not index:
            database = Database(path)
            register(database.conn)
            for trigger in database.triggers:
                if trigger.name.startswith("posts_search"):
                    database.execute(f"DROP TRIGGER {trigger.name}")
            database.close()
        entries = [Entry(post) for post in crawled.posts()]
        started = time.thread_time()
        for batch in chunks(entries, 50):
            fresh.put(batch)
        return time.thread_time() - started


if __name__ == "__main__":
    main()
