"""Times as of which a question is asked."""

import re
from datetime import UTC, datetime

from archive.article import SHANGHAI
from archive.clock import utc_iso
from archive.errors import InvalidQuery
from archive.translation import gettext

_FORM = re.compile(
    r"(?P<stated>\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d)?)?)?)?)?)(?P<fraction>[.,]\d{1,9})?"
    r"(?P<zone>Z|[+ -]\d\d(:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_FIRST = "0001-01-01T00:00:00"
_SHANGHAI = "+08:00"


def moment_of(text: str, now: datetime | None = None) -> str:
    """Return a time in UTC, as the catalog writes times; of a day or a month, its first instant.

    :param text: ISO 8601; a time without a zone is in Shanghai.
    :param now: aware; the time must not be later. None for no limit.
    :raises InvalidQuery: when it is no time, or a later one.
    """
    form = _FORM.fullmatch(text.strip())
    try:
        if form is None:
            raise ValueError(text)
        stated = form["stated"].replace(" ", "T").upper()
        # In an address, a plus that is not escaped arrives as a space.
        zone = (form["zone"] or _SHANGHAI).replace(" ", "+").upper()
        moment = datetime.fromisoformat(stated + _FIRST[len(stated) :] + zone).astimezone(UTC)
        _ = moment.astimezone(SHANGHAI)  # in which answers have it
    except (ValueError, OverflowError) as error:
        raise InvalidQuery(
            gettext(
                "%(text)r is no time such as 2026-11-22, 2026-11-22T09:30 or 2026-11-22T01:30:00Z.",
                text=text,
            )
        ) from error
    if now is not None and moment > now:
        raise InvalidQuery(
            gettext("%(text)r is in the future; ask as of a time that has passed.", text=text)
        )
    return utc_iso(moment)
