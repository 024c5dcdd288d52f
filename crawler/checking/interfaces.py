"""The interfaces of each source, with the addresses that the sources file gives them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from archive.article_id import InfoCode
from archive.categories import ROLLING
from crawler.mirror_site import MirrorSite
from crawler.sources import Eastmoney, Sources

#: What is requested where no answer names anything: articles that Eastmoney and the mirror had, and
#: a share with news every day.
_SEEN = InfoCode("NW202609183878840472")
_SEEN_AT_MIRROR = InfoCode("NW202112292230175548")
_SEEN_SECURITY = "1.600519"
#: A share of Shanghai or Shenzhen.
_SHARE = re.compile(r"1\.6[0-9]{5}|0\.[03][0-9]{5}")


@dataclass(frozen=True, slots=True)
class Known:
    """What the answers of a source have named so far.

    :param info_code: an article.
    :param title: the title of the article on the list that named it.
    :param security: market and symbol of a share.
    :param post: the address of a post page of the mirror.
    :param slug: the category of that post.
    """

    info_code: InfoCode | None = None
    title: str | None = None
    security: str | None = None
    post: str | None = None
    slug: str | None = None

    def completed_by(self, other: "Known") -> "Known":
        """Return this, with the values of `other` for what is unknown here."""
        here = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(other, **here)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface of a source at one host.

    :param kind: the kind of its answers.
    :param template: its address with placeholders; only the host of it is used.
    :param address: a function that returns its address from what is known; None while that is not
        enough.
    :param is_json: a page instead of the answer means that the host refuses.
    :param of_article: it answers for one article, which a list has named.
    """

    kind: str
    template: str
    address: Callable[[Known], str | None]
    is_json: bool = False
    of_article: bool = False

    @property
    def name(self) -> str:
        """The kind of its answers, and its host."""
        return f"{self.kind} at {self.host}"

    @property
    def host(self) -> str:
        """Its host, with the port where the address has one."""
        return urlsplit(self.template).netloc

    @property
    def hostname(self) -> str:
        """Its host, without a port."""
        return urlsplit(self.template).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The interfaces of a source that a check requests.

    :param learn: a function that adds what a reading names to what is known.
    :param seen: what to request where no answer names anything.
    """

    source: str
    interfaces: tuple[Interface, ...]
    learn: Callable[[Known, Mapping[str, Any]], Known]
    seen: Known = Known()


def plan_of(source: str, sources: Sources, trace: int) -> Plan:
    """Return the plan of a check of a source.

    :param trace: a number that no earlier request had.
    """
    return _PLANS[source](sources, trace)


def _mirror(sources: Sources, _: int) -> Plan:
    site = MirrorSite(sources.mirror)

    def learn(known: Known, reading: Mapping[str, Any]) -> Known:
        if reading["kind"] == "article":
            return replace(known, slug=known.slug or reading.get("category"))
        if known.post is not None:
            return known
        for entry in _named(reading):
            link = site.post(entry["url"])
            if link is not None:
                return replace(known, info_code=link.info_code, title=entry["title"], post=link.url)
        return known

    def category(known: Known) -> str | None:
        if known.slug is None:
            return None
        # The page of a category with a space has no links, because Jekyll splits its name.
        return site.category_page(ROLLING.slug if " " in known.slug else known.slug)

    return Plan(
        source="finews",
        interfaces=(
            Interface(kind="home", template=site.home, address=lambda _: site.home),
            Interface(kind="feed", template=site.feed, address=lambda _: site.feed),
            Interface(
                kind="post page",
                template=site.home,
                address=lambda known: known.post,
                of_article=True,
            ),
            Interface(kind="category page", template=site.home, address=category),
            *(_of_article("share API", template) for template in sources.share.api),
        ),
        seen=Known(info_code=_SEEN_AT_MIRROR, slug=ROLLING.slug),
        learn=learn,
    )


def _eastmoney(sources: Sources, trace: int) -> Plan:
    facts = sources.eastmoney
    first = {"page": 1, "size": facts.page_size, "order": 1, "trace": trace}
    rolling = [{**first, "column": number} for number in _first_read(facts, facts.rolling_columns)]
    columns = [{**first, "column": number} for number in _first_read(facts, facts.news_columns)]

    def learn(known: Known, reading: Mapping[str, Any]) -> Known:
        for entry in _named(reading) if reading["kind"] == "list" else ():
            codes = (f"{one['market']}.{one['code']}" for one in entry["securities"])
            known = replace(
                known, security=known.security or next(filter(_SHARE.fullmatch, codes), None)
            )
            if known.info_code is None:
                known = replace(known, info_code=InfoCode(entry["id"]), title=entry["title"])
        return known

    def of_security(template: str) -> Interface:
        def address(known: Known) -> str | None:
            return template.format(security=known.security, **first) if known.security else None

        kind = "news of a security"
        return Interface(kind=kind, template=template, address=address, is_json=True)

    return Plan(
        source="eastmoney",
        interfaces=(
            *(_list("column", at, places) for at, places in product(facts.columns, columns)),
            *(
                _list("rolling news", at, {**places, "page": ""})
                for at, places in product(facts.rolling, rolling)
            ),
            *(
                _list("rolling news in a script", at, places)
                for at, places in product(facts.rolling_script, rolling)
            ),
            *(of_security(template) for template in facts.security_news),
            _of_article("article API", facts.article_api),
            _of_article("article page", facts.article_page, is_json=False),
        ),
        learn=learn,
        seen=Known(info_code=_SEEN, security=_SEEN_SECURITY),
    )


def _first_read(facts: Eastmoney, table: Mapping[int, object]) -> list[int]:
    """Return the number of a table's first list that is read by default, else of its first one."""
    read = (facts.numbers[name] for name in facts.read)
    return [number for number in (*read, *table) if number in table][:1]


def _list(kind: str, template: str, places: Mapping[str, object]) -> Interface:
    address = template.format(**places)
    return Interface(kind=kind, template=address, address=lambda _: address, is_json=True)


def _of_article(kind: str, template: str, *, is_json: bool = True) -> Interface:
    def address(known: Known) -> str | None:
        code = known.info_code
        return template.format(info_code=code, digits=code.digits) if code else None

    return Interface(
        kind=kind,
        template=template,
        address=address,
        is_json=is_json,
        of_article=True,
    )


def _named(reading: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list that name an article."""
    return (entry for entry in reading["entries"] if entry["id"] and not entry["skip"])


_PLANS: Mapping[str, Callable[[Sources, int], Plan]] = {"eastmoney": _eastmoney, "finews": _mirror}

#: The names of the sources.
SOURCES = tuple(_PLANS)
