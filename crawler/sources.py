"""The facts about sites in ``settings/sources.toml``, read and checked."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from archive.article import InfoCode
from archive.errors import FinewsError
from crawler.arguments import http_address, in_one_sentence


class InvalidSources(FinewsError):
    """The sources file is missing or says something that cannot be right."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _api_address(template: str) -> str:
    http_address(template)
    if "{info_code}" not in template:
        raise ValueError("should hold {info_code}, where the article's code goes")
    return template


class Mirror(_Table):
    """The mirror site."""

    site: Annotated[str, AfterValidator(http_address)]
    hosts: tuple[str, ...]
    feed: str
    category: str


class Share(_Table):
    """The share hosts."""

    api: tuple[Annotated[str, AfterValidator(_api_address)], ...]
    link: str
    rolling_link: str

    def api_addresses(self, info_code: InfoCode) -> list[str]:
        """Where to ask for an article's own bytes, in order."""
        return [template.format(info_code=info_code) for template in self.api]

    def link_of(self, info_code: InfoCode, *, rolling: bool) -> str:
        """The link that a post carries when no page of the site gave one."""
        template = self.rolling_link if rolling else self.link
        return template.format(info_code=info_code, digits=info_code.digits)


class Sources(_Table):
    """All of the file."""

    mirror: Mirror
    share: Share

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
