"""The facts about sites in ``settings/sources.toml``, read and checked."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from archive.article import InfoCode
from archive.errors import FinewsError
from crawler.arguments import http_address, in_one_sentence, site_address

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class InvalidSources(FinewsError):
    """The sources file is missing or says something that cannot be right."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Address = Annotated[str, AfterValidator(http_address)]


def _holding(*names: str) -> AfterValidator:
    """Text with places for just these names."""

    def check(template: str) -> str:
        found = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
        if found != set(names):
            places = " and ".join(f"{{{name}}}" for name in names)
            raise ValueError(f"should hold {places}, each where it goes, and nothing else")
        return template

    return AfterValidator(check)


def _path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("should begin with /, for the address that the site is at")
    return path


def _host(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise ValueError("should be the name of a host, such as dfscdn.dfcfw.com")
    return name


class Mirror(_Table):
    """The mirror site.

    :param hosts: its other names, each with the site at its root.
    :param feed: path below the site.
    :param category: likewise, with a place for the slug.
    """

    site: Annotated[str, AfterValidator(site_address)]
    hosts: tuple[str, ...]
    feed: Annotated[str, AfterValidator(_path)]
    category: Annotated[str, AfterValidator(_path), _holding("slug")]


class Share(_Table):
    """The share hosts."""

    api: tuple[Annotated[_Address, _holding("info_code")], ...]
    link: str
    rolling_link: str

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
    :param rolling_columns: Eastmoney's number of each list of rolling news, by our name of it.
    :param news_columns: likewise, of each column.
    """

    article_page: Annotated[_Address, _holding("digits")]
    read: tuple[str, ...]
    rolling: tuple[Annotated[_Address, _holding("column", "page", "trace")], ...]
    columns: tuple[Annotated[_Address, _holding("column", "page", "trace")], ...]
    rolling_columns: Mapping[str, int]
    news_columns: Mapping[str, int]

    @model_validator(mode="after")
    def _names_are_known_and_differ(self) -> "Eastmoney":
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

    hosts: tuple[Annotated[str, AfterValidator(_host)], ...]


class Sources(_Table):
    """All of the file."""

    mirror: Mirror
    share: Share
    eastmoney: Eastmoney
    pictures: Pictures

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
