"""``python -m bench.fast_settings``: a fast crawl, with one setting at a time set otherwise.

Says why `settings.fast` has what it has, and why it has nothing else. All variants take turns, so
that a slow moment of the machine meets each.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.local_site import LocalSite, local_site
from bench.whole_crawl import Run, crawl, finews_command, finews_environment

AS_IT_IS = "settings.fast"
VARIANTS = (
    "DOWNLOAD_DELAY=0.01",
    "AUTOTHROTTLE_ENABLED=True",
    "CONCURRENT_REQUESTS_PER_DOMAIN=1",
    "CONCURRENT_REQUESTS_PER_DOMAIN=4",
    "CONCURRENT_REQUESTS_PER_DOMAIN=8",
    "CONCURRENT_REQUESTS_PER_DOMAIN=32",
    "FINEWS_ARCHIVE_CLASS=crawler.keeper.ArchiveInProcess",
    "FINEWS_BATCH_ARTICLES=400",
    "CONCURRENT_ITEMS=2",
    "CONCURRENT_ITEMS=100",
    "ROBOTSTXT_OBEY=False",
    "FINEWS_WARC=False",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.fast_settings", description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("variants", nargs="*", metavar="NAME=VALUE", help="instead of the usual")
    arguments = parser.parse_args()
    variants = (AS_IT_IS, *(arguments.variants or VARIANTS))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with local_site(folder / "site", arguments.articles) as site:
            print(f"{site.articles:,} articles; load {os.getloadavg()[0]:.1f}", flush=True)
            runs = take_turns(site, folder, variants, arguments.rounds)
    show(runs)


def take_turns(
    site: LocalSite, folder: Path, variants: Sequence[str], rounds: int
) -> dict[str, list[Run]]:
    """The crawls of each variant."""
    runs: dict[str, list[Run]] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant, each in runs.items():
            settings = [] if variant == AS_IT_IS else [variant]
            news = folder / "news"
            run, _ = crawl(site, finews_command(site, settings), finews_environment(news))
            shutil.rmtree(news)
            each.append(run)
    return runs


def show(runs: dict[str, list[Run]]) -> None:
    """Print each variant's medians, to those of the settings as they are."""
    usual = runs[AS_IT_IS]
    rate = statistics.median(run.rate for run in usual)
    processor = statistics.median(run.processor for run in usual)
    print(f"{'':42} pages/s  time of the processor")
    print(f"{AS_IT_IS:42} {rate:7.0f} {processor:7.2f} s")
    for variant, each in runs.items():
        if variant == AS_IT_IS:
            continue
        print(
            f"{variant:42} {statistics.median(run.rate for run in each) / rate:6.2f}x"
            f" {statistics.median(run.processor for run in each) / processor:7.2f}x"
        )


if __name__ == "__main__":
    main()
