"""The interfaces of each source, with the addresses that the sources file gives them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from archive.article import InfoCode
from crawler.mirror_site import MirrorSite
from crawler.sources import Sources

_SEEN = InfoCode("NW202609183878840472")
"""An article that newsinfo is known to have had: asked for where no list names one."""
_SEEN_AT_MIRROR = InfoCode("NW202112292230175548")
"""An article that the share API is known to have had, likewise."""
_SECURITY = "1.600519"
"""Kweichow Moutai, of which there is news every day."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the answers of a source have named so far.

    :param title: of the article, as the list wrote it that named it.
    :param post: address of the mirror's post page.
    :param slug: of that post's category.
    """

    info_code: InfoCode | None = None
    title: str | None = None
    post: str | None = None
    slug: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface of a source at one host.

    :param template: its address, whose host is all that is read of it.
    :param address: where to ask, from what is known; None while that is not enough.
    :param of_article: it answers for one article, which a list has named.
    :param is_json: a page in place of the answer means that the host refuses.
    """

    name: str
    template: str
    address: Callable[[Known], str | None]
    is_json: bool = False
    of_article: bool = False

    @property
    def host(self) -> str:
        """The host that is asked."""
        return urlsplit(self.template).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of a source.

    :param learn: what is known once an answer was read.
    :param seen: an article to ask for where no list names one.
    """

    source: str
    interfaces: tuple[Interface, ...]
    learn: Callable[[Known, Mapping[str, Any]], Known]
    seen: InfoCode | None = None


def plan_of(source: str, sources: Sources, trace: int) -> Plan:
    """Return what is asked of a source.

    :param trace: a number that no earlier request had.
    """
    return _PLANS[source](sources, trace)


def _mirror(sources: Sources, trace: int) -> Plan:
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
        return site.category_page(known.slug) if known.slug else None

    return Plan(
        source="finews",
        interfaces=(
            Interface(name="home", template=site.home, address=lambda _: site.home),
            Interface(name="feed", template=site.feed, address=lambda _: site.feed),
            Interface(
                name="post page",
                template=site.home,
                address=lambda known: known.post,
                of_article=True,
            ),
            Interface(name="category page", template=site.home, address=category),
            *(_of_article("share API", template) for template in sources.share.api),
        ),
        seen=_SEEN_AT_MIRROR,
        learn=learn,
    )


def _eastmoney(sources: Sources, trace: int) -> Plan:
    facts = sources.eastmoney

    def learn(known: Known, reading: Mapping[str, Any]) -> Known:
        named = next(_named(reading), None) if reading["kind"] == "list" else None
        if named is None or known.info_code is not None:
            return known
        return replace(known, info_code=InfoCode(named["id"]), title=named["title"])

    def lists() -> Iterator[Interface]:
        for numbers, templates, name in (
            (facts.news_columns, facts.columns, "column"),
            (facts.rolling_columns, facts.rolling, "rolling news"),
        ):
            first = next(
                (name for name in facts.read if name in numbers), next(iter(numbers), None)
            )
            if first is None:
                continue
            for template in templates:
                page = "" if numbers is facts.rolling_columns else 1
                address = template.format(
                    column=numbers[first], page=page, size=facts.page_size, trace=trace
                )
                yield _list(name, address)

    return Plan(
        source="eastmoney",
        interfaces=(*lists(), _of_article("article page", facts.article_page, is_json=False)),
        seen=_SEEN,
        learn=learn,
    )


def _list(name: str, address: str) -> Interface:
    name = f"{name} at {urlsplit(address).hostname}"
    return Interface(name=name, template=address, address=lambda _: address, is_json=True)


def _of_article(name: str, template: str, *, is_json: bool = True) -> Interface:
    def address(known: Known) -> str | None:
        code = known.info_code
        return template.format(info_code=code, digits=code.digits, trace=1) if code else None

    return Interface(
        name=f"{name} at {urlsplit(template).hostname}",
        template=template,
        address=address,
        is_json=is_json,
        of_article=True,
    )


def _named(reading: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list that name an article."""
    return (entry for entry in reading["entries"] if entry["id"] and not entry["skip"])


_PLANS: Mapping[str, Callable[[Sources, int], Plan]] = {"eastmoney": _eastmoney, "finews": _mirror}

SOURCES = tuple(_PLANS)
"""The names of the sources."""
