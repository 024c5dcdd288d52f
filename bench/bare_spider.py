"""A spider that only downloads pages and runs parsel's css over them: what Scrapy itself costs.

python -m bench.bare_spider ADDRESSES [NAME=VALUE ...]: addresses, one a line
"""

import sys
from collections.abc import AsyncIterator, Sequence
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
    addresses: Sequence[str]

    async def start(self) -> AsyncIterator[Any]:
        """All pages."""
        for address in self.addresses:
            yield Request(address)

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
        name, _, value = option.partition("=")
        settings.set(name, value, priority="cmdline")
    process = CrawlerProcess(settings)
    process.crawl(BareSpider, addresses=Path(sys.argv[1]).read_text("ascii").split())
    process.start()


if __name__ == "__main__":
    main()
