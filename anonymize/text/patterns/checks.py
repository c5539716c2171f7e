"""What a pattern cannot say: check digits, plausible ranges, words that give a match away.

A check takes the matched (folded) text and tells whether it is what the rule looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from importlib import resources

import yaml

Check = Callable[[str], bool]

_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    **{"P": 7, "R": 9},
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
#: Words on their own, not the letters of a number.
_WORD = re.compile(r"(?<![a-z0-9])[a-z]+(?![a-z0-9])")
_LISTS = yaml.safe_load((resources.files(__package__) / "words.yaml").read_text("utf-8"))
_RUNNING, _NOT_STREETS, _NOT_NAMES = (
    frozenset(_LISTS[name].split()) for name in ("running", "not_streets", "not_names")
)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def luhn(text: str) -> bool:
    """Check digit of payment cards and IMEI (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, char in enumerate(reversed(_digits(text))):
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
    digits = _digits(text)
    weighted = (int(char) * (3, 7, 1)[place % 3] for place, char in enumerate(digits))
    return len(digits) == 9 and sum(weighted) % 10 == 0


def ssn(text: str) -> bool:
    """Ranges the Social Security Administration, or the tax authority as an ITIN, gives out."""
    digits = _digits(text)
    return digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def octets(text: str) -> bool:
    """Numbers of an IPv4 address; four small ones are rather a version or a section."""
    numbers = [int(part) for part in text.split("/")[0].split(".")]
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
    return len(_digits(text)) >= 3


def four_digits(text: str) -> bool:
    return len(_digits(text)) >= 4


def phone(text: str) -> bool:
    """Seven to fifteen digits (ITU-T E.164), neither a day nor a sum in thousands."""
    digits = _digits(text)
    groups = re.findall(r"\d+", text)
    thousands = len(groups) > 2 and all(group == "000" for group in groups[1:])
    return 6 <= len(digits) <= 15 and not thousands and not (len(digits) <= 8 and day(text))


_SPELT = {
    word: str(value)
    for value, words in enumerate(
        (
            "zero oh o cero",
            "one i l uno",
            "two dos",
            "three tres",
            "four fore cuatro",
            "five cinco",
            "six seis",
            "seven siete",
            "eight ate ocho",
            "nine niner nueve",
        )
    )
    for word in words.split()
}
_SPELT_PART = re.compile("|".join(sorted(_SPELT, key=len, reverse=True)) + r"|\d", re.IGNORECASE)


def spelt_phone(text: str) -> bool:
    """A phone number partly in words, look-alike letters or odd separators: seven digits all in
    words, or ten and more."""
    parts = _SPELT_PART.findall(text)
    words = sum(not part.isdigit() for part in parts)
    groups = re.findall(r"\d+", text)
    if len(groups) >= 5 and 10 <= len(parts) <= 13:
        return True
    odd = words or re.search(r"\d[^\w\s().+/:,-]\d|\d\D{1,4}\d\D{1,4}\d\D{1,4}\d\D{1,4}\d\D", text)
    return bool(odd) and (10 <= len(parts) <= 13 or (len(parts) == 7 and words >= 5))


def plate(text: str) -> bool:
    """Four to eight letters and digits, at least one of each kind of number, no plain word."""
    plain = [char for char in text if char.isalnum()]
    return (
        4 <= len(plain) <= 8
        and any(map(str.isdigit, plain))
        and _RUNNING.isdisjoint(set(_WORD.findall(text.lower())) - {"a"})
        and not re.fullmatch(
            r"(?i)\d+[- ]?(?:am|pm|hrs?|yrs?|yo|lbs?|st|nd|rd|th|times|girls|men|people)", text
        )
    )


def plate_mixed(text: str) -> bool:
    """A plate with two digits and a letter."""
    return plate(text) and len(_digits(text)) >= 2 and any(map(str.isalpha, text))


def no_plain_word(text: str) -> bool:
    return _RUNNING.isdisjoint(_WORD.findall(text.lower()))


def street(text: str) -> bool:
    """No running text between number and kind of street ("3 girls on the street")."""
    words = _WORD.findall(text.lower())
    if "block" in words[:1] or "blk" in words[:1]:
        words = [word for word in words if word not in ("block", "of", "the")]
    return _RUNNING.isdisjoint(word for word in words if word not in ("st", "one"))


def street_name(text: str) -> bool:
    """Neither running text nor a kind of street only ("dirt road", "traffic lane")."""
    return street(text) and _NOT_NAMES.isdisjoint(_WORD.findall(text.lower()))


def corner(text: str) -> bool:
    """A corner of streets, not of a room."""
    words = _WORD.findall(text.lower())
    return _RUNNING.isdisjoint(words[words.index("of") + 1 :])


def unround(text: str) -> bool:
    return not text.endswith("00")


def postcode(text: str) -> bool:
    """Four digits and more that are no year."""
    digits = _digits(text)
    return len(digits) > 4 or (len(digits) == 4 and not "1800" <= digits <= "2100")


def crossing(text: str) -> bool:
    """No running text in a pair of streets."""
    words = _WORD.findall(text.lower())
    if len(words) == 1 and not set("/&@").intersection(text):
        return False  # "3rd and 4th" is no crossing
    plain = [word for word in words if word in _RUNNING]
    joined = [] if set("/&@").intersection(text) else ["and", "at", "near"]
    return not plain or (len(plain) == 1 and plain[0] in joined and not text.startswith(plain[0]))


def foreign_street(text: str) -> bool:
    """No month, section of a law or unit between two numbers."""
    words = _WORD.findall(text.lower())
    return _NOT_STREETS.isdisjoint(words) and _RUNNING.isdisjoint(words)


def handle(text: str) -> bool:
    """A name somebody chose: not a plain word."""
    return no_plain_word(text) and not text.lower().endswith(("ing", "ed")) and len(text) >= 3


def mixed(text: str) -> bool:
    """Letters and at least three digits: a number of some file, not "COVID19" or "4x4"."""
    digits, letters = len(_digits(text)), sum(map(str.isalpha, text))
    unit = re.fullmatch(
        r"(?i)[\d.,:-]+(?:st|nd|rd|th|s|am|pm|hrs?|hours?|yrs?|yo|yoa|lbs?|kgs?|km|mi|ft|in|mph|kmh|mg|"
        r"ml|mm|cm|gb|mb|tb|min|mins|sec|k|m|usd|eur|page|pages|day|days|x\d+)\b",
        text,
    )
    return digits >= 3 and letters >= 1 and not unit


def large_sum(text: str) -> bool:
    """A sum of four figures and more singles out a transaction, in dollars unless it is round:
    prices, wages and debts stay. Sums with a currency code come out of ledgers."""
    whole = _digits(text.split(".")[0])
    if "$" in text or "dollar" in text.lower():
        return len(whole) >= 4 and not whole.endswith("00")
    coded = any(word.isupper() and len(word) == 3 for word in re.findall(r"[A-Za-z]+", text))
    return coded or len(whole) >= 4


def grouped(text: str) -> bool:
    """Groups with four digits and more, and a letter: no "17-year-old"."""
    return len(_digits(text)) >= 4 and any(map(str.isalpha, text))


def age(text: str) -> bool:
    digits = _digits(text)
    return not digits or int(digits) <= 120


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        luhn,
        vin,
        iban,
        routing,
        ssn,
        octets,
        day,
        serial,
        three_digits,
        four_digits,
        phone,
        spelt_phone,
        plate,
        plate_mixed,
        no_plain_word,
        street,
        street_name,
        corner,
        unround,
        postcode,
        crossing,
        foreign_street,
        handle,
        mixed,
        grouped,
        large_sum,
        age,
    )
}
