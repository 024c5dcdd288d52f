"""Run a crawl, an import, a verification, a rebuild and readers at once on one archive."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from archive.integrity.rebuild import rebuild
from archive.integrity.verify import verify
from demo.faults import Fault, delay
from demo.mirror import MIRROR_HOST
from demo.replica import Replica
from demo.site import made_up_site
from tests.conftest import NO_DELAYS, ROOT, SAMPLES, posts_in
from tests.support.catalogs import tables
from tests.support.fork_server import Forked

CRAWL = ("scrapy", "crawl", "finews", "-a", f"site=http://{MIRROR_HOST}/", *NO_DELAYS)
FINEWS = ("archive.cli",)
REFUSAL = "is being written by "


def module(archive: Path, *command: str | Path, **environment: str) -> Forked[str]:
    return Forked(
        (sys.executable, "-m", *command),
        cwd=ROOT,
        env=os.environ | {"FINEWS_ARCHIVE": str(archive)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def browsing(archive: Path) -> Iterator[str]:
    """Run `finews browse` on a free port; return its address."""
    with module(archive, *FINEWS, "browse", archive, "--port", "0") as browse:
        try:
            assert browse.stdout is not None
            lines = iter(browse.stdout.readline, "")
            yield next(word for line in lines for word in line.split() if word.startswith("http"))
        finally:
            browse.terminate()


def test_nothing_is_lost_and_who_has_to_wait_is_told(tmp_path: Path) -> None:
    archive, other = tmp_path / "news", tmp_path / "other"
    site = made_up_site(articles=150)
    shutil.copytree(SAMPLES / "posts", other)
    slowly = Fault("*", failure=delay(0.02))
    with Replica(site.sites, faults=[slowly]) as replica:
        proxy = {"http_proxy": replica.proxy_url}
        crawl = module(archive, *CRAWL, **proxy)
        while not posts_in(archive) and crawl.poll() is None:
            time.sleep(0.05)
        statuses: Counter[int] = Counter()
        with browsing(archive) as address:
            waiting = [
                module(archive, *FINEWS, "import", other, "--archive", archive),
                module(archive, *FINEWS, "verify", archive),
                module(archive, *FINEWS, "rebuild", archive),
                module(archive, *CRAWL, **proxy),
            ]
            with httpx.Client(base_url=address, timeout=30) as reader:
                while crawl.poll() is None:
                    for page in ("/", "/catalog/posts", "/catalog/posts?_search=市场"):
                        statuses[reader.get(page).status_code] += 1
        output, _ = crawl.communicate()
        assert crawl.returncode == 0, output
        for process in waiting:
            told, _ = process.communicate()
            assert REFUSAL in told, told
            assert "Traceback" not in told
            assert process.returncode != 0
        assert waiting[-1].returncode == 8
    assert statuses.keys() == {200}
    assert statuses[200] > 3
    got = posts_in(archive)
    assert {name: got.get(name) for name in site.posts} == site.posts
    assert len(got) == len(site.articles) + len(site.media_posts)

    again = module(archive, *FINEWS, "import", other, "--archive", archive)
    output, _ = again.communicate()
    assert again.returncode == 0, output
    assert len(posts_in(archive)) == len(got) + len(list(other.iterdir()))
    assert not verify(archive).problems
    before = tables(archive)
    rebuild(archive)
    assert tables(archive) == before


def test_all_started_at_once_each_is_done_or_told_and_readers_go_on(tmp_path: Path) -> None:
    """The order is random; `finews browse` reads all the time, also during a rebuild."""
    archive, other = tmp_path / "news", tmp_path / "other"
    site = made_up_site(articles=60)
    shutil.copytree(SAMPLES / "posts", other)
    with Replica(site.sites) as replica:
        proxy = {"http_proxy": replica.proxy_url}
        module(archive, *CRAWL, "-s", "CLOSESPIDER_ITEMCOUNT=20", **proxy).communicate()
        statuses: Counter[int] = Counter()
        done: Counter[str] = Counter()
        with browsing(archive) as address, httpx.Client(base_url=address, timeout=30) as reader:
            for _ in range(2):
                working = {
                    "import": module(archive, *FINEWS, "import", other, "--archive", archive),
                    "verify": module(archive, *FINEWS, "verify", archive),
                    "rebuild": module(archive, *FINEWS, "rebuild", archive),
                    "crawl": module(archive, *CRAWL, **proxy),
                }
                while any(process.poll() is None for process in working.values()):
                    for page in ("/", "/catalog/posts", "/catalog/posts?_search=市场"):
                        statuses[reader.get(page).status_code] += 1
                for name, process in working.items():
                    told, _ = process.communicate()
                    assert "Traceback" not in told, told
                    assert (process.returncode == 0) is (REFUSAL not in told), told
                    done[name] += process.returncode == 0
        assert statuses.keys() == {200}
        assert done.total()
        for last in ((*FINEWS, "import", other, "--archive", archive), CRAWL):
            output, _ = (ending := module(archive, *last, **proxy)).communicate()
            assert ending.returncode == 0, output
    got = posts_in(archive)
    assert {name: got.get(name) for name in site.posts} == site.posts
    crawled = len(site.articles) + len(site.media_posts)
    assert len(got) == crawled + len(list(other.iterdir()))
    assert not verify(archive).problems
    before = tables(archive)
    rebuild(archive)
    assert tables(archive) == before
