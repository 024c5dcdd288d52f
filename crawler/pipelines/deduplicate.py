"""Second of the pipelines: each post of an article once in a crawl."""

from scrapy.exceptions import DropItem

from archive.article import Article, Edition, InfoCode
from crawler.items import Item


class DeduplicatePipeline:
    """Drops an article that this crawl has handed on already as the same edition.

    Requests are deduplicated by their fingerprints; this is for what reaches the same article
    by two kinds of requests.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[InfoCode, Edition]] = set()

    def process_item(self, item: Item) -> Item:
        """Return the article the first time, and drop it later."""
        if isinstance(item, Article):
            post = item.info_code, item.edition
            if post in self._seen:
                raise DropItem(f"{item.info_code} came twice", log_level="DEBUG")
            self._seen.add(post)
        return item
