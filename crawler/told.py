"""What a list names of an article that could not be archived, for the crawl that tries it again.

The list will have moved on by then, and the share API may not give title, time and media itself.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Self

from archive.article import BodySource, InfoCode
from archive.capture import Capture
from crawler.pages.facts import Facts


@dataclass(frozen=True, slots=True)
class ListedFacts:
    """Facts of an article, and where the answer that gave them is stored."""

    facts: Facts
    captures: tuple[Capture, ...]

    def as_json(self, placed: Callable[[Iterable[Capture]], tuple[Capture, ...]]) -> str:
        """As `of_json` reads it.

        :param placed: gives captures the places where they are kept.
        """
        told = asdict(replace(self, captures=placed(self.captures)))
        return json.dumps(told, default=datetime.isoformat, ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Self | None:
        """What `as_json` wrote; None when another release of finews wrote it otherwise."""
        told = json.loads(text)
        try:
            facts, published = told["facts"], told["facts"]["published"]
            read = {
                "info_code": InfoCode(facts["info_code"]),
                "published": datetime.fromisoformat(published) if published else None,
                "body_source": BodySource(facts["body_source"]),
                "stock_list": tuple(facts["stock_list"]),
            }
            captures = tuple(Capture(**capture) for capture in told["captures"])
            return cls(Facts(**facts | read), captures)
        except (KeyError, TypeError, ValueError):
            return None
