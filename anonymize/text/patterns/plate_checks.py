"""Plates and parts of them."""

from __future__ import annotations

import re

from anonymize.text.patterns.check_digits import digits_of
from anonymize.text.patterns.lists import NO_PLACE, NOT_PLATES, RUNNING, STATES, WORD
from anonymize.text.vocabulary import is_spelt

_FIGURES = frozenset(
    ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "niner", "nine")
)


def plate(text: str) -> bool:
    """Four to eight letters and digits, at least one of each kind of number, no plain word."""
    plain = [char for char in text if char.isalnum()]
    return (
        4 <= len(plain) <= 8
        and any(map(str.isdigit, plain))
        and RUNNING.isdisjoint(set(WORD.findall(text.lower())) - {"a"})
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
    return 1 < len(plain) < 8 and plain not in RUNNING and plain not in NOT_PLATES


def plate_letters(text: str) -> bool:
    """Letters that are no word of reports: a plate, not "had 300"."""
    words = frozenset(re.findall("[a-z]{2,}", text.lower()))
    return (NO_PLACE | NOT_PLATES).isdisjoint(words)


def each_plate(text: str) -> bool:
    """Every one of a list is mixed, and its letters are no word of reports."""
    every = re.split(r",\s(?:and\s)?|;\s|\sand\s|\s?[&/]\s?", text)
    return all(plate_mixed(one) and plate_letters(one) for one in every)


def plate_groups(text: str) -> bool:
    """Two digits and two letters at least, no time of day, no role and no word."""
    if re.search(
        r"(?i)\b(?:\d{1,2}(?:am|pm|hrs|h|yo|lb|mg|st|nd|rd|th|k|x|ft|in|g|oz|mm|cm)|[vswpc]\d)\b",
        text,
    ):
        return False
    letters = re.findall("[A-Za-z]+", text)
    words_only = [one for one in re.split("[ -]", text) if one.isalpha()]
    return (
        len(digits_of(text)) >= 2
        and sum(map(len, letters)) >= 2
        and plate_letters(text)
        and not any(is_spelt(one.lower()) for one in words_only)
    )


def plate_said(text: str) -> bool:
    """Letters of a plate and no state."""
    return partial(text) and text.lower() not in STATES and plate_letters(text)


def plate_part(text: str) -> bool:
    """A letter and two digits, or three letters and a digit; no role, no road, no word."""
    digits, letters = digits_of(text), [char for char in text if char.isalpha()]
    if re.fullmatch(
        r"(?i)[vsw][ -]?\d{1,2}|(?:i|us|sr|fm|hwy|rt|pc|vc|hs|no|rm|ch)[ -]?\d{1,4}", text
    ):
        return False
    return (
        len(digits) + len(letters) >= 3 and bool(digits) and bool(letters) and plate_letters(text)
    )


def plate_in_words(text: str) -> bool:
    """Two letters and two figures at least, each said as a word or written, and eight at most."""
    said = re.findall(r"[a-z-]+|\d", text.lower().replace("x-ray", "xray"))
    parts = [part for word in said for part in word.split("-") if part]
    figures = sum(part in _FIGURES or part.isdigit() for part in parts)
    return figures >= 2 and len(parts) - figures >= 2 and len(parts) <= 8


def has_digit(text: str) -> bool:
    """Some digit, or letters alone that are read out one by one."""
    return bool(digits_of(text)) or all(len(part) == 1 for part in re.split(r"[ ,-]+", text))


def unspelt(text: str) -> bool:
    """Capitals that are no words: what an owner chose for a plate."""
    return not all(map(is_spelt, text.lower().split()))
