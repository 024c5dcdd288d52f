"""Requests each interface of Eastmoney and of the mirror once, at the addresses in their facts."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from archive.article_id import InfoCode
from archive.categories import ROLLING
from archive.errors import FinewsError
from crawler.checking.answers import Answers, CheckedAnswer, not_asked
from crawler.mirror_site import MirrorSite, PostLink
from crawler.pages.article_reading import Reading
from crawler.pages.reading import read_answer
from crawler.sources import Eastmoney, Sources
from crawler.visiting import Reply, Visit, Visitor, make_visits

#: What is requested where no answer names anything: articles that Eastmoney and the mirror had, and
#: a share with news every day.
_SEEN = InfoCode("NW202609183878840472")
_SEEN_AT_MIRROR = InfoCode("NW202112292230175548")
_SEEN_SECURITY = "1.600519"

#: The names of the sources.
SOURCES = ("eastmoney", "finews")

#: A share of Shanghai or Shenzhen.
_SHARE = re.compile(r"1\.6[0-9]{5}|0\.[03][0-9]{5}")


def visit_of(source: str, sources: Sources, trace: int, settings: Settings) -> Visit[Answers]:
    """Return the visit that requests each interface of a source once.

    :param trace: a number that no earlier request had.
    """
    facts = sources.eastmoney
    addresses = (
        *(*facts.columns, *facts.rolling, *facts.rolling_script, *facts.security_news),
        *(facts.article_api, facts.article_page, sources.mirror.site, *sources.share.api),
    )

    async def run(visitor: Visitor) -> Answers:
        of_mirror = source == "finews"
        requests = _mirror(visitor, sources) if of_mirror else _eastmoney(visitor, sources, trace)
        return Answers.of(source, await requests, visitor.robots)

    hosts = tuple(urlsplit(address).hostname or "" for address in addresses)
    return Visit(run=run, hosts=hosts, settings=_settings_of(source, settings))


def request_one(source: str, address: str, settings: Settings) -> Reply:
    """Request one address once, with the settings of a source.

    :raises VisitFailed: as `make_visits`.
    """
    one = Visit(
        run=lambda visitor: visitor.request(address), settings=_settings_of(source, settings)
    )
    return make_visits([one], settings)[0]


def _settings_of(source: str, settings: Settings) -> Mapping[str, Any]:
    return SpiderLoader.from_settings(settings).load(source).custom_settings or {}


async def _request(
    visitor: Visitor, kind: str, address: str, *, is_json: bool = False, title: str | None = None
) -> CheckedAnswer:
    """Request an interface.

    :param is_json: a page instead of the answer means that the host refuses.
    :param title: the title of the article on the list that named it.
    """
    reply = await visitor.request(address, is_json=is_json)
    return CheckedAnswer.of(reply, interface=_name(kind, address), title=title)


def _name(kind: str, address: str) -> str:
    host = urlsplit(address).netloc
    return f"{kind} at {host}"


async def _mirror(visitor: Visitor, sources: Sources) -> list[CheckedAnswer]:
    site, request = MirrorSite(sources.mirror), partial(_request, visitor)
    lists = await asyncio.gather(request("home", site.home), request("feed", site.feed))
    post, title = next(_posts(site, lists), (None, None))
    code = post.info_code if post else _SEEN_AT_MIRROR
    page = not_asked(_name("post page", site.home))
    if post is not None:
        page = await request("post page", post.url, title=title)
    slug = next((reading["category"] for reading in _readings("finews", [page])), ROLLING.slug)
    others = await asyncio.gather(
        request("category page", category_address(site, slug)),
        *(
            request("share API", template.format(info_code=code), is_json=True, title=title)
            for template in sources.share.api
        ),
    )
    return [*lists, page, *others]


def _posts(
    site: MirrorSite, lists: Sequence[CheckedAnswer]
) -> Iterator[tuple[PostLink, str | None]]:
    """Yield the posts that lists name, with their titles."""
    for reading in _readings("finews", lists):
        with suppress(FinewsError):
            for entry in _named(reading):
                if link := site.post(entry["url"]):
                    yield link, entry["title"]


def category_address(site: MirrorSite, slug: str) -> str:
    """Return the address of a category page that has links.

    That of a category with a space has none, because Jekyll splits its name.
    """
    return site.category_page(ROLLING.slug if " " in slug else slug)


async def _eastmoney(visitor: Visitor, sources: Sources, trace: int) -> list[CheckedAnswer]:
    facts = sources.eastmoney
    first = {"page": 1, "size": facts.page_size, "order": 1, "trace": trace}
    columns = [{**first, "column": number} for number in _first_read(facts, facts.news_columns)]
    rolling = [{**first, "column": number} for number in _first_read(facts, facts.rolling_columns)]
    kinds: Sequence[tuple[str, Sequence[str], Sequence[Mapping[str, object]]]] = (
        ("column", facts.columns, columns),
        ("rolling news", facts.rolling, [{**places, "page": ""} for places in rolling]),
        ("rolling news in a script", facts.rolling_script, rolling),
    )
    request = partial(_request, visitor, is_json=True)
    lists = await asyncio.gather(
        *(
            request(kind, template.format(**places))
            for kind, templates, of_lists in kinds
            for template, places in product(templates, of_lists)
        )
    )
    entries = [
        entry
        for reading in _readings("eastmoney", lists)
        if reading["kind"] == "list"
        for entry in _named(reading)
    ]
    codes = (f"{one['market']}.{one['code']}" for entry in entries for one in entry["securities"])
    security = next(filter(_SHARE.fullmatch, codes), _SEEN_SECURITY)
    code, title = (InfoCode(entries[0]["id"]), entries[0]["title"]) if entries else (_SEEN, None)
    page = facts.article_page.format(digits=code.digits)
    others = await asyncio.gather(
        *(
            request("news of a security", template.format(security=security, **first))
            for template in facts.security_news
        ),
        request("article API", facts.article_api.format(digits=code.digits), title=title),
        _request(visitor, "article page", page, title=title),
    )
    return [*lists, *others]


def _first_read(facts: Eastmoney, table: Mapping[int, object]) -> list[int]:
    """Return the number of a table's first list that is read by default, else of its first one."""
    read = (facts.numbers[name] for name in facts.read)
    return [number for number in (*read, *table) if number in table][:1]


def _readings(source: str, answers: Sequence[CheckedAnswer]) -> Iterator[Reading]:
    """Yield what is read from those answers that can be read."""
    for answer in answers:
        if answer.response is not None:
            with suppress(FinewsError):
                yield read_answer(source, answer.response)


def _named(reading: Reading) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list that name an article."""
    return (entry for entry in reading["entries"] if entry["id"] and not entry["skip"])
