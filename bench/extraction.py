"""``python -m bench.extraction``: what is taken from pages whose truth is known.

Compared with trafilatura alone, on the same pages in the same run.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import trafilatura

from bench.news_pages import NewsPage, in_folder, made_up
from crawler.declarations.answers import Answer
from crawler.extraction import ExtractionError, extract

MOST_OF_THE_TEXT = 0.9
#: The share of a text that may be foreign in one that counts as without foreign text.
MOST_FOREIGN = 0.02

_TO_THE_DAY, _TO_THE_MINUTE = 10, 16


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken from a page."""

    title: str | None
    published: str | None
    text: str


@dataclass(slots=True)
class Score:
    """How many pages were right, and the sum of F1."""

    pages: int = 0
    right: Counter[str] = field(default_factory=Counter)
    f1: float = 0.0
    seconds: float = 0.0


def main() -> None:
    """Print a row for each way to extract, and each set of pages."""
    parser = argparse.ArgumentParser(prog="python -m bench.extraction", description=__doc__)
    parser.add_argument("--pages", type=int, default=200, help="made-up pages")
    parser.add_argument("--folder", type=Path, help="folders with pages and expected.json files")
    arguments = parser.parse_args()
    sets = {"made up": list(made_up(arguments.pages))}
    if arguments.folder:
        sets[arguments.folder.name] = list(in_folder(arguments.folder))
    columns = ("title", "day", "minute", "90 % text", "no foreign")
    print(f"{'':28} {'pages':>6} {' '.join(f'{name:>10}' for name in columns)} {'F1':>6} {'ms':>6}")
    for name, pages in sets.items():
        for way, take in (("trafilatura", alone), ("finews", ours)):
            score = measured(pages, take)
            counts = " ".join(f"{score.right[column]:10}" for column in columns)
            f1, each = score.f1 / score.pages, 1_000 * score.seconds / score.pages
            print(f"{f'{name}: {way}':28} {score.pages:6} {counts} {f1:6.3f} {each:6.1f}")


def measured(pages: Iterable[NewsPage], take: Callable[[NewsPage], Taken]) -> Score:
    """Take all pages, and compare with their truth."""
    score = Score()
    for page in pages:
        start = time.perf_counter()
        taken = take(page)
        score.seconds += time.perf_counter() - start
        score.pages += 1
        recall, foreign, f1 = compared(page.text, taken.text)
        score.f1 += f1
        stated = taken.published or ""
        score.right["title"] += taken.title == page.title
        score.right["day"] += stated[:_TO_THE_DAY] == page.published[:_TO_THE_DAY]
        score.right["minute"] += stated[:_TO_THE_MINUTE] == page.published[:_TO_THE_MINUTE]
        score.right["90 % text"] += recall >= MOST_OF_THE_TEXT
        score.right["no foreign"] += bool(taken.text) and foreign <= MOST_FOREIGN
    return score


def compared(truth: str, text: str) -> tuple[float, float, float]:
    """Return how much of the truth a text has, how much of it is foreign, and F1, by bigrams."""
    wanted, found = bigrams(truth), bigrams(text)
    both = (wanted & found).total()
    recall = both / max(wanted.total(), 1)
    precision = both / max(found.total(), 1)
    return recall, 1 - precision, 2 * recall * precision / max(recall + precision, 1e-9)


def bigrams(text: str) -> Counter[str]:
    """Return the pairs of characters of a text, without its white space."""
    squeezed = "".join(text.split())
    return Counter(squeezed[place : place + 2] for place in range(len(squeezed) - 1))


def ours(page: NewsPage) -> Taken:
    """Extract as finews does."""
    try:
        article = extract(Answer(page.address, page.html))
    except ExtractionError:
        return Taken(None, None, "")
    return Taken(article.title, str(article.published), article.body.text)


def alone(page: NewsPage) -> Taken:
    """Extract by trafilatura, with its meta data."""
    found = trafilatura.bare_extraction(
        page.html,
        url=page.address,
        include_comments=False,
        with_metadata=True,
        date_extraction_params={"original_date": True, "outputformat": "%Y-%m-%dT%H:%M:%S"},
    )
    if found is None or isinstance(found, dict):
        return Taken(None, None, "")
    return Taken(found.title, found.date, found.text or "")


if __name__ == "__main__":
    main()
