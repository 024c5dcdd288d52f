"""Second of the pipelines: one article per infoCode and crawl."""

from scrapy.exceptions import DropItem

from archive.article import Article, InfoCode
from crawler.items import Item


class DeduplicatePipeline:
    """Drops an article that this crawl has handed on already.

    Requests are deduplicated by their fingerprints; this is for what reaches the same article
    by two kinds of requests.
    """

    def __init__(self) -> None:
        self._seen: set[InfoCode] = set()

    def process_item(self, item: Item) -> Item:
        """The article, the first time."""
        if isinstance(item, Article):
            if item.info_code in self._seen:
                raise DropItem(f"{item.info_code} came twice", log_level="DEBUG")
            self._seen.add(item.info_code)
        return item
