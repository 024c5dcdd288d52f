"""What users may say to a spider with ``-a``, checked before any request."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from archive.article import SHANGHAI, InfoCode
from archive.errors import InvalidInfoCode

LISTS = "lists"
"""Key of the validation context: the names of the lists that ``sources.toml`` has."""

_SLUG = re.compile(r"[^\s/\\?#%.,][^/\\?#%,]*")


_CREDENTIALS = re.compile(r"//[^/?#\\\s]*@|\A\s*[^/?#\s]*:[^/?#\s]*@")


def without_credentials(name: str, value: object) -> None:
    """Check that what a user passes has no user name or password in an address.

    It would be stored in the catalog and in captures, and be shown to all readers.

    :param name: of the value; the value itself is in no message.
    :raises ValueError: when it has one.
    """
    if isinstance(value, str) and _CREDENTIALS.search(value):
        raise ValueError(f"{name} has a user name or a password in an address; leave it out")


def http_address(address: str) -> str:
    """Check that `address` is one that can be asked for, and return it without blanks around it.

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


def site_address(address: str) -> str:
    """Check that `address` is one that a site can be at.

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
                f"should be category slugs such as cailianshe,emnews, and {slug!r} is none"
            )
    return tuple(dict.fromkeys(slugs))


def _share_links(text: object) -> tuple[InfoCode, ...]:
    """One link, or the links of a file, one per line; empty lines and ``#`` lines are skipped."""
    text = str(text).strip()
    try:
        return (InfoCode.from_address(text),)
    except InvalidInfoCode:
        path = Path(text)
        if not path.is_file():
            raise ValueError(
                f"should be a share link or a file of them, one per line, and {text!r} is neither"
            ) from None
    return tuple(dict.fromkeys(_links_in_file(path)))


def _links_in_file(path: Path) -> Iterable[InfoCode]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names the file {path}, which cannot be read: {error}") from None
    links = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    links = [(number, line) for number, line in links if line and not line.startswith("#")]
    if not links:
        raise ValueError(f"names the file {path}, which holds no link")
    for number, line in links:
        try:
            yield InfoCode.from_address(line)
        except InvalidInfoCode as error:
            raise ValueError(f"names {path}, where in line {number} {error}") from None


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


_Since = Annotated[date, BeforeValidator(_iso_date), AfterValidator(_not_in_the_future)]


def _list_names(text: object, info: ValidationInfo) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in str(text).split(",")))
    known = (info.context or {}).get(LISTS, names)
    for name in names:
        if name not in known:
            raise ValueError(f"should be of {', '.join(known)}, and {name!r} is not")
    return names


class _Arguments(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def _have_no_credentials(cls, given: dict[str, object]) -> dict[str, object]:
        for name, value in given.items():
            without_credentials(name, value)
        return given


class FinewsArguments(_Arguments):
    """The arguments of ``scrapy crawl finews``.

    :param site: where to begin; the mirror's address in ``sources.toml`` by default.
    :param category: just these categories, by slug.
    :param share: just these articles, straight from the share API.
    :param since: only what was published on this day in Shanghai or later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    site: Annotated[str, AfterValidator(site_address)] | None = None
    category: Annotated[tuple[str, ...], BeforeValidator(_slugs)] = ()
    share: Annotated[tuple[InfoCode, ...], BeforeValidator(_share_links)] = ()
    since: _Since | None = None

    @model_validator(mode="after")
    def _share_goes_alone(self) -> "FinewsArguments":
        if self.share and (self.site or self.category or self.since):
            raise ValueError("share means just these articles, so it goes without other arguments")
        return self


class EastmoneyArguments(_Arguments):
    """The arguments of ``scrapy crawl eastmoney``.

    :param column: just these lists, by the names that ``sources.toml`` gives them.
    :param since: back to this day in Shanghai, whatever is archived.
    :param pages: so many pages of each list, whatever is archived.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Annotated[tuple[str, ...], BeforeValidator(_list_names)] = ()
    since: _Since | None = None
    pages: Annotated[int, Field(ge=1)] | None = None


def in_one_sentence(error: ValidationError) -> str:
    """What is wrong, for a user, with the name of what is wrong."""
    return "; ".join(map(_complaint, error.errors())) + "."


def _complaint(details: ErrorDetails) -> str:
    name = ".".join(map(str, details["loc"]))
    match details["type"]:
        case "extra_forbidden":
            return f"{name} is not known here"
        case "missing":
            return f"{name} is missing"
        case "too_short":
            return f"{name} should have one entry at least"
    message = details["msg"].removeprefix("Value error, ")
    return f"{name} {message}" if name else message
