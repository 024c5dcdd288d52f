"""The mirror's post pages."""

import re
from datetime import datetime

from archive.article import SHANGHAI, Edition
from archive.article_id import InfoCode
from crawler.pages.page import PageObject
from crawler.pages.rendering import PostFacts, read_rendering
from crawler.pages.section import section_source
from crawler.pages.text import text_of

_PUBLISHED = re.compile(r"\(GMT\+8[^)]*\) (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})", re.ASCII)
_HEADING = re.compile(
    r"\s*+(?:<small>(?P<published>[^<]*)</small>)?\s*+<h1>(?P<title>.*?)</h1>",
    re.DOTALL | re.IGNORECASE,
)


class PostPage(PageObject):
    """A post page, layout of 2021 to today."""

    def facts(self) -> PostFacts:
        """Read the page.

        :raises LayoutChanged: when something is missing that every post page has.
        """
        url = self._response.url
        page = text_of(PostPage, self._response)
        published, title, content = self._parts(page)
        return read_rendering(PostPage, url, content, title, self._time(published))

    def facts_of(self, info_code: InfoCode, edition: Edition) -> PostFacts:
        """Return the facts of the one post that the page is about."""
        return self.facts()

    def _time(self, shown: str) -> datetime:
        if match := _PUBLISHED.search(shown):
            try:
                return datetime.fromisoformat(match[1]).replace(tzinfo=SHANGHAI)
            except ValueError:
                pass  # a day or an hour that does not exist
        raise self._unreadable("it has no time of publication")

    def _parts(self, page: str) -> tuple[str, str, str]:
        """Return time, title and content from the source, which a parser would change."""
        section = section_source(PostPage, self._response.url, page)
        heading = _HEADING.match(section)
        if heading is None:
            raise self._unreadable("it has no heading in its <section>")
        return heading["published"] or "", heading["title"], section[heading.end() :]
