"""The first pipeline: brings an article into the form of its post."""

from collections.abc import Callable
from dataclasses import replace

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from archive.article import Article
from archive.categories import Category
from archive.errors import Refused
from crawler.failures import Failures
from crawler.items import Item
from crawler.session import Component

#: The indent of a paragraph, which the site removes.
_INDENT = "\u3000\u3000"


class NormalisePipeline(Component):
    """`normalise`, with the categories that the archive knows."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._failures = Failures(crawler)

    def process_item(self, item: Item) -> Item:
        """Return the article in the form of the site's posts."""
        if not isinstance(item, Article):
            return item
        try:
            return normalise(item, self.session.archive.category_of)
        except Refused as error:
            self._failures.of_article(item.info_code, "refused", str(error), edition=item.edition)
            raise DropItem(f"{item.info_code} was refused", log_level="DEBUG") from None


def normalise(article: Article, category_of: Callable[[str], Category]) -> Article:
    """Name the category where no page did, and remove the indents that the site removes.

    Bodies of other sources than Eastmoney stay as they were served.

    :param category_of: a function that returns the category of a media.
    """
    if article.category and article.tag:
        category = Category(slug=article.category, tag=article.tag)
    else:
        assert article.media, "an article without a category names its media"
        category = category_of(article.media)
    from_eastmoney = article.info_code.is_info_code
    return replace(
        article,
        body=article.body.replace(_INDENT, "") if from_eastmoney else article.body,
        media=article.media or category.media,
        category=category.slug,
        tag=category.tag,
    )
