"""The facts about sites in ``settings/sources.toml``, read and checked."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from archive.article import BodySource
from archive.article_id import InfoCode
from archive.errors import FinewsError
from archive.validation import in_one_sentence
from crawler.arguments import former_column, http_address, site_address

_AtLeastOne = Field(min_length=1)
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class InvalidSources(FinewsError):
    """The sources file is missing, or has a wrong entry."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _template(*names: str, optional: str | None = None) -> AfterValidator:
    """Return the check of an address with exactly these placeholders, and one that is optional."""

    def check(template: str) -> str:
        added = (optional,) if optional and f"{{{optional}}}" in template else ()
        return _with_places(http_address(template), (*names, *added))

    return AfterValidator(check)


def _path(*names: str) -> AfterValidator:
    """Return the check of a path below the mirror's site, with exactly these placeholders."""

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
        places = " and ".join(f"{{{name}}}" for name in names) or "no placeholder"
        raise ValueError(f"should have {places} once each, and nothing else in braces")
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


def _body_source(name: object) -> BodySource:
    for source in (BodySource.SHARE_API, BodySource.ARTICLE_API, BodySource.ARTICLE_PAGE):
        if name == source.value:
            return source
    raise ValueError(f"should be share_api, article_api or article_page, not {name!r}")


def _columns(table: object) -> object:
    """Check that a table has names by number; in earlier releases it had numbers by name."""
    for name in table if isinstance(table, dict) else ():
        if not str(name).isdecimal():
            raise ValueError(f'should have numbers as keys, such as 345 = ["要闻"], not {name!r}')
    return table


_Bodies = Annotated[tuple[Annotated[BodySource, BeforeValidator(_body_source)], ...], _AtLeastOne]
_Columns = Annotated[
    Mapping[int, Annotated[tuple[str, ...], _AtLeastOne]], BeforeValidator(_columns)
]
_Rolling = Annotated[str, _template("column", "page", "trace")]
_RollingScript = Annotated[str, _template("column", "page", "size")]
_Column = Annotated[str, _template("column", "page", "size", "trace", optional="order")]
_SecurityNews = Annotated[str, _template("security", "page", "size", optional="trace")]

#: The least number of articles in a page. With 10, pages of all sizes have an edge at the 2,520th
#: article: no page crosses it, so none overlaps with the page before it
#: (`crawler.spiders.pagination`). With 13 that edge is at the 360,360th article, which no crawl
#: reaches.
_SMALLEST_PAGE = 13


class Mirror(_Table):
    """The mirror site.

    :param site: its address.
    :param hosts: its other host names, each with the site at its root.
    :param feed: the path of the feed below the site.
    :param category: the path of a category page below the site, with a placeholder for the slug.
    :param bodies: the sources of the bodies of its articles, in order.
    """

    site: Annotated[str, AfterValidator(site_address)]
    hosts: tuple[_Host, ...]
    feed: Annotated[str, _path()]
    category: Annotated[str, _path("slug")]
    bodies: _Bodies = (BodySource.SHARE_API,)


class Share(_Table):
    """The share hosts."""

    api: Annotated[tuple[Annotated[str, _template("info_code")], ...], _AtLeastOne]
    link: Annotated[str, _template("info_code")]
    rolling_link: Annotated[str, _template("digits")]

    def api_addresses(self, info_code: InfoCode) -> list[str]:
        """Return the addresses that may have an article's own body, in order."""
        return [template.format(info_code=info_code) for template in self.api]

    def link_of(self, info_code: InfoCode, *, rolling: bool) -> str:
        """Return the link of a post for which no page of the site has one."""
        template = self.rolling_link if rolling else self.link
        return template.format(info_code=info_code, digits=info_code.digits)


class Eastmoney(_Table):
    """Eastmoney's own lists and pages.

    :param bodies: the sources of the bodies of its articles, in order.
    :param read: the names of the lists that are read by default.
    :param rolling: the addresses of lists of rolling news, in the order in which they are tried.
    :param rolling_script: the same as a script, where none of those answers.
    :param columns: the addresses of columns, in the order in which they are tried.
    :param security_news: the addresses of the news of a security, in the same way.
    :param page_size: the most articles in a numbered page.
    :param rolling_columns: the names of each list of rolling news, by Eastmoney's number of it.
    :param news_columns: the names of each column, by Eastmoney's number of it.
    """

    bodies: _Bodies = (BodySource.ARTICLE_API, BodySource.ARTICLE_PAGE, BodySource.SHARE_API)
    article_api: Annotated[str, _template("digits")]
    article_page: Annotated[str, _template("digits")]
    read: tuple[str, ...]
    rolling: tuple[_Rolling, ...]
    rolling_script: tuple[_RollingScript, ...] = ()
    columns: tuple[_Column, ...]
    security_news: Annotated[tuple[_SecurityNews, ...], _AtLeastOne]
    page_size: Annotated[int, Field(ge=_SMALLEST_PAGE)]
    rolling_columns: _Columns
    news_columns: _Columns

    @model_validator(mode="before")
    @classmethod
    def _is_of_this_release(cls, table: Any) -> Any:
        """Refuse a file of an earlier release in one sentence, whatever else is wrong with it."""
        if isinstance(table, dict):
            for name in (*table.get("news_columns", ()), *table.get("read", ())):
                if former := former_column(name):
                    raise ValueError(f"has a column that {former}")
        return table

    @model_validator(mode="after")
    def _names_are_known_and_differ(self) -> "Eastmoney":
        if self.rolling_columns and not self.rolling:
            raise ValueError("names lists of rolling news, but rolling has no address of them")
        if self.news_columns and not self.columns:
            raise ValueError("names columns, but columns has no address of them")
        names = [name for name, _ in self._names()]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"has two lists of the name {min(twice)!r}")
        if unknown := [name for name in self.read if name not in self.numbers]:
            raise ValueError(f"reads the list {unknown[0]!r}, which has no number")
        return self

    def _names(self) -> Iterator[tuple[str, int]]:
        for number, names in (*self.rolling_columns.items(), *self.news_columns.items()):
            yield from ((name, number) for name in (*names, str(number)))

    @property
    def numbers(self) -> Mapping[str, int]:
        """The number of each list, by its names and by the number itself; rolling news first."""
        return dict(self._names())

    def name_of(self, number: int) -> str:
        """Return the first name of a list."""
        return (self.rolling_columns.get(number) or self.news_columns[number])[0]


class PictureHosts(_Table):
    """The hosts of the articles' pictures."""

    hosts: tuple[_Host, ...]


class Sources(_Table):
    """The whole file.

    :param families: the hosts of each operator, which refuse a visitor together: ``*.`` and the end
        of their names, by the operator's name.
    """

    mirror: Mirror
    share: Share
    eastmoney: Eastmoney
    pictures: PictureHosts
    families: Mapping[str, _Family] = {}

    def body_addresses(
        self, info_code: InfoCode, bodies: Iterable[BodySource]
    ) -> Iterator[tuple[BodySource, str]]:
        """Yield the addresses that may have an article's own body, source by source, in order."""
        own = {
            BodySource.ARTICLE_API: self.eastmoney.article_api,
            BodySource.ARTICLE_PAGE: self.eastmoney.article_page,
        }
        for source in bodies:
            if source is BodySource.SHARE_API:
                yield from ((source, url) for url in self.share.api_addresses(info_code))
            else:
                yield source, own[source].format(digits=info_code.digits)

    @classmethod
    def load(cls, path: Path) -> "Sources":
        """Read the file.

        :raises InvalidSources: when it cannot be read, or has a wrong entry, which the message
            names.
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
