"""The second pipeline: stores each post of an article only once in a crawl."""

from scrapy.exceptions import DropItem

from archive.article import Article, Edition
from archive.article_id import ArticleId
from crawler.items import Item


class DeduplicatePipeline:
    """Drops an article of which this crawl has already passed on the same edition.

    Fingerprints deduplicate requests; this deduplicates articles that two kinds of requests lead
    to.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[ArticleId, Edition]] = set()

    def process_item(self, item: Item) -> Item:
        """Return the article the first time, and drop it later."""
        if isinstance(item, Article):
            post = item.info_code, item.edition
            if post in self._seen:
                raise DropItem(f"{item.info_code} came twice", log_level="DEBUG")
            self._seen.add(post)
        return item
