"""Streets, crossings and what their names are made of."""

from __future__ import annotations

import re

from anonymize.text.patterns.check_digits import digits_of
from anonymize.text.patterns.lists import (
    BRANDS,
    JOINING,
    NO_PLACE,
    NOT_NAMES,
    NOT_STREETS,
    RUNNING,
    WORD,
)
from anonymize.text.vocabulary import is_word

_ORDINALS = frozenset(
    ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
)
_ROUTE = r"(?:i|ih|us|sr|sh|fm|hwy|highway|route|rt|rte|interstate|state route)[- .]{0,2}\d{1,4}"
_ROUTES = re.compile(rf"(?i){_ROUTE}\W{{1,3}}(?:(?:and|at|near|x)\s)?{_ROUTE}")
_ROUTE_PART = re.compile(r"(?i)[a-z. ]{0,16}[- .]{0,2}\d{1,4}(?![a-z])")


def place(text: str) -> bool:
    """Words that may be the name of a street: none that reports are made of."""
    words = [word for word in WORD.findall(text.lower()) if word not in JOINING]
    by_number = not _ORDINALS.isdisjoint(words) or digits_of(text)
    if text.isupper() and not by_number and all(map(is_word, words)):
        return False  # capitals tell names from words no more
    return NO_PLACE.isdisjoint(words)


def unspelt_place(text: str) -> bool:
    """As ``place``, one word of which is no English."""
    return place(text) and not all(map(is_word, WORD.findall(text.lower())))


def freeway_place(text: str) -> bool:
    """As ``place``, without "the 405"."""
    return place(re.sub(r"(?i)\bthe\s\d{1,3}", "", text))


def mile_place(text: str) -> bool:
    """As ``place``, without "8 Mile"."""
    return place(re.sub(r"(?i)\bmile\b", "", text))


def unspelt_street(text: str) -> bool:
    """As ``unspelt_place``, and no brand, network or language."""
    return BRANDS.isdisjoint(WORD.findall(text.lower())) and unspelt_place(text)


def half_crossing(text: str) -> bool:
    """As ``place``, and no word before the first street."""
    first = next(iter(WORD.findall(text.lower())), "")
    near = {"near", "at", "of", "off", "by", "from", "between", "and", "on", "just", "x"}
    return first not in near and place(text)


def route_place(text: str) -> bool:
    """As ``place``, without the numbered road."""
    return place(_ROUTE_PART.sub("", text))


def street(text: str) -> bool:
    """No running text between number and kind of street ("3 girls on the street")."""
    words = WORD.findall(text.lower())
    if "block" in words[:1] or "blk" in words[:1]:
        words = [word for word in words if word not in ("block", "of", "the")]
    return RUNNING.isdisjoint(word for word in words if word not in ("st", "one"))


def street_name(text: str) -> bool:
    """Neither running text nor a kind of street only ("dirt road", "traffic lane")."""
    return street(text) and NOT_NAMES.isdisjoint(WORD.findall(text.lower()))


def corner(text: str) -> bool:
    """A corner of streets, not of a room."""
    words = WORD.findall(text.lower())
    return RUNNING.isdisjoint(words[words.index("of") + 1 :])


def crossing(text: str) -> bool:
    """No running text in a pair of streets."""
    words = WORD.findall(text.lower())
    if len(words) == 1 and not set("/&@").intersection(text):
        return False  # "3rd and 4th" is no crossing
    if _ROUTES.fullmatch(text) and " and " in text.lower():
        return False  # two wide areas
    plain = [word for word in words if word in RUNNING]
    marked = set("/&@").intersection(text) or "x" in words
    joined = [] if marked else ["and", "at", "by", "near", "of", "off"]
    return not plain or (len(plain) == 1 and plain[0] in joined and not text.startswith(plain[0]))


def foreign_street(text: str) -> bool:
    """No month, section of a law or unit between two numbers."""
    words = WORD.findall(text.lower())
    return NOT_STREETS.isdisjoint(words) and RUNNING.isdisjoint(words)


def postcode(text: str) -> bool:
    """Four digits and more that are no year."""
    digits = digits_of(text)
    return len(digits) > 4 or (len(digits) == 4 and not "1800" <= digits <= "2100")
