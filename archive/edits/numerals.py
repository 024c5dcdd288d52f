"""The values of numerals: ``1,200``, ``1.2亿``, ``3亿2000万``, ``两千三百万``, ``十二点五``."""

import re
from decimal import Decimal

ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
DIGITS = "零〇一二三四五六七八九"
CHINESE = rf"(?:[{DIGITS}两十百万亿]|千(?!瓦))+(?:点[{DIGITS}]+[十百千万亿]*)?"

_VALUES = {**{digit: value for value, digit in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1_000}
_SCALES = {"万": 10**4, "亿": 10**8, "兆": 10**12}
_PIECES = re.compile(rf"{ARABIC}|[{DIGITS}两]+(?:点[{DIGITS}]+)?|点[{DIGITS}]+|[十百千万亿兆]")

_SEVERAL_DIGITS = re.compile(rf"(?!零)[{DIGITS}两]{{2}}")

# Characters of the longest numeral that has a value; longer ones are compared as words.
_LONGEST = 40


def value_of(numeral: str) -> Decimal | None:
    """Return the value of a numeral; None for a text that is no numeral, such as 十五五."""
    pieces = _PIECES.findall(numeral)
    if not pieces or len(numeral) > _LONGEST or "".join(pieces) != numeral:
        return None
    total, section, scale = Decimal(), Decimal(), Decimal(1)
    number: Decimal | None = None
    unit = 1  # of the piece before; 1 for digits
    for place, piece in enumerate(pieces, start=1):
        if piece in _TENS:
            section += (Decimal(1) if number is None else number) * _TENS[piece]
            number, unit = None, _TENS[piece]
        elif piece in _SCALES:
            is_alone = place == 1  # 亿 without a number before it is one of them
            section += Decimal(is_alone) if number is None else number
            larger = Decimal(_SCALES[piece])
            total = (total + section) * larger if larger >= scale else total + section * larger
            section, scale, number, unit = Decimal(), larger, None, _SCALES[piece]
        elif len(pieces) > 1 and _SEVERAL_DIGITS.match(piece):
            return None
        else:
            number = (number or 0) + _value_of_digits(piece)
            if unit >= _TENS["百"] and piece in _VALUES and place == len(pieces):
                number *= unit // 10  # 两万三 is 23,000
            unit = 1
    return total + section + (number or 0)


def _value_of_digits(piece: str) -> Decimal:
    """Return the value of digits in a row: ``1,200.5``, ``二〇二六``, ``二点五``, ``点五``."""
    if piece[0].isascii():
        return Decimal(piece.replace(",", ""))
    return Decimal("".join("." if char == "点" else str(_VALUES[char]) for char in piece))
