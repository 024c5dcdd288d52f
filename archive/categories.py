"""Categories: the tag and the slug that the site generates from the name of a media."""

from dataclasses import dataclass
from functools import cache
from typing import Self

from xpinyin import Pinyin

_TAG_SUFFIX = "新闻"


@dataclass(frozen=True, slots=True)
class Category:
    """A category of posts: ``cailianshe``, shown as ``财联社新闻``."""

    slug: str
    tag: str

    @classmethod
    def of_media(cls, media: str) -> Self:
        """Return the category that the site would generate for a new media.

        The slug is xpinyin's reading without hyphens, mistakes included, because the site
        generates its slugs so: 厦门日报 is ``shamenribao``.
        """
        return cls(slug=_pinyin().get_pinyin(media).replace("-", ""), tag=media + _TAG_SUFFIX)

    @property
    def media(self) -> str:
        """The name of the media from which the tag is generated."""
        return self.tag.removesuffix(_TAG_SUFFIX)


# The category of Eastmoney's rolling news, from all media.
ROLLING = Category(slug="emnews", tag="东财滚动新闻")


def media_of(named: str | None, credited: str | None) -> str | None:
    """Return the media of an article.

    :param named: name in the source's data or in the tag; the tag of rolling news names no media.
    :param credited: name in the credit of the body, used when `named` is no media.
    """
    return (credited or named) if named in {None, ROLLING.media} else named


@cache
def _pinyin() -> Pinyin:
    return Pinyin()
