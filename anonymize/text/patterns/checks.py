"""What a pattern cannot say: check digits, plausible ranges, words that give a match away.

A check takes the matched (folded) text and tells whether it is what the rule looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources

import yaml

from anonymize.text.patterns.check_digits import (
    day,
    digits_of,
    four_digits,
    iban,
    luhn,
    octets,
    routing,
    serial,
    ssn,
    three_digits,
    vin,
)
from anonymize.text.patterns.phone_checks import digits_mostly, phone, spelt_phone
from anonymize.text.vocabulary import is_spelt, is_word
from anonymize.text.words import words as listed

Check = Callable[[str], bool]

#: Words on their own, not the letters of a number.
_WORD = re.compile(r"(?<![a-z0-9])[a-z]+(?![a-z0-9])")
_MEASURE = re.compile(
    r"(?i)\d{1,4}-?(?:year|yr|month|day|hour|hr|minute|mile|foot|pound|lb|man|bed|night|[ap]m)s?(?:-old)?"
)
_LISTS = yaml.safe_load((resources.files(__package__) / "words.yaml").read_text("utf-8"))
_RUNNING, _NOT_STREETS, _NOT_NAMES, _NOT_PLATES, _PHONETIC = (
    frozenset(_LISTS[name].split())
    for name in ("running", "not_streets", "not_names", "not_plates", "phonetic")
)
#: Words of reports, nationalities, days: what stands beside a number and names no street.
_NOT_PLACES = listed("function", "reports", "indicators", "nationalities", "times", "calendar") - {
    "main",
    "church",
    "park",
    "market",
    "center",
    "union",
    "mill",
    "old",
    "new",
    "post",
}
_NO_PLACE = _RUNNING | _NOT_STREETS | _NOT_PLACES
_JOINING = frozenset(_LISTS["joining"].split())


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
    return plate(text) and len(digits_of(text)) >= 2 and any(map(str.isalpha, text))


def partial(text: str) -> bool:
    """Part of a plate: up to seven characters and no word that says it is unknown."""
    plain = "".join(filter(str.isalnum, text)).lower()
    return 1 < len(plain) < 8 and plain not in _RUNNING and plain not in _NOT_PLATES


def plate_letters(text: str) -> bool:
    """Letters that are no word of reports: a plate, not "had 300"."""
    words = frozenset(re.findall("[a-z]+", text.lower()))
    return (_NO_PLACE | _NOT_PLATES).isdisjoint(words)


def has_digit(text: str) -> bool:
    """Some digit, or letters alone that are read out one by one."""
    return bool(digits_of(text)) or all(len(part) == 1 for part in re.split(r"[ ,-]+", text))


def unspelt(text: str) -> bool:
    """Capitals that are no words: what an owner chose for a plate."""
    return not all(map(is_spelt, text.lower().split()))


def room_number(text: str) -> bool:
    """A letter, or what ``round_or_year`` takes for a room."""
    return not digits_of(text) or round_or_year(text)


def call_sign(text: str) -> bool:
    """A number of a unit: neither a time of day nor a word and a number."""
    word = "".join(filter(str.isalpha, text)).lower()
    if len(word) > 1 and ("-" in text or (len(word) == 2 and " " not in text)):
        return True
    return (
        len(word) == 1 and not re.fullmatch(r"(?i)(?:1[0-2]|\d)[ap]", text)
    ) or word in _PHONETIC


def round_or_year(text: str) -> bool:
    """A number of a room: neither round as sums are, nor a year or a time of day."""
    digits = digits_of(text)
    late = len(digits) == 4 and ("1900" <= digits <= "2099" or digits[2:] in ("15", "30", "45"))
    return not digits.endswith("00") and not late


def card_code(text: str) -> bool:
    """A code of a gift card: digits, or groups of capitals; no sum and no words."""
    digits, letters = digits_of(text), [char for char in text if char.isalpha()]
    if len(digits) == 4 and not letters and text.isdigit():
        return not digits.endswith("00") and not "1900" <= digits <= "2099"
    if not letters or len(digits) >= 3:
        return len(digits) >= 4 or len(letters) >= 6
    return text.isupper() and len(letters) >= 12 and no_plain_word(text)


def place(text: str) -> bool:
    """Words that may be the name of a street: none that reports are made of."""
    words = [word for word in _WORD.findall(text.lower()) if word not in _JOINING]
    if text.isupper() and not digits_of(text) and all(map(is_word, words)):
        return False  # capitals tell names from words no more
    return _NO_PLACE.isdisjoint(words)


def chosen_name(text: str) -> bool:
    """A name somebody chose for a network: no word of English, of reports or of networks."""
    if any(char.isdigit() or char in "_$@" for char in text):
        return True
    return handle(text) and not all(map(is_word, re.split(r"[.-]", text)))


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
    digits = digits_of(text)
    return len(digits) > 4 or (len(digits) == 4 and not "1800" <= digits <= "2100")


_ROUTE = r"(?:i|ih|us|sr|sh|fm|hwy|highway|route|rt|rte|interstate|state route)[- .]{0,2}\d{1,4}"
_ROUTES = re.compile(rf"(?i){_ROUTE}\W{{1,3}}(?:(?:and|at|near|x)\s)?{_ROUTE}")


def crossing(text: str) -> bool:
    """No running text in a pair of streets."""
    words = _WORD.findall(text.lower())
    if len(words) == 1 and not set("/&@").intersection(text):
        return False  # "3rd and 4th" is no crossing
    if _ROUTES.fullmatch(text) and " and " in text.lower():
        return False  # two wide areas
    plain = [word for word in words if word in _RUNNING]
    joined = [] if set("/&@").intersection(text) else ["and", "at", "by", "near", "of", "off"]
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
        unspelt,
        room_number,
        digits_mostly,
        plate_mixed,
        partial,
        plate_letters,
        has_digit,
        call_sign,
        round_or_year,
        card_code,
        place,
        chosen_name,
        token,
        digit_run,
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
