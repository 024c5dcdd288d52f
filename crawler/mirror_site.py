"""The addresses of the mirror: which links are posts, and where they are requested."""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, unquote, urlsplit

from archive.article import Edition
from archive.article_id import InfoCode
from archive.errors import Refused
from crawler.sources import Mirror

#: Characters of an address; Scrapy drops requests with longer ones without an error.
_LONGEST = 2_000

_POST = re.compile(
    r"(?P<category>.*)/(?P<day>\d{4}/\d{2}/\d{2})/(?:(?P<named>\d{4}-\d{2}-\d{2})-)?[^/]+\.html",
    re.ASCII,
)


#: A path similar to a post's, whatever its form.
_LIKE_A_POST = re.compile(r"/\d{4}/\d{2}/\d{2}/|(?<!\d)\d{15,20}(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PostLink:
    """A link to a post page.

    :param url: its address below the start address of the crawl.
    :param url_in_list: its address as the list has it.
    :param category: the category in the path, lower-cased; empty where the front matter was broken
        and the path has none.
    :param day: the publication date in Shanghai; None where the path has no real date.
    """

    url: str
    url_in_list: str
    info_code: InfoCode
    category: str
    day: date | None

    @property
    def edition(self) -> Edition:
        """Which post of the article it is, by the name of its page."""
        return Edition.of_name(self.url.partition("?")[0])

    def is_in(self, slugs: tuple[str, ...]) -> bool:
        """Return whether the post may be of one of the categories, as far as its path shows."""
        return not self.category or self.category in {_path_of(slug) for slug in slugs}


class MirrorSite:
    """The mirror at one of its addresses.

    :param site: the start address, with the path of the site, if it has one. It replaces the
        address in every link to the mirror, so that a crawl that began with http stays with http.
    """

    def __init__(self, mirror: Mirror, site: str | None = None) -> None:
        start = urlsplit(site or mirror.site)
        self._base = start.path.rstrip("/")
        self._origin = start._replace(path="")
        self._category = mirror.category
        self._hosts = set(mirror.hosts)
        self.home = self._page("/")
        self.feed = self._page(mirror.feed)

    @property
    def host(self) -> str:
        """The host that gets the requests."""
        return self._origin.hostname or ""

    def category_page(self, slug: str) -> str:
        """Return the address of the page that lists all posts of a category.

        Rolling news links to ``/emnews/`` instead, which does not exist.
        """
        return self._page(self._category.format(slug=quote(slug)))

    def post(self, link: str) -> PostLink | None:
        """Return the post that a link leads to; None when it leads to anything else.

        :raises Refused: in one sentence, when the link leads to a post of the mirror whose name has
            no code, or is too long, or is similar to a post's and has another form.
        """
        try:
            parts = urlsplit(link)
        except ValueError:
            return None
        path = self._path_in_site(parts.hostname, parts.path)
        match = _POST.fullmatch(unquote(path))
        if match is None:
            if _LIKE_A_POST.search(path):
                raise Refused(f"{link[:200]} looks like a post of the mirror and has another form")
            return None
        if len(link) > _LONGEST:
            raise Refused(f"{link[:100]}... has {len(link)} characters, more than any address")
        return PostLink(
            url=self._page(f"{path}?{parts.query}" if parts.query else path),
            url_in_list=link,
            info_code=InfoCode.from_address(link),
            category=match["category"].strip("/"),
            day=_day(match["named"] or match["day"].replace("/", "-")),
        )

    def _page(self, path: str) -> str:
        return f"{self._origin.geturl()}{self._base}{path}"

    def _path_in_site(self, host: str | None, path: str) -> str:
        """Return a link's path from the root of the mirror; empty where it leads elsewhere.

        Only at the host that gets the requests the mirror may be below a path.
        """
        if host == self.host:
            return path.removeprefix(self._base) if path.startswith(f"{self._base}/") else ""
        return path if host in self._hosts else ""


def _path_of(slug: str) -> str:
    """Return the path of a category: Jekyll makes a folder of each word of its name."""
    return "/".join(slug.lower().split())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
