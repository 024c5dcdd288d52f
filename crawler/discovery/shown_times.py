"""Times that elements of pages show, alone or among other words."""

import re
from datetime import datetime

from archive.article import SHANGHAI
from crawler.declarations.times import Moment, read_time

_CLOCK = (
    r"(?:[上中下]午|凌晨|早上|傍晚|晚上|晚间)?\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s*[AaPp][Mm])?"
)
#: Forms of times that are found among other words.
PATTERNS = (
    rf"(?:19|20)\d{{2}}\s*[-/.年]\s*\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}\s*日?(?:\s*{_CLOCK})?",
    rf"\d{{1,2}}[-/月]\d{{1,2}}日?\s*{_CLOCK}",
)

_LONGEST_TIME, LONGEST_TEXT = 30, 80
_TIME = re.compile(r"\d{1,4}[-/.年月]\d{1,2}|\d{1,2}:\d{2}|前$|今天|昨天")


def time_in(text: str, near: datetime | None = None) -> tuple[Moment, str | None] | None:
    """Return the time that a text is, or that is among its words, and then the pattern of it."""
    is_short = len(text) < _LONGEST_TIME and _TIME.search(text)
    if is_short and (moment := read_time(text, SHANGHAI, near=near)):
        return moment, None
    if len(text) > LONGEST_TEXT:
        return None
    for pattern in PATTERNS:
        match = re.search(pattern, text)
        if match and (moment := read_time(match[0], SHANGHAI, near=near)):
            return moment, pattern
    return None
