"""Find figures in a text: numbers with what they count, dates and times.

    1.2亿元   12,000万元   两千三百万   三成   百分之三点五   25个基点   3-5%   第二季度
    9月30日   2026-09-30   二〇二六年   下午3点   15:00

Figures that write the same value in different ways are equal: 1.2亿元 and 12000万元, 三成 and 30%,
下午3点 and 15:00, and, in an article of 2026, 9月30日 and 2026-09-30. Codes of securities, and
numbers in names, such as 沪深300 and 5G, are no figures.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from archive.content.mentions import mentions_in_text
from archive.edits.numerals import ARABIC, CHINESE, DIGITS, value_of
from archive.edits.units import SYMBOLS, UNIT, in_basic_unit

_YEAR, _MONTH, _DAY = "年", "月", "日"

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_MONTHS, _DAYS, _HOURS, _MINUTES, _NOON = 12, 31, 24, 60, 12

_SMALL = rf"(?:\d{{1,2}}|[{DIGITS}十]{{1,3}})"
_AFTERNOON = frozenset({"中午", "下午", "午后", "傍晚", "晚上", "晚间", "晚", "夜间"})
_PART_OF_DAY = "凌晨|清晨|早上|早晨|早|上午|中午|下午|午后|傍晚|晚上|晚间|晚|夜间"

# Indexes with a number in their names.
_NAME = re.compile(
    r"(?:沪深|中证|上证|深证|国证|北证|科创|科创板|标普|富时|日经|恒生|罗素|斯托克欧洲|纳斯达克|纳指|创业板|双创)"
    r"(?:\d{2,4})(?![\d.,:]|点|[%亿万])"
)

_FIGURE = re.compile(
    rf"""
    (?P<date>
        (?P<year>(?:19|20)\d\d|[一二][{DIGITS}]{{3}})年
            (?:(?P<month>{_SMALL})月(?:(?P<day>{_SMALL})[日号])?)?
      | (?<!\d)(?P<iso_year>(?:19|20)\d\d)(?P<slash>[-/.])
            (?P<iso_month>\d{{1,2}})(?P=slash)(?P<iso_day>\d{{1,2}})(?![\d.])
      | (?P<only_month>{_SMALL})月(?!报)(?:(?P<only_day>{_SMALL})[日号])?
      | (?P<lone_day>\d{{1,2}})[日号](?![线均])
    )
  | (?P<time>
        (?P<part>{_PART_OF_DAY})?\s?
        (?:(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?!\d)
          | (?P<said_hour>{_SMALL})(?:时|点钟?(?=[{DIGITS}\d]{{1,2}}分)|(?<=\d)点(?=[半整]))
            (?:(?P<said_minute>\d{{1,2}}|[{DIGITS}十]{{1,3}})分(?!之|钟)|(?P<half>半)|整)?(?!代|间|候|期|刻|常|尚|时)
        )
      | (?P<part_of_day>{_PART_OF_DAY})(?P<plain_hour>{_SMALL})点钟?(?:(?P<plain_half>半)|整)?(?!\d)
    )
  | 第?(?P<quarter>[一二三四1-4])季度
  | (?P<tenths>[{DIGITS}\d])成(?P<hundredths>[{DIGITS}\d半])(?![\d十百千万亿年])
  | (?P<fraction>(?P<below>{CHINESE}|{ARABIC})分之(?P<above>{CHINESE}|{ARABIC}))
  | (?<![\d/.])(?P<over>[1-9])/(?P<under>[2-9]|10)(?![\d/])
  | (?P<number>
        (?P<symbol>US\$|HK\$|[$¥€£])?
        (?:(?P<arabic>(?:{ARABIC}[十百千]?[万亿]+)*{ARABIC})|(?P<chinese>{CHINESE}))
        (?P<about>[多余])?(?P<scale>(?:[十百万亿]|[千兆](?!瓦)){{0,3}})(?P<more>[多余])?
        (?P<unit>{UNIT})?
    )
    """,
    re.VERBOSE,
)
_ORDINAL = "第"
_SIGN = re.compile("[-+]")
_RANGE = re.compile(r"\s*[-~至到]\s*")
_NAMES = re.compile(r"[-A-Za-z0-9)\]]")
_LATIN = re.compile(r"[A-Za-z]")
_COMPOUND = re.compile(r"[十百千万亿点]")

# Chinese numerals that are words, where no unit follows.
_WORDS = frozenset(
    {"万一", "千万", "百万", "亿万", "千百", "万千", "百千", "一一", "三三两两", "七八", "一二"}
)

FigureValue = Decimal | tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a text.

    :param start: where it is in the text; it ends before `end`.
    :param value: in the basic unit of what it counts; year, month and day of a date, hour, minute
        and second of a time.
    :param unit: the basic unit; empty where none follows.
    :param about: the figure is a lower limit, as in 800多家.
    :param scaled: the figure has a unit or a scale of its own, such as 亿.
    """

    start: int
    end: int
    text: str
    value: FigureValue
    unit: str
    about: bool = False
    scaled: bool = True

    @property
    def meaning(self) -> tuple[FigureValue, str, bool]:
        """What figures with the same value have in common."""
        return self.value, self.unit, self.about

    def differs_from(self, other: "Figure") -> bool:
        """Return whether one figure cannot be a more exact form of the other."""
        if self.unit != other.unit:
            return True
        if isinstance(self.value, tuple) and isinstance(other.value, tuple):
            pairs = zip(self.value, other.value, strict=True)
            return any(one != two and None not in (one, two) for one, two in pairs)
        return self.value != other.value


def figures_in(text: str, year: int) -> list[Figure]:
    """Return the figures in a line of folded text, in their order.

    :param year: that of dates without a year.
    """
    taken = [(one.start, one.end) for one in mentions_in_text(text)]
    taken += [match.span() for match in _NAME.finditer(text)]
    found = [
        figure
        for match in _FIGURE.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
        if (figure := _figure(match, year)) is not None
    ]
    return list(_with_ranges(text, list(_with_signs(text, found))))


def _figure(match: re.Match[str], year: int) -> Figure | None:
    text, before = match[0], match.string[: match.start()][-2:]
    if match["date"]:
        return _date(match, year)
    if match["time"]:
        return _time(match)
    if match["quarter"]:
        return Figure(*match.span(), text, (_small(match["quarter"]),), "季度")
    if match["tenths"]:
        half = match["hundredths"] == "半"
        tenths, rest = _small(match["tenths"]), 5 if half else _small(match["hundredths"])
        return Figure(*match.span(), text, Decimal(10 * (tenths or 0) + (rest or 0)), "%")
    if match["fraction"] or match["over"]:
        above = value_of(match["above"] or match["over"])
        below = value_of(match["below"] or match["under"])
        if above is None or not below:
            return None
        return Figure(*match.span(), text, above * 100 / below, "%")
    return _number(match, before)


def _number(match: re.Match[str], before: str) -> Figure | None:
    numeral, unit = match["arabic"] or match["chinese"], match["unit"] or ""
    behind = match.string[match.end() : match.end() + 1]
    is_word = numeral in _WORDS or len(numeral) == 1 or not _COMPOUND.search(numeral)
    if match["chinese"] and not unit and is_word:
        return None
    if match["arabic"] and not match["symbol"] and _LATIN.search(before[-1:]):
        return None
    if match["arabic"] and _LATIN.search(before[:1]) and before[-1:] == "-":  # GLP-1
        return None
    if match["arabic"] and not (unit or match["scale"]) and _LATIN.match(behind):  # 5G
        return None
    value = value_of(numeral + match["scale"])
    if value is None:
        return None
    if match["symbol"] and not unit:
        unit = SYMBOLS[match["symbol"]]
    value, basic = in_basic_unit(value, unit)
    if before[-1:] == _ORDINAL:
        basic = _ORDINAL + basic
    about = bool(match["about"] or match["more"])
    scaled = bool(unit or match["scale"] or about)
    return Figure(*match.span(), match[0], value, basic, about, scaled)


def _date(match: re.Match[str], year: int) -> Figure | None:
    written = match["year"] or match["iso_year"]
    parts = (
        _small(written) if written else None,
        _small(match["month"] or match["iso_month"] or match["only_month"]),
        _small(match["day"] or match["iso_day"] or match["only_day"] or match["lone_day"]),
    )
    _, month, day = parts
    if not (1 <= (month or 1) <= _MONTHS and 1 <= (day or 1) <= _DAYS):
        return None
    if parts[0] is None and month is not None:
        parts = (year, month, day)
    return Figure(*match.span(), match[0], parts, "date")


def _time(match: re.Match[str]) -> Figure | None:
    hour = _small(match["hour"] or match["said_hour"] or match["plain_hour"]) or 0
    half = match["half"] or match["plain_half"]
    minute = 30 if half else _small(match["minute"] or match["said_minute"]) or 0
    part = match["part"] or match["part_of_day"]
    if part in _AFTERNOON and hour < _NOON and not (part == "中午" and hour >= _NOON - 2):
        hour += _NOON
    if hour > _HOURS or minute >= _MINUTES:
        return None
    return Figure(*match.span(), match[0], (hour, minute, _small(match["second"]) or 0), "time")


def _small(numeral: str | None) -> int | None:
    value = value_of(numeral) if numeral else None
    return None if value is None else int(value)


def _with_signs(text: str, figures: Sequence[Figure]) -> Iterator[Figure]:
    """Yield figures with their signs; other dashes are those of ranges and names."""
    end = None
    for figure in figures:
        at = figure.start - 1
        signed = _SIGN.match(text, max(at, 0)) and at != end and not _NAMES.match(text[at - 1 : at])
        if at >= 0 and signed and isinstance(figure.value, Decimal):
            value = -figure.value if text[at] == "-" else figure.value
            yield replace(figure, start=at, text=text[at : figure.end], value=value)
        else:
            yield figure
        end = figure.end


def _with_ranges(text: str, figures: list[Figure]) -> Iterator[Figure]:
    """Yield figures; the first one of a range such as 3-5% has the unit of the second."""
    for number, figure in enumerate(figures):
        after = figures[number + 1] if number + 1 < len(figures) else None
        has_unit = figure.unit or figure.about
        if after is None or has_unit or not _RANGE.fullmatch(text[figure.end : after.start]):
            yield figure
        elif isinstance(after.value, Decimal) and isinstance(figure.value, Decimal):
            yield _with_unit_of(after, figure)
        else:
            yield _with_parts_of(after, figure)


def _with_unit_of(after: Figure, figure: Figure) -> Figure:
    """Return the first figure of a range with the unit of the second, and with its scale.

    A figure with a scale of its own keeps that: 8亿-10亿元.
    """
    scale = "[十百千万亿兆]{0,3}" if figure.scaled else ""
    numeral = re.search(rf"(?:{ARABIC}|{CHINESE}){scale}", after.text)
    own = value_of(numeral[0]) if numeral else None
    if not own or not isinstance(figure.value, Decimal) or not isinstance(after.value, Decimal):
        return figure
    return replace(figure, value=figure.value * after.value / own, unit=after.unit)


def _with_parts_of(after: Figure, figure: Figure) -> Figure:
    if after.unit != "date" or not isinstance(figure.value, Decimal):
        return figure
    value = int(figure.value)
    if isinstance(after.value, tuple) and after.value[1:] == (None, None):
        year = _FIRST_YEAR <= value <= _LAST_YEAR
        return replace(figure, value=(value, None, None), unit="date") if year else figure
    return replace(figure, value=(None, None, value), unit="date") if value <= _DAYS else figure
