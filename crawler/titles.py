"""Finds pages that all have the same heading, which is then none of an article."""

from collections import defaultdict

from archive.article import InfoCode
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import ArticleText, Facts

_TOO_MANY = 3
"""Articles with one title, which lists give titles that differ."""


class Titles:
    """The titles that a crawl has read from articles, beside those that lists gave them."""

    def __init__(self) -> None:
        self._listed: defaultdict[str, dict[InfoCode, str]] = defaultdict(dict)

    def check(
        self, page: type, info_code: InfoCode, facts: Facts | None, text: ArticleText
    ) -> None:
        """Take in a title.

        :param page: the page object that read it.
        :param facts: what a list says of the article.
        :raises LayoutChanged: when too many articles have it; it is taken from a wrong place.
        """
        if text.title is None or facts is None or facts.title is None:
            return
        listed = self._listed[text.title]
        listed[info_code] = facts.title
        if len(listed) >= _TOO_MANY and len({*listed.values()}) >= _TOO_MANY:
            what = f"{len(listed)} articles with different titles have the title {text.title!r}"
            raise LayoutChanged(page, text.url, f"{what} there, so it is none of an article")
