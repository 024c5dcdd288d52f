"""A spider that only downloads pages and runs parsel's css over them: what Scrapy itself costs.

python -m bench.bare_spider ADDRESSES: a file of addresses, one a line
"""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from parsel import Selector
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import JsonResponse, Response
from scrapy.settings import Settings


class BareSpider(Spider):
    """Reads what somebody would who wants title, time, links and text."""

    name = "bare"

    async def start(self) -> AsyncIterator[Any]:
        """All pages."""
        with Path(self.addresses).open(encoding="ascii") as addresses:  # type: ignore[attr-defined]
            for address in addresses:
                yield Request(address.strip())

    def parse(self, response: Response) -> None:
        """Read, and keep nothing."""
        if isinstance(response, JsonResponse):
            Selector(response.json()["text"]).css("p ::text").getall()
            return
        response.css("section h1::text").get()
        response.css("section > small::text").get()
        response.css("section a::attr(href)").getall()
        response.css("section p ::text").getall()


def main() -> None:
    """Crawl with the project's fast settings and none of its components."""
    settings = Settings()
    settings.setmodule("settings.fast", priority="project")
    for name in ("ITEM_PIPELINES", "SPIDER_MIDDLEWARES", "EXTENSIONS", "DOWNLOADER_MIDDLEWARES"):
        theirs = {k: v for k, v in settings.getdict(name).items() if v is None}
        settings.set(name, theirs, priority="cmdline")
    settings.set("DOWNLOAD_HANDLERS", {}, priority="cmdline")
    settings.set("REQUEST_FINGERPRINTER_CLASS", "scrapy.utils.request.RequestFingerprinter")
    settings.set("LOG_LEVEL", "WARNING", priority="cmdline")
    for option in sys.argv[2:]:
        name, equals, value = option.partition("=")
        if equals:
            settings.set(name, value, priority="cmdline")
    process = CrawlerProcess(settings)
    process.crawl(BareSpider, addresses=sys.argv[1])
    process.start()


if __name__ == "__main__":
    main()
