"""news-please, asked for a list of addresses. python by_news_please.py ADDRESSES FOLDER"""

import sys
from pathlib import Path

from newsplease import NewsPlease  # type: ignore[import-not-found]


def main() -> None:
    """Print how many articles it found a title and a text in."""
    articles = NewsPlease.from_urls(Path(sys.argv[1]).read_text("ascii").split())
    print(
        sum(bool(article and article.title and article.maintext) for article in articles.values())
    )


if __name__ == "__main__":
    main()
