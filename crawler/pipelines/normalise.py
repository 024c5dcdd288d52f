"""First of the pipelines: gives an article the form that the site's posts have."""

from dataclasses import replace
from typing import Self

from scrapy.crawler import Crawler

from archive.article import Article
from archive.categories import Category
from crawler.extensions.open_archive import archive_of

_INDENT = "\u3000\u3000"


class NormalisePipeline:
    """Removes the indents that the site removes, and names the category where no page did."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def process_item(self, article: Article) -> Article:
        """The same article, ready to be written."""
        category = self._category(article)
        return replace(
            article,
            body=article.body.replace(_INDENT, ""),
            media=article.media or category.media,
            category=category.slug,
            tag=category.tag,
        )

    def _category(self, article: Article) -> Category:
        if article.category and article.tag:
            return Category(slug=article.category, tag=article.tag)
        assert article.media, "an article without a category names its media"
        return archive_of(self._crawler).category_of(article.media)
