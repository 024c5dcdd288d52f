"""A short version of `bench.whole_crawl`. Floors are well below the figures of
docs/performance.md: a machine that does other things as well may not make them fail.
"""

import pytest

from archive.archive import Archive
from archive.integrity.verify import verify
from bench.local_site import local_site
from bench.whole_crawl import Run, compare, processor_ratio, ratio
from tests.support.requirements import program

ARTICLES = 250
#: Pages per second, of bare Scrapy's.
RATE = 0.3
#: Times bare Scrapy's time of the processor.
PROCESSOR = 3.0
#: Bytes more than bare Scrapy: 80 MB on Python 3.11 and 3.13, 110 MB on 3.12.
MEMORY = 130e6


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Run, Run]]:
    program("nginx")
    folder = tmp_path_factory.mktemp("crawls")
    with local_site(folder / "site", ARTICLES) as site:
        found = list(compare(site, folder, rounds=2))
    with Archive(folder / "news-0") as archive:
        assert len(archive) == ARTICLES
    assert not verify(folder / "news-0").problems
    return found


def test_a_whole_crawl_keeps_its_ratio_to_bare_scrapy(runs: list[tuple[Run, Run]]) -> None:
    assert all(finews.pages == bare.pages > 2 * ARTICLES - 20 for bare, finews in runs)
    assert max(ratio([run]) for run in runs) > RATE
    assert min(processor_ratio([run]) for run in runs) < PROCESSOR


def test_a_whole_crawl_needs_little_more_memory(runs: list[tuple[Run, Run]]) -> None:
    assert all(max(finews.memory) - max(bare.memory) < MEMORY for bare, finews in runs)
