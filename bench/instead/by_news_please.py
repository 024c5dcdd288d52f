"""news-please, address by address. python by_news_please.py ADDRESSES FOLDER

Its `from_urls` gives nothing for these pages, and it finds a title in each, but no text.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from newsplease import NewsPlease  # type: ignore[import-not-found]

AT_ONCE = 16


def main() -> None:
    """Print how many articles it found a title in."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        articles = threads.map(NewsPlease.from_url, Path(sys.argv[1]).read_text("ascii").split())
        print(sum(bool(article and article.title) for article in articles))


if __name__ == "__main__":
    main()
