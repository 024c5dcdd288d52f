"""Format times and numbers of the catalog for the templates, in the language of the reader."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from babel.dates import format_date

from archive.article import SHANGHAI
from archive.search import moment_of
from archive.translation import N_, Language, current_language, gettext, ngettext

_DATE = {Language.CHINESE: "y年M月d日", Language.ENGLISH: "d MMMM y"}
_DAY = {Language.CHINESE: "y年M月d日 EEEE", Language.ENGLISH: "EEEE, d MMMM y"}
_MONTH = {Language.CHINESE: "y年M月", Language.ENGLISH: "MMMM y"}
_MARKETS: Mapping[int, str] = {
    0: N_("Shenzhen or Beijing"),
    1: N_("Shanghai"),
    90: N_("sectors of Eastmoney"),
    105: N_("United States"),
    106: N_("United States"),
    107: N_("United States"),
    116: N_("Hong Kong"),
}


def market(number: int) -> str:
    """Return the name of a market."""
    if number in _MARKETS:
        return gettext(_MARKETS[number])
    return gettext("market %(number)s", number=number)


def moment(time: str | None) -> str:
    """Format an ISO 8601 time as in Shanghai: ``2021年12月29日 17:34``."""
    shanghai = _shanghai(time)
    return f"{_format(shanghai, _DATE)} {shanghai:%H:%M}" if shanghai else time or ""


def as_of(text: str) -> str:
    """Format the time of a page: ``2021年12月29日 17:34:00``; empty for the present."""
    then = _shanghai(moment_of(text)) if text else None
    return f"{_format(then, _DATE)} {then:%H:%M:%S}" if then else ""


def words(text: str, edit_class: str) -> str:
    """Format the words of an edit; those of ``published`` are times."""
    return moment(text) if edit_class == "published" else text


def clock(time: str, precision: str = "second") -> str:
    """Format the clock time of an ISO 8601 time: ``17:34``; of a day, nothing."""
    return "" if precision == "day" else time[11:16]


def published(time: str, precision: str) -> str:
    """Format a time of publication as far as its source states it: ``2021年12月29日 17:34``."""
    if precision == "day":
        shanghai = _shanghai(time)
        return _format(shanghai, _DATE) if shanghai else time
    shown = moment(time)
    if precision == "fetched":
        return gettext("%(time)s fetched, the source states no time", time=shown)
    return shown


def day(text: str) -> str:
    """Format the date of an ISO 8601 date or time: ``2021年12月29日 星期三``."""
    try:
        return _format(date.fromisoformat(text[:10]), _DAY)
    except ValueError:
        return text


def month(text: str) -> str:
    """Format the month of ``2021-12`` or of a date: ``2021年12月``."""
    try:
        return _format(date.fromisoformat(f"{text[:7]}-01"), _MONTH)
    except ValueError:
        return text


def number(value: int) -> str:
    """Format a number with a comma between thousands."""
    return f"{value:,}"


def is_web_address(text: str) -> bool:
    """Return whether a text may become a link: a ``javascript:`` address may not."""
    return text.lower().startswith(("http://", "https://"))


def ago(span: timedelta) -> str:
    """Format a duration in its largest unit: ``3 小时``."""
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes >= 1440:
        return ngettext("%(num)s day", "%(num)s days", minutes // 1440)
    if minutes >= 60:
        return ngettext("%(num)s hour", "%(num)s hours", minutes // 60)
    return ngettext("%(num)s minute", "%(num)s minutes", minutes)


def _format(of: date, patterns: Mapping[Language, str]) -> str:
    language = current_language()
    return format_date(of, patterns[language], locale=language)


def _shanghai(time: str | None) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(time or "")
        return parsed.astimezone(SHANGHAI) if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None
