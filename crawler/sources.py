"""The facts about sites in ``settings/sources.toml``, read and checked."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from archive.article import InfoCode
from archive.errors import FinewsError
from crawler.arguments import http_address, in_one_sentence, site_address

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class InvalidSources(FinewsError):
    """The sources file is missing or says something that cannot be right."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _template(*names: str) -> AfterValidator:
    """An address with places for just these names."""
    return AfterValidator(lambda template: _with_places(http_address(template), names))


def _path(*names: str) -> AfterValidator:
    """A path below the mirror's site, likewise."""

    def check(template: str) -> str:
        if not template.startswith("/") or template.startswith("//"):
            raise ValueError("should be a path such as /feed.xml")
        return _with_places(template, names)

    return AfterValidator(check)


def _with_places(template: str, names: tuple[str, ...]) -> str:
    try:
        parts = [part[1:] for part in Formatter().parse(template) if part[1] is not None]
    except ValueError:
        parts = [("", "", None)]
    if {*parts} != {(name, "", None) for name in names}:
        places = " and ".join(f"{{{name}}}" for name in names) or "no place"
        raise ValueError(f"should hold {places}, each where it goes, and nothing else in braces")
    return template


def _host(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise ValueError("should be the name of a host, such as dfscdn.dfcfw.com")
    return name


def _family(name: str) -> str:
    if not (name.startswith("*.") and _HOST.fullmatch(name[2:])):
        raise ValueError("should be the end of the names of hosts, such as *.eastmoney.com")
    return name


_Host = Annotated[str, AfterValidator(_host)]
_Family = Annotated[str, AfterValidator(_family)]
_Rolling = Annotated[str, _template("column", "page", "trace")]
_Column = Annotated[str, _template("column", "page", "size", "trace")]
_AtLeastOne = Field(min_length=1)
_SMALLEST_PAGE = 13
"""With smaller ones there is an edge that pages of all sizes have, in reach of a crawl: the 2,520th
article with 10. No page goes over it, so none can share articles with the one before, see
`crawler.spiders.readings`. With 13 it is the 360,360th."""


class Mirror(_Table):
    """The mirror site.

    :param hosts: its other names, each with the site at its root.
    :param feed: path below the site.
    :param category: likewise, with a place for the slug.
    """

    site: Annotated[str, AfterValidator(site_address)]
    hosts: tuple[_Host, ...]
    feed: Annotated[str, _path()]
    category: Annotated[str, _path("slug")]


class Share(_Table):
    """The share hosts."""

    api: Annotated[tuple[Annotated[str, _template("info_code")], ...], _AtLeastOne]
    link: Annotated[str, _template("info_code")]
    rolling_link: Annotated[str, _template("digits")]

    def api_addresses(self, info_code: InfoCode) -> list[str]:
        """Where to ask for an article's own bytes, in order."""
        return [template.format(info_code=info_code) for template in self.api]

    def link_of(self, info_code: InfoCode, *, rolling: bool) -> str:
        """The link that a post carries when no page of the site gave one."""
        template = self.rolling_link if rolling else self.link
        return template.format(info_code=info_code, digits=info_code.digits)


class Eastmoney(_Table):
    """Eastmoney's own lists and pages.

    :param read: names of the lists that are read by default.
    :param rolling: where rolling news is listed, tried in order.
    :param columns: likewise, the columns of news.
    :param page_size: how many articles of a column are asked for at once, at most.
    :param rolling_columns: Eastmoney's number of each list of rolling news, by our name of it.
    :param news_columns: likewise, of each column.
    """

    article_page: Annotated[str, _template("digits")]
    read: tuple[str, ...]
    rolling: tuple[_Rolling, ...]
    columns: tuple[_Column, ...]
    page_size: Annotated[int, Field(ge=_SMALLEST_PAGE)]
    rolling_columns: Mapping[str, int]
    news_columns: Mapping[str, int]

    @model_validator(mode="after")
    def _names_are_known_and_differ(self) -> "Eastmoney":
        if self.rolling_columns and not self.rolling:
            raise ValueError("names lists, and no address in rolling to ask for them")
        if self.news_columns and not self.columns:
            raise ValueError("names lists, and no address in columns to ask for them")
        if twice := self.rolling_columns.keys() & self.news_columns.keys():
            raise ValueError(f"names two lists {min(twice)!r}")
        if unknown := [name for name in self.read if name not in self.names]:
            raise ValueError(f"should read lists that are named, and {unknown[0]!r} is not")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Of all lists, rolling news first."""
        return (*self.rolling_columns, *self.news_columns)


class Pictures(_Table):
    """The hosts of the articles' pictures."""

    hosts: tuple[_Host, ...]


class Sources(_Table):
    """All of the file.

    :param families: the hosts of one operator, which refuse a visitor together, by its name:
        ``*.`` and the end of their names.
    """

    mirror: Mirror
    share: Share
    eastmoney: Eastmoney
    pictures: Pictures
    families: Mapping[str, _Family] = {}

    @classmethod
    def load(cls, path: Path) -> "Sources":
        """Read the file.

        :raises InvalidSources: when it cannot be read, naming the entry that is wrong.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise InvalidSources(f"Could not read the sources {path}: {error.strerror}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidSources(f"The sources {path} are not TOML: {error}.") from error
        except ValidationError as error:
            raise InvalidSources(
                f"The sources {path} are wrong: {in_one_sentence(error)}"
            ) from error
