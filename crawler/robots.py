"""The rules of robots.txt for finews, read in bounded time and memory."""

import re
from collections.abc import Iterator
from typing import Self

from scrapy.crawler import Crawler
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.python import to_unicode

#: Bytes of a robots.txt that are read, the least that RFC 9309, section 2.5, allows.
_MOST_BYTES = 500 * 1024

_NAMES_AGENT = re.compile(r"\s*user(?:-|\s+)?agent(?:\s*:|\s)(?P<name>[^#]*)", re.IGNORECASE)
#: The line that replaces those of all other agents.
_NOT_US = "User-agent: somebody-else"


class GuestRobotParser(ProtegoRobotParser):
    """Scrapy's parser, limited to what it can parse in bounded time.

    Protego stores a set of rules for each agent, so a file with many agents and then many rules
    takes time proportional to the product of both. Here all other agents get the same name.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Self:
        """Build the parser; Scrapy calls this."""
        settings = crawler.settings
        us = settings.get("ROBOTSTXT_USER_AGENT") or settings["USER_AGENT"]
        return cls(for_one_agent(us, robotstxt_body), crawler.spider)

    def crawl_delay(self, user_agent: str | bytes) -> float | None:
        """Return the seconds between two requests that Crawl-delay or Request-rate requires."""
        delay = super().crawl_delay(user_agent)
        rate = self.rp.request_rate(to_unicode(user_agent))
        if rate is None or not rate.requests:
            return delay
        return max(delay or 0.0, rate.seconds / rate.requests)


def for_one_agent(us: str, robots: bytes) -> bytes:
    """Return a robots.txt in which all other agents have the same name.

    :param us: the User-Agent of finews; each of its words, with or without a version, is a name.
    :param robots: the bytes of the robots.txt; bytes that are not UTF-8 are left out.
    """
    if len(robots) > _MOST_BYTES:
        robots = robots[:_MOST_BYTES].rpartition(b"\n")[0]  # half a rule would forbid more
    text = robots.decode("utf-8-sig", errors="ignore")
    return "\n".join(_lines(_names_of(us), text)).encode()


def _lines(ours: set[str], text: str) -> Iterator[str]:
    for line in text.splitlines():
        agent = _NAMES_AGENT.match(line)
        named = agent["name"].replace("*", "").strip().lower() if agent else ""
        yield _NOT_US if named and named not in ours else line


def _names_of(us: str) -> set[str]:
    words = re.findall(r"[^\s();,]+", us.lower())
    return {name for word in words for name in (word, word.partition("/")[0])}
