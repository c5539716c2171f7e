"""Numbers of rooms, units, cards and files, told from counts, sums and times."""

from __future__ import annotations

import re

from anonymize.text.patterns.check_digits import digits_of
from anonymize.text.patterns.lists import (
    COUNTING,
    FUNCTION,
    MEASURES,
    PHONETIC,
    SCORES,
    no_plain_word,
)
from anonymize.text.vocabulary import is_finite, is_spelt
from anonymize.text.words import ROLE

_MEASURE = re.compile(
    r"(?i)\d{1,4}-?(?:year|yr|month|day|hour|hr|minute|mile|foot|pound|lb|man|bed|night|[ap]m)s?(?:-old)?"
)


def room_number(text: str) -> bool:
    """A letter, or what ``round_or_year`` takes for a room."""
    return not digits_of(text) or round_or_year(text)


def call_sign(text: str) -> bool:
    """A number of a unit: neither a time of day nor a word and a number."""
    word = "".join(filter(str.isalpha, text)).lower()
    if len(word) > 1 and ("-" in text or (len(word) == 2 and " " not in text)):
        return True
    return (len(word) == 1 and not re.fullmatch(r"(?i)(?:1[0-2]|\d)[ap]", text)) or word in PHONETIC


def round_or_year(text: str) -> bool:
    """A number of a room: neither round as sums are, nor a year or a time of day."""
    digits = digits_of(text)
    late = len(digits) == 4 and ("1900" <= digits <= "2099" or digits[2:] in ("15", "30", "45"))
    return not digits.endswith("00") and not late


def room_odd(text: str) -> bool:
    """As ``round_or_year``, and no ten: where sums and weights stand as well."""
    return round_or_year(text) and not digits_of(text).endswith("0")


def room_lettered(text: str) -> bool:
    """A letter, a number with one, or what ``round_or_year`` takes for a room; no role."""
    return round_or_year(text) and not ROLE.fullmatch(text)


def room_some_odd(text: str) -> bool:
    """A list with one number at least that is no ten, and none that is round."""
    numbers = re.findall(r"\d+", text)
    return any(map(room_odd, numbers)) and all(map(round_or_year, numbers))


def room_short(text: str) -> bool:
    """A short number that is no sum."""
    return len(digits_of(text)) < 3 or round_or_year(text)


def room_in_lodging(text: str) -> bool:
    """A number of a room, where sums are told as well: three digits, or a short one."""
    return round_or_year(text) and text not in ("1", "2", "3", "911")


def uncounted(text: str) -> bool:
    """A number that neither counts nor pays nor weighs what stands beside it."""
    before, after = re.split(r"\d{3,6}[A-Za-z]?(?![A-Za-z\d])", text, maxsplit=1)
    said = re.findall(r"[a-z']+", before.lower())
    following = re.findall(r"[a-z']+", after.lower())
    if said and said[-1] in COUNTING:
        return False
    return not following or following[0] in FUNCTION or is_finite(following[0])


def uncounted_last(text: str) -> bool:
    """As ``uncounted``, where more words stand before."""
    before = re.match(r"(?s)(.*?)[A-Za-z]{0,2}-?\d", text)
    said = re.findall(r"[a-z']+", before[1].lower()) if before else []
    return not said or said[-1] not in COUNTING


def card_code(text: str) -> bool:
    """A code of a gift card: digits, or groups of capitals; no sum and no words."""
    digits, letters = digits_of(text), [char for char in text if char.isalpha()]
    if len(digits) == 4 and not letters and text.isdigit():
        return not digits.endswith("00") and not "1900" <= digits <= "2099"
    if letters and digits and text.isupper() and text.isalnum() and len(text) >= 8:
        return True
    if not letters or len(digits) >= 3:
        return len(digits) >= 4 or len(letters) >= 6
    return text.isupper() and len(letters) >= 12 and no_plain_word(text)


def code_mixed(text: str) -> bool:
    """Two groups at least in which letters and digits stand together, and none that is a word."""
    groups = re.split("[ -]", text)
    if any(group.isalpha() and is_spelt(group.lower()) for group in groups):
        return False
    return sum(any(map(str.isdigit, g)) and any(map(str.isalpha, g)) for g in groups) >= 2


def has_fillers(text: str) -> bool:
    """The brackets that fill lines of passports."""
    return "<" in text


def no_fraction(text: str) -> bool:
    """A day and a month, not a half or a quarter."""
    return text not in ("1/2", "1/3", "2/3", "1/4", "3/4", "9/11")


def no_score(text: str) -> bool:
    """Neither points of a scale nor parts of a measure."""
    before, after = re.split(r"\d{1,2}/\d{1,2}", text, maxsplit=1)
    said = re.findall(r"[a-z']+", before.lower())
    following = re.findall(r"[a-z']+", after.lower())
    if "/10" in text or (said and said[-1] in SCORES | {"a", "an", "the"}):
        return False
    return not following or following[0] not in MEASURES


def token(text: str) -> bool:
    """Four characters and more, three digits and a letter among them; no time, weight or age."""
    if text.isdigit():
        return False
    plain = [char for char in text if char.isalnum()]
    return len(plain) >= 4 and mixed(text) and not _MEASURE.fullmatch(text)


def digit_run(text: str) -> bool:
    """Seven digits and more that are neither a sum in thousands nor two years nor a list."""
    groups = re.findall(r"\d+", text)
    years = all(re.fullmatch(r"(?:19|20)\d\d", group) for group in groups)
    thousands = all(group == "000" for group in groups[1:])
    small = all(len(group) < 3 for group in groups)
    return sum(map(len, groups)) >= 7 and not years and not small and not thousands


def unround(text: str) -> bool:
    return not text.endswith("00")


def mixed(text: str) -> bool:
    """Letters and at least three digits: a number of some file, not "COVID19" or "4x4"."""
    digits, letters = len(digits_of(text)), sum(map(str.isalpha, text))
    unit = re.fullmatch(
        r"(?i)[\d.,:-]+(?:st|nd|rd|th|s|am|pm|hrs?|hours?|yrs?|yo|yoa|lbs?|kgs?|km|mi|ft|in|mph|kmh|mg|"
        r"ml|mm|cm|gb|mb|tb|min|mins|sec|k|m|usd|eur|page|pages|day|days|x\d+)\b",
        text,
    )
    return digits >= 3 and letters >= 1 and not unit


def large_sum(text: str) -> bool:
    """A sum of four figures and more singles out a transaction, in dollars unless it is round:
    prices, wages and debts stay. Sums with a currency code come out of ledgers."""
    whole = digits_of(text.split(".")[0])
    if "$" in text or "dollar" in text.lower():
        return len(whole) >= 4 and not whole.endswith("00")
    coded = any(word.isupper() and len(word) == 3 for word in re.findall(r"[A-Za-z]+", text))
    return coded or len(whole) >= 4


def grouped(text: str) -> bool:
    """Groups with four digits and more, and a letter: no "17-year-old"."""
    return len(digits_of(text)) >= 4 and any(map(str.isalpha, text))


def age(text: str) -> bool:
    digits = digits_of(text)
    return not digits or int(digits) <= 120
