"""``python -m bench.whole_crawl``: a crawl with everything on, against bare Scrapy.

Both get the same pages of the same local site, with ``settings.fast``. Bare Scrapy downloads them
and runs parsel's css over them; `finews` makes captures, posts, catalog and search index of them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.local_site import LocalSite, local_site

#: Seconds between two looks at a process's memory.
SAMPLES = 0.1


@dataclass(frozen=True)
class Run:
    """What a crawl took.

    :param pages: that it asked for.
    :param seconds: from start to end of the process.
    :param processor: seconds of the processor, of the process and those that it started.
    :param beside: those of the latter.
    :param memory: bytes that all of them had, look by look.
    """

    pages: int
    seconds: float
    processor: float
    beside: float
    memory: Sequence[int]

    @property
    def rate(self) -> float:
        """Pages per second."""
        return self.pages / self.seconds

    @property
    def growth(self) -> float:
        """Of memory, from the second quarter of the run to the last."""
        quarter = len(self.memory) // 4
        second, last = self.memory[quarter : 2 * quarter], self.memory[-quarter:]
        return statistics.median(last) / statistics.median(second)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.whole_crawl", description=__doc__)
    parser.add_argument("--articles", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-s", dest="settings", action="append", default=[], help="NAME=VALUE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with local_site(folder / "site", arguments.articles) as site:
            page, answer = site.sizes
            print(
                f"{site.articles:,} articles, a page of {page / 1e3:.0f} kB and an answer of"
                f" {answer / 1e3:.1f} kB each; load {os.getloadavg()[0]:.1f} on {os.cpu_count()}"
                " cores"
            )
            runs = list(compare(site, folder, arguments.rounds, arguments.settings))
    show(runs)


def compare(
    site: LocalSite, folder: Path, rounds: int, settings: Sequence[str] = ()
) -> Iterator[tuple[Run, Run]]:
    """Bare Scrapy and finews, in turn.

    :param settings: for both, as ``NAME=VALUE``.
    """
    for number in range(rounds):
        news = folder / f"news-{number}"
        finews = crawl(site, finews_command(site, settings), finews_environment(news))
        addresses = folder / "addresses"
        addresses.write_text("".join(f"{site.url}{path}\n" for path in finews[1]), "ascii")
        command = [sys.executable, "-m", "bench.bare_spider", str(addresses), *settings]
        bare = crawl(site, command, dict(os.environ))
        if sorted(bare[1]) != sorted(finews[1]):
            sys.exit("bare Scrapy and finews asked for different pages")
        yield bare[0], finews[0]


def finews_command(site: LocalSite, settings: Sequence[str] = ()) -> list[str]:
    """``scrapy crawl finews`` of a local site.

    :param settings: as ``NAME=VALUE``.
    """
    all_settings = (f"FINEWS_SOURCES={site.sources}", *settings)
    options = [part for each in all_settings for part in ("-s", each)]
    return [sys.executable, "-m", "scrapy", "crawl", "finews", "--loglevel", "ERROR", *options]


def finews_environment(news: Path) -> dict[str, str]:
    """For a crawl into an archive."""
    return os.environ | {"SCRAPY_PROJECT": "fast", "FINEWS_ARCHIVE": str(news)}


def crawl(
    site: LocalSite, command: Sequence[str], environment: Mapping[str, str]
) -> tuple[Run, list[str]]:
    """Run a crawl; returns what it took, and the paths that it asked for but robots.txt."""
    started = time.perf_counter()
    before = os.times()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    memory, beside = [], 0.0
    while process.poll() is None:
        memory.append(_memory(process.pid))
        beside = max(beside, sum(map(_processor, _started_by(process.pid))))
        time.sleep(SAMPLES)
    seconds = time.perf_counter() - started
    after = os.times()
    if process.returncode:
        sys.exit(f"a crawl ended with status {process.returncode}")
    processor = sum(after[2:4]) - sum(before[2:4])
    asked = [path for path in site.asked() if path != "/robots.txt"]
    return Run(len(asked), seconds, processor, beside, memory), asked


def _memory(process: int) -> int:
    """Of a process and those that it started, in bytes."""
    status = _told_of(process, "statm").split() or ("0", "0")
    own = int(status[1]) * os.sysconf("SC_PAGE_SIZE")
    return own + sum(map(_memory, _started_by(process)))


def _processor(process: int) -> float:
    """Seconds of the processor that a process has taken."""
    times = _told_of(process, "stat").rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def _started_by(process: int) -> Sequence[int]:
    return [int(child) for child in _told_of(process, f"task/{process}/children").split()]


def _told_of(process: int, what: str) -> str:
    """See proc(5); nothing when it has ended."""
    try:
        return Path(f"/proc/{process}/{what}").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def show(runs: Sequence[tuple[Run, Run]]) -> None:
    """Print both, and the medians of the rounds' ratios."""
    print("                pages  pages/s  ms of processor  beside  peak MB  growth")
    for name, each in zip(("bare Scrapy", "finews"), zip(*runs, strict=True), strict=True):
        print(
            f"{name:14} {each[0].pages:6,} {_median(run.rate for run in each):8.0f}"
            f" {_median(run.processor / run.pages * 1e3 for run in each):16.2f}"
            f" {_median(run.beside / run.pages * 1e3 for run in each):7.2f}"
            f" {_median(max(run.memory) / 1e6 for run in each):8.0f}"
            f" {_median(run.growth for run in each):7.2f}"
        )
    print(f"pages per second, finews to bare: {ratio(runs):.2f}")
    print(f"time of the processor, likewise: {processor_ratio(runs):.2f}")
    more = _median((max(f.memory) - max(b.memory)) / 1e6 for b, f in runs)
    print(f"peak memory more than bare: {more:.0f} MB")


def ratio(runs: Sequence[tuple[Run, Run]]) -> float:
    """Pages per second of finews to bare Scrapy's, the median of the rounds."""
    return _median(finews.rate / bare.rate for bare, finews in runs)


def processor_ratio(runs: Sequence[tuple[Run, Run]]) -> float:
    """Time of the processor for a page of finews to bare Scrapy's, the median of the rounds."""
    return _median(
        finews.processor / finews.pages * bare.pages / bare.processor for bare, finews in runs
    )


def _median(values: Iterator[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    main()
