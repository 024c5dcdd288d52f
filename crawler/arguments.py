"""The arguments of spiders (``-a NAME=VALUE``), checked before any request."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from archive.article import SHANGHAI
from archive.article_id import InfoCode
from archive.errors import InvalidInfoCode

#: Key of the validation context: the names of the source's lists, for Eastmoney also their numbers.
LISTS = "lists"

#: Key of the validation context: the hosts of a declared source.
HOSTS = "hosts"

#: Names of columns in earlier releases: the column that each was, and what to write now.
FORMER_COLUMNS = {
    "all": "350, 国内经济, which is the domestic economy alone: Eastmoney has no column of all "
    "news; write 国内经济, or several, such as 要闻,沪深公司,国内经济",
    "important": "345; write 要闻",
    "stocks": "351, 国际经济, which is the economy abroad and not about shares; write 国际经济, or "
    "沪深公司 for what companies do",
    "breakfast": "1207; write 财经早餐",
}

_T = TypeVar("_T")

HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

#: A category slug.
_SLUG = re.compile(r"[^\s/\\?#%.,][^/\\?#%,]*")

#: A user name or a password in an address.
_CREDENTIALS = re.compile(r"//[^/?#\\\s]*@|\A\s*[^/?#\s]*:[^/?#\s]*@")


def without_credentials(name: str, value: object) -> None:
    """Check that an argument has no user name or password in an address.

    It would be stored in the catalog and in captures, and be shown to all readers.

    :param name: the name of the argument; its value is in no message.
    :raises ValueError: when it has one.
    """
    if isinstance(value, str) and _CREDENTIALS.search(value):
        raise ValueError(f"{name} has a user name or a password in an address; leave it out")


def http_address(address: str) -> str:
    """Check that an address can be requested, and return it without surrounding blanks.

    :raises ValueError: when it is not http or https, names no host, or has a password.
    """
    address = address.strip()
    without_credentials("it", address)
    try:
        parts = urlsplit(address)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        complete = complete and not re.search(r"\s", address)
    except ValueError:
        complete = False
    if not complete:
        raise ValueError("should be an address such as https://finews.withounder.com/")
    return address


def _host(name: str) -> str:
    if not HOST_NAME.fullmatch(name):
        raise ValueError(f"should be the name of a host, such as news.10jqka.com.cn, not {name!r}")
    return name


def _family(name: str) -> str:
    if not (name.startswith("*.") and HOST_NAME.fullmatch(name[2:])):
        raise ValueError(
            f"should be *. and the end of the names of hosts, such as *.10jqka.com.cn, not {name!r}"
        )
    return name


#: The name of a host, and the end of the names of all hosts of an operator.
Host = Annotated[str, AfterValidator(_host)]
HostFamily = Annotated[str, AfterValidator(_family)]


def site_address(address: str) -> str:
    """Check that an address can be that of a site, and return it without surrounding blanks.

    :raises ValueError: when it is no address of a site's home page.
    """
    address = http_address(address)
    if {"?", "#"} & set(address) or address.endswith(".html"):
        raise ValueError("should be the address of a site, without ?, # and the name of a page")
    return address


def _slugs(text: object) -> tuple[str, ...]:
    slugs = tuple(slug.strip() for slug in str(text).split(","))
    for slug in slugs:
        if not _SLUG.fullmatch(slug):
            raise ValueError(
                f"should be category slugs such as cailianshe,emnews; {slug!r} is not one"
            )
    return tuple(dict.fromkeys(slugs))


def _one_or_a_file(
    text: object, read: Callable[[str], _T], what: str, wrong: type[ValueError]
) -> tuple[_T, ...]:
    """Return what a text names, or what the lines of a file name.

    Empty lines and lines with ``#`` are skipped.

    :param read: reads a line.
    :param what: the text should be, such as "a share link".
    :param wrong: the error of `read`.
    """
    text = str(text).strip()
    try:
        return (read(text),)
    except wrong:
        path = Path(text)
        if not path.is_file():
            why = "it is no file" if path.exists() else "there is no such file"
            raise ValueError(
                f"should be {what} or a file of them, one per line, and {text!r} is neither: {why}"
            ) from None
    return tuple(dict.fromkeys(_in_file(path, read, wrong)))


def _in_file(path: Path, read: Callable[[str], _T], wrong: type[ValueError]) -> Iterable[_T]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names the file {path}, which cannot be read: {error}") from None
    links = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    links = [(number, line) for number, line in links if line and not line.startswith("#")]
    if not links:
        raise ValueError(f"names the file {path}, which has no link")
    for number, line in links:
        try:
            yield read(line)
        except wrong as error:
            raise ValueError(f"names {path}, where in line {number} {error}") from None


def _share_links(text: object) -> tuple[InfoCode, ...]:
    return _one_or_a_file(text, InfoCode.from_address, "a share link", InvalidInfoCode)


def _article_addresses(text: object, info: ValidationInfo) -> tuple[str, ...]:
    """Return the addresses of articles, each at one of the source's hosts."""
    hosts: tuple[str, ...] = (info.context or {}).get(HOSTS, ())

    def read(line: str) -> str:
        address = http_address(line)
        host = urlsplit(address).hostname
        if hosts and host not in hosts:
            raise ValueError(f"should be at a host of this source, {' or '.join(hosts)}")
        return address

    text = str(text).strip()
    if re.match("https?://", text):
        return (read(text),)
    return _one_or_a_file(text, read, "the address of an article", ValueError)


def _not_in_the_future(day: date) -> date:
    today = datetime.now(SHANGHAI).date()
    if day > today:
        raise ValueError(f"should not be in the future, and in Shanghai it is {today}")
    return day


def _iso_date(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ValueError("should be a date such as 2026-11-20") from None


def _page_count(text: object) -> int:
    try:
        pages = int(str(text))
    except ValueError:
        pages = 0
    if pages < 1:
        raise ValueError(f"should be how many pages of each list are read, such as 2, not {text!r}")
    return pages


_Since = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_not_in_the_future)]


def former_column(name: str) -> str | None:
    """Return why a name of an earlier release is not valid any more; None for all other names."""
    was = FORMER_COLUMNS.get(name)
    return was and f"is not called {name!r} any more: that was column {was}"


def _names(text: object, info: ValidationInfo) -> tuple[tuple[str, ...], Iterable[str]]:
    """Return the names in a text, and those that are known."""
    names = tuple(dict.fromkeys(name.strip() for name in str(text).split(",")))
    return names, (info.context or {}).get(LISTS, names)


def _list_names(text: object, info: ValidationInfo) -> tuple[str, ...]:
    names, known = _names(text, info)
    for name in names:
        if name in known:
            continue
        if former := former_column(name):
            raise ValueError(former)
        near = "、".join(get_close_matches(name, known, cutoff=0.5))
        meant = f"; did you mean {near}" if near else ""
        raise ValueError(
            "should be a name or a number of sources.toml, such as 要闻 or 345; "
            f"{name!r} is not one{meant}"
        )
    return names


def _declared_lists(text: object, info: ValidationInfo) -> tuple[str, ...]:
    names, known = _names(text, info)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"should be one of {', '.join(known)}; {unknown[0]!r} is not")
    return names


_PLAIN_SECURITY = re.compile(
    r"(?P<market>\d{1,3})\.(?P<code>(?!(?:hk|sh|ss|sz|bj)$)[A-Za-z0-9][A-Za-z0-9_-]{0,15})"
    r"|(?P<symbol>\d{6})\.?(?P<behind>sh|sz|bj|ss)"
    r"|(?P<before>sh|sz|bj)\.?(?P<digits>\d{6})"
    r"|(?:(?P<hongkong>\d{5})\.?hk|hk\.?(?P<kong>\d{5}))",
    re.ASCII | re.IGNORECASE,
)
#: Eastmoney's numbers of the exchanges.
_EXCHANGES = {"sh": 1, "ss": 1, "sz": 0, "bj": 0}
_HONG_KONG = 116


def _security(text: object) -> str:
    """Return a security in Eastmoney's form, ``1.600519``; 600519.SH and sh600519 are others."""
    match = _PLAIN_SECURITY.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(
            "should be a market and a symbol such as 1.600519, or 600519.SH, sz000001, 00700.HK; "
            f"{str(text)!r} is not one"
        )
    if match["code"]:
        return f"{int(match['market'])}.{match['code'].upper()}"
    if hong_kong := match["hongkong"] or match["kong"]:
        return f"{_HONG_KONG}.{hong_kong}"
    exchange = (match["behind"] or match["before"]).lower()
    return f"{_EXCHANGES[exchange]}.{match['symbol'] or match['digits']}"


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _have_no_credentials(cls, given: dict[str, object]) -> dict[str, object]:
        for name, value in given.items():
            without_credentials(name, value)
        return given


class FinewsArguments(_Arguments):
    """The arguments of ``scrapy crawl finews``.

    :param site: the start address; by default the mirror's address in ``sources.toml``.
    :param category: only these categories, by slug.
    :param share: only these articles, directly from the share API.
    :param since: only articles that were published on this day in Shanghai or later.
    """

    site: Annotated[str, AfterValidator(site_address)] | None = None
    category: Annotated[tuple[str, ...], BeforeValidator(_slugs)] = ()
    share: Annotated[tuple[InfoCode, ...], BeforeValidator(_share_links)] = ()
    since: _Since | None = None

    @model_validator(mode="after")
    def _share_goes_alone(self) -> "FinewsArguments":
        if self.share and (self.site or self.category or self.since):
            raise ValueError("share selects single articles, so it excludes all other arguments")
        return self


class EastmoneyArguments(_Arguments):
    """The arguments of ``scrapy crawl eastmoney``.

    :param column: only these lists, by their names or numbers in ``sources.toml``.
    :param security: only the news of this security, such as 1.600519 or 600519.SH.
    :param since: each list back to this day in Shanghai, whatever is archived.
    :param pages: this number of pages of each list, whatever is archived.
    """

    column: Annotated[tuple[str, ...], BeforeValidator(_list_names)] = ()
    security: Annotated[str, BeforeValidator(_security)] | None = None
    since: _Since | None = None
    pages: Annotated[int, BeforeValidator(_page_count)] | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "EastmoneyArguments":
        if self.column and self.security:
            raise ValueError("security selects the news of one security, so it excludes column")
        return self


class DeclaredArguments(_Arguments):
    """The arguments of the spiders of declared sources, such as ``scrapy crawl ths``.

    :param list: only these lists, by their names in the declaration.
    :param since: each list back to this day in Shanghai, whatever is archived.
    :param pages: this number of pages of each list, whatever is archived.
    :param url: only the article at this address, or those in a file with one address per line.
    """

    lists: Annotated[tuple[str, ...], BeforeValidator(_declared_lists), Field(alias="list")] = ()
    since: _Since | None = None
    pages: Annotated[int, BeforeValidator(_page_count)] | None = None
    url: Annotated[tuple[str, ...], BeforeValidator(_article_addresses)] = ()

    @model_validator(mode="after")
    def _url_goes_alone(self) -> "DeclaredArguments":
        if self.url and (self.lists or self.since or self.pages):
            raise ValueError("url selects single articles, so it excludes all other arguments")
        return self


def argument_names(arguments: type[BaseModel]) -> list[str]:
    """Return the names of arguments, as a user writes them."""
    return [field.alias or name for name, field in arguments.model_fields.items()]
