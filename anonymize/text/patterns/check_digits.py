"""Numbers that check themselves: check digits, ranges, days of the calendar."""

from __future__ import annotations

import re
from datetime import date

_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    **{"P": 7, "R": 9},
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def digits_of(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def luhn(text: str) -> bool:
    """Check digit of payment cards and IMEI (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits_of(text))):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and total > 0


def vin(text: str) -> bool:
    """Check digit of North American vehicles (49 CFR 565.15)."""
    values = [_VIN_VALUES.get(char, -1) for char in text.upper()]
    if len(values) != 17 or -1 in values:
        return False
    total = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True))
    return text.upper()[8] == "0123456789X"[total % 11]


def iban(text: str) -> bool:
    """ISO 13616: rearranged, letters as two digits, modulo 97 is one."""
    plain = "".join(text.split()).upper()
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def routing(text: str) -> bool:
    """Check digit of ABA routing numbers: weights 3, 7, 1."""
    digits = digits_of(text)
    weighted = (int(char) * (3, 7, 1)[place % 3] for place, char in enumerate(digits))
    return len(digits) == 9 and sum(weighted) % 10 == 0


def ssn(text: str) -> bool:
    """Ranges the Social Security Administration, or the tax authority as an ITIN, gives out."""
    digits = digits_of(text)
    return digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def octets(text: str) -> bool:
    """Numbers of an IPv4 address; four small ones are rather a version or a section."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:4]]
    return all(number < 256 for number in numbers) and max(numbers) > 9


def day(text: str) -> bool:
    """Three numbers that are some day, in any order that is in use."""
    parts = [int(part) for part in re.findall(r"\d+", text)[:3]]
    if len(parts) != 3:
        return False
    first, second, third = parts
    orders = ((third, first, second), (third, second, first), (first, second, third))
    return any(_is_day(*order) for order in orders)


def _is_day(year: int, month: int, number: int) -> bool:
    try:
        date(year + 1900 if year < 100 else year, month, number)
    except ValueError:
        return False
    return year < 100 or 1800 <= year <= 2100


def serial(text: str) -> bool:
    """Not two years (1999-2004), nor three digits and four, which is a phone."""
    first, _, second = text.rpartition("-")
    years = all(len(part) == 4 and part[:2] in ("18", "19", "20") for part in (first, second))
    return not years and not (len(first) == 3 and len(second) == 4 and first.isdigit())


def three_digits(text: str) -> bool:
    return len(digits_of(text)) >= 3


def four_digits(text: str) -> bool:
    return len(digits_of(text)) >= 4
