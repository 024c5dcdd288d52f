"""Times in all forms that publishers write them."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from enum import IntEnum


class TimeUnit(IntEnum):
    """The smallest unit that a time states, the finest first."""

    SECOND = 0
    MINUTE = 1
    DAY = 2


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a source states it.

    :param time: aware; the first instant of what is stated.
    :param zone_sure: False where the source states no zone that can be trusted.
    """

    time: datetime
    precision: TimeUnit = TimeUnit.SECOND
    zone_sure: bool = True

    def __str__(self) -> str:
        """Write the time in ISO 8601, without what the source does not state."""
        if self.precision is TimeUnit.DAY:
            return self.time.date().isoformat()
        time = self.time if self.zone_sure else self.time.replace(tzinfo=None)
        return time.isoformat(timespec="seconds")


_NOISE = re.compile(
    r"(?:星期|周)[一二三四五六日天]|北京时间|^\W*(?:发布|发表|更新)?(?:时间|日期|于)\s*[:：]?\s*"
)
_AROUND = " \t\r\n\u3000\xa0()（）[]【】|｜·,，"
# As a number, or as .NET writes it: /Date(1795996800000+0800)/
_EPOCH = re.compile(
    r"(?:/Date\()?(?:(\d{10})|(\d{13})|(\d{16}))(?:\.\d*)?(?:[+-]\d{4})?(?:\)/)?", re.ASCII
)
_HALF = "凌晨|清晨|早上|早晨|早间|上午|中午|午间|下午|傍晚|晚上|晚间|夜间"
#: A time of day, also of twelve hours.
CLOCK = (
    rf"(?:(?P<half>{_HALF})\s*)?(?P<hour>\d{{1,2}})"
    r"(?:[:：时点](?P<minute>\d{2})(?:[:：分](?P<second>\d{2})(?:[.,]\d+)?)?[秒分]?|[时点])"
    r"(?:\s*(?P<meridiem>[ap])\.?m\b\.?)?"
)

_ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_DAY_OF_YEAR = r"(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"(?P<year>\d{{4}})[-/.年]{_DAY_OF_YEAR}(?:[T\s,]*{CLOCK}{_ZONE})?",
        rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d)(?:[T\s]*(?P<hour>\d\d):?(?P<minute>\d\d)"
        rf"(?::?(?P<second>\d\d))?{_ZONE})?",
        rf"{_DAY_OF_YEAR}\s*{CLOCK}",
        rf"(?P<word>今天|今日|昨天|昨日|前天)(?:\s*{CLOCK})?",
        CLOCK,
        r"(?P<ago>\d{1,4})\s*(?P<unit>秒|分钟|小时|天)(?:钟)?前",
        r"(?P<now>刚刚)",
        rf"{_DAY_OF_YEAR}",
    )
)
_STATED_ZONE = re.compile(r"\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.ASCII)
_NAMED_ZONE = re.compile(r"\b(?:[A-Z]{3,4}|[+-]\d{2}:?\d{2})\b(?: \(?\w+\)?| \d{4})?$|北京时间")
_DAYS_AGO = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
_UNITS = {"秒": "seconds", "分钟": "minutes", "小时": "hours", "天": "days"}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ENGLISH_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([ap])\.?m\.?)?"
ENGLISH = re.compile(
    rf"(?P<month>[a-z]{{3}})[a-z]*\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})(?:,?\s+{_ENGLISH_CLOCK})?",
    re.ASCII | re.IGNORECASE,
)
# The zone's name that some write behind its offset, as in "+0800 CST".
_NAME_BEHIND_OFFSET = re.compile(r"(?:GMT|UTC)?([+-]\d{2}:?\d{2}) (?:[A-Z]{2,5}|\([^()]*\))$")
# CST is China's time where times without a zone are; mail takes it for that of Chicago.
_CHINESE = re.compile(r"\bCST\b")
_ANY_TIME, _OF_CHINA = datetime(2026, 1, 1), timedelta(hours=8)  # noqa: DTZ001 (in any zone)
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_NOON = 12
_PARTS_OF_CLOCK = frozenset({"half", "hour", "minute", "second", "meridiem"})
_AHEAD = timedelta(hours=1)
_EVENING = frozenset({"傍晚", "晚上", "晚间", "夜间"})


def read_time(
    text: str,
    zone: tzinfo,
    *,
    near: datetime | None = None,
    form: str | None = None,
    zone_sure: bool = True,
) -> Moment | None:
    """Read a time; return None where its form is not known, or it is no time at all.

    :param zone: of a time that names none.
    :param near: an instant near the time, which gives the year or day that the text leaves out.
    :param form: how it is written, in the terms of `datetime.strptime`, where no other form fits.
    :param zone_sure: False where the zone that the text names is not to be trusted.
    """
    if not zone_sure:
        moment = read_time(_STATED_ZONE.sub("", text.strip()), zone, near=near, form=form)
        return replace(moment, zone_sure=False) if moment else None
    try:
        moment = _written_as(text, form, zone) if form else _read(text, zone, near)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment and _FIRST_YEAR <= moment.time.year <= _LAST_YEAR else None


def states_zone(text: str) -> bool:
    """Report whether a time names its zone, or is an instant by itself."""
    text = text.strip()
    return bool(_EPOCH.fullmatch(text) or _STATED_ZONE.search(text) or _NAMED_ZONE.search(text))


def _read(text: str, zone: tzinfo, near: datetime | None) -> Moment | None:
    text = unicodedata.normalize("NFKC", text)
    text = " ".join(_NOISE.sub(" ", text.strip(_AROUND)).strip(_AROUND).split())
    text = _NAME_BEHIND_OFFSET.sub(r"\1", text)
    if epoch := _EPOCH.fullmatch(text):
        whole = int(epoch[1] or epoch[2] or epoch[3])
        seconds = whole / (1 if epoch[1] else 1_000 if epoch[2] else 1_000_000)
        return Moment(datetime.fromtimestamp(int(seconds), UTC).astimezone(zone))
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _of(match.groupdict(), zone, near)
    if match := ENGLISH.fullmatch(text):
        return _in_english(match, zone)
    return _of_mail(text, zone)


def _written_as(text: str, form: str, zone: tzinfo) -> Moment:
    time = datetime.strptime(" ".join(text.split()), form)  # noqa: DTZ007 (the zone comes next)
    precision = TimeUnit.DAY
    if any(unit in form for unit in ("%H", "%I", "%c", "%X", "%T", "%s")):
        precision = TimeUnit.SECOND if "%S" in form else TimeUnit.MINUTE
    return Moment(time if time.tzinfo else time.replace(tzinfo=zone), precision)


def _of(parts: dict[str, str | None], zone: tzinfo, near: datetime | None) -> Moment | None:
    """Put a time together of the named parts of a form."""
    clock = parts.get("hour")
    precision = TimeUnit.DAY
    if clock:
        precision = TimeUnit.SECOND if parts.get("second") else TimeUnit.MINUTE
    if parts.get("year"):
        day = date(int(parts["year"] or 0), int(parts["month"] or 0), int(parts["day"] or 0))
    elif near is None:
        return None
    elif parts.get("now"):
        return Moment(near.astimezone(zone), TimeUnit.MINUTE)
    elif parts.get("ago"):
        unit = _UNITS[parts["unit"] or ""]
        then = near.astimezone(zone) - timedelta(**{unit: int(parts["ago"] or 0)})
        return Moment(then, TimeUnit.DAY if unit == "days" else TimeUnit.MINUTE)
    elif parts.get("month"):
        day = _nearest(int(parts["month"] or 0), int(parts["day"] or 0), near.astimezone(zone))
    else:
        days = _DAYS_AGO[parts.get("word") or "今天"]
        day = near.astimezone(zone).date() - timedelta(days)
    time = datetime(day.year, day.month, day.day, tzinfo=zone)
    if clock:
        minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
        hour = _of_day(int(clock), parts.get("half") or parts.get("meridiem") or "")
        if (hour, minute, second) == (24, 0, 0):
            time += timedelta(days=1)
        else:
            time = time.replace(hour=hour, minute=minute, second=second)
    if near and set(filter(parts.get, parts)) <= _PARTS_OF_CLOCK:
        is_day = not any(near.astimezone(zone).timetuple()[3:6])  # and no instant
        if not is_day and time > near + _AHEAD:
            time -= timedelta(days=1)  # a time of day that is still to come was yesterday's
    if stated := parts.get("zone"):
        time = time.replace(tzinfo=_offset(stated)).astimezone(zone)
    return Moment(time, precision)


def _of_day(hour: int, half: str) -> int:
    """Return an hour of twelve as one of the day: 下午3 is 15, 上午12 is 0."""
    if half in {"中午", "午间"}:
        return hour + _NOON if hour < _NOON / 2 else hour
    if half in _EVENING and hour == _NOON:
        return 2 * _NOON
    if half in {"下午", *_EVENING, "p", "P"}:
        return hour + _NOON if hour < _NOON else hour
    return 0 if half and hour == _NOON else hour


def _nearest(month: int, day: int, near: datetime) -> date:
    """Return the day of any year that is nearest to an instant."""
    days = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            days.append(date(year, month, day))
        except ValueError:  # 29 February
            continue
    return min(days, key=lambda one: abs(one - near.date()))


def _offset(stated: str) -> tzinfo:
    if stated.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    return datetime.strptime(f"{stated.replace(':', ''):0<5}", "%z").tzinfo or UTC


def _in_english(match: re.Match[str], zone: tzinfo) -> Moment | None:
    """Read a time as ``Nov 20, 2026 5:34:39 PM``."""
    month = _MONTHS.get(match["month"].lower())
    if month is None:
        return None
    day = datetime(int(match["year"]), month, int(match["day"]), tzinfo=zone)
    hour, minute, second, half = match.groups()[-4:]
    if hour is None:
        return Moment(day, TimeUnit.DAY)
    hours = int(hour) % _NOON + (_NOON if half.lower() == "p" else 0) if half else int(hour)
    time = day.replace(hour=hours, minute=int(minute), second=int(second or 0))
    return Moment(time, TimeUnit.SECOND if second else TimeUnit.MINUTE)


def _of_mail(text: str, zone: tzinfo) -> Moment:
    """Read a time as feeds write it (RFC 822), with its hyphens and commas in any place.

    :raises ValueError: when it is none.
    """
    if zone.utcoffset(_ANY_TIME) == _OF_CHINA:
        text = _CHINESE.sub("", text)
    time = parsedate_to_datetime(
        re.sub(r"(?<=[A-Za-z\d])-(?=[A-Za-z]{3})|(?<=[A-Za-z])-", " ", text)
    )
    if time.tzinfo is None:
        return Moment(time.replace(tzinfo=zone))
    return Moment(time.astimezone(zone))
