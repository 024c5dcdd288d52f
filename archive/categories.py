"""Categories: the name of a media, the tag and the slug that the site made of it."""

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
        """The category that the site would make for a media it has never named.

        xpinyin's reading with the hyphens removed, mistakes included, because the site's own
        slugs were made with it: 厦门日报 is ``shamenribao``.
        """
        return cls(slug=_pinyin().get_pinyin(media).replace("-", ""), tag=media + _TAG_SUFFIX)

    @property
    def media(self) -> str:
        """The name of the media that the tag was made of."""
        return self.tag.removesuffix(_TAG_SUFFIX)


ROLLING = Category(slug="emnews", tag="东财滚动新闻")
"""Rolling news of Eastmoney, whatever media wrote it."""


def media_of(named: str | None, credited: str | None) -> str | None:
    """Return who wrote an article: whoever its source or its tag names, if that is a media.

    :param named: by the source or the tag; rolling news is tagged as Eastmoney's.
    :param credited: by the credit in the body.
    """
    return (credited or named) if named in {None, ROLLING.media} else named


@cache
def _pinyin() -> Pinyin:
    return Pinyin()
