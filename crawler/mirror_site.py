"""The mirror's addresses: which are its posts, and where to ask for them."""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, unquote, urlsplit

from archive.article import Edition, InfoCode
from archive.errors import Refused
from crawler.sources import Mirror

#: Characters; Scrapy drops requests that are longer, without a word to anybody.
_LONGEST = 2_000

_POST = re.compile(
    r"(?P<category>.*)/(?P<day>\d{4}/\d{2}/\d{2})/(?:(?P<named>\d{4}-\d{2}-\d{2})-)?[^/]+\.html",
    re.ASCII,
)


_LIKE_A_POST = re.compile(r"/\d{4}/\d{2}/\d{2}/|(?<!\d)\d{15,20}(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PostLink:
    """A link to a post page.

    :param url: at the start address.
    :param url_in_list: as the list has it.
    :param category: the category as the path has it, lower-cased; empty where the front matter
        was broken and the path names none.
    :param day: the publication date in Shanghai; None where the path names no real day.
    """

    url: str
    url_in_list: str
    info_code: InfoCode
    category: str
    day: date | None

    @property
    def edition(self) -> Edition:
        """Which post of the article it is, as the name of its page says."""
        return Edition.of_name(self.url.partition("?")[0])

    def is_in(self, slugs: tuple[str, ...]) -> bool:
        """Whether the post may be of one of the categories, as far as its path says."""
        return not self.category or self.category in {_path_of(slug) for slug in slugs}


class MirrorSite:
    """The mirror, asked for at one of its addresses.

    :param site: the start address, with the path that the site is below, if it is below one; it
        stands in for that of every link to the mirror, so that a crawl that began with http stays
        with http.
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
        """The host that is asked."""
        return self._origin.hostname or ""

    def category_page(self, slug: str) -> str:
        """The page that lists all posts of a category.

        Rolling news links to ``/emnews/`` instead, which does not exist.
        """
        return self._page(self._category.format(slug=quote(slug)))

    def post(self, link: str) -> PostLink | None:
        """What a link says of a post; None when it leads anywhere else.

        :raises Refused: when it leads to a post of the mirror whose name is no code, is too long,
            or looks like one and has another form; in one sentence.
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
        """A link's path from the root of the mirror; empty where it leads elsewhere.

        Only at the host that is asked is the mirror below a path.
        """
        if host == self.host:
            return path.removeprefix(self._base) if path.startswith(f"{self._base}/") else ""
        return path if host in self._hosts else ""


def _path_of(slug: str) -> str:
    """Jekyll takes a category with a space for two, and makes a folder of each."""
    return "/".join(slug.lower().split())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
