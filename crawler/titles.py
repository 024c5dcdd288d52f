"""Detects a heading that many pages share, and that is therefore no article's title."""

from collections import defaultdict

from archive.article_id import InfoCode
from crawler.pages.errors import LayoutChanged
from crawler.pages.facts import ArticleText, Facts

#: Articles with one title on their pages and different titles on lists.
_TOO_MANY = 3


class Titles:
    """The titles that a crawl has read from articles, with their titles on lists."""

    def __init__(self) -> None:
        self._listed: defaultdict[str, dict[InfoCode, str]] = defaultdict(dict)

    def check(
        self, page: type, info_code: InfoCode, facts: Facts | None, text: ArticleText
    ) -> None:
        """Compare a title with those of other articles.

        :param page: the class of the page object that read it.
        :param facts: the facts of the article on a list.
        :raises LayoutChanged: when too many articles have it; the page object then reads it from
            the wrong place.
        """
        if text.title is None or facts is None or facts.title is None:
            return
        listed = self._listed[text.title]
        listed[info_code] = facts.title
        if len(listed) >= _TOO_MANY and len({*listed.values()}) >= _TOO_MANY:
            what = f"{len(listed)} articles with different titles have the title {text.title!r}"
            raise LayoutChanged(page, text.url, f"{what} there, so it is no article's title")
