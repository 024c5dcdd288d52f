"""Fundus with a parser for the made-up mirror. python by_fundus.py ADDRESSES FOLDER"""

import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from fundus import Crawler, Sitemap  # type: ignore[import-not-found]
from fundus.parser import (  # type: ignore[import-not-found]
    ArticleBody,
    BaseParser,
    ParserProxy,
    attribute,
)
from fundus.parser.utility import (  # type: ignore[import-not-found]
    extract_article_body_with_selector,
    generic_date_parsing,
)
from fundus.publishers.base_objects import (  # type: ignore[import-not-found]
    Publisher,
    PublisherGroup,
)
from lxml.cssselect import CSSSelector


class MirrorParser(ParserProxy):  # type: ignore[misc]
    """The mirror's post pages."""

    class V1(BaseParser):  # type: ignore[misc]
        """Layout of 2021 to today."""

        _paragraphs = CSSSelector("section p")
        _title = CSSSelector("section h1")

        @attribute  # type: ignore[untyped-decorator]
        def body(self) -> ArticleBody | None:
            """The paragraphs."""
            return extract_article_body_with_selector(
                self.precomputed.doc, paragraph_selector=self._paragraphs
            )

        @attribute  # type: ignore[untyped-decorator]
        def title(self) -> str | None:
            """The heading."""
            return next((str(h.text_content()) for h in self._title(self.precomputed.doc)), None)

        @attribute  # type: ignore[untyped-decorator]
        def publishing_date(self) -> datetime | None:
            """As the head says it."""
            told = self.precomputed.meta.get("article:published_time")
            found: datetime | None = generic_date_parsing(told)
            return found


def main() -> None:
    """Print how many articles of the site's sitemap were complete."""
    addresses = Path(sys.argv[1]).read_text("ascii").split()
    home = urlsplit(addresses[0])._replace(path="", query="").geturl()
    sitemap = Sitemap(f"{home}/sitemap.xml")
    mirror = Publisher(name="Mirror", domain=f"{home}/", parser=MirrorParser, sources=[sitemap])
    group = PublisherGroup("Local", (), {"default_language": "zh", "Mirror": mirror})
    crawler = Crawler(group, delay=0.0)
    print(sum(1 for _ in crawler.crawl(max_articles=len(addresses), timeout=30)))


if __name__ == "__main__":
    main()
