"""Which digits, and words and letters for digits, are a phone number."""

from __future__ import annotations

import re

from anonymize.text.patterns.check_digits import day, digits_of


def phone(text: str) -> bool:
    """Seven to fifteen digits (ITU-T E.164), neither a day nor a sum in thousands."""
    digits = digits_of(text)
    groups = re.findall(r"\d+", text)
    thousands = len(groups) > 2 and all(group == "000" for group in groups[1:])
    return 6 <= len(digits) <= 15 and not thousands and not (len(digits) <= 8 and day(text))


#: Digits of a number without its area code.
_LOCAL = 7
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
_TENS = r"(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|"
_SPELT_PART = re.compile(
    _TENS + "|".join(sorted(_SPELT, key=len, reverse=True)) + r"|\d", re.IGNORECASE
)


def spelt_phone(text: str) -> bool:
    """A phone number partly in words, look-alike letters or odd separators: seven digits of which
    two are in words, eight and nine of which five are, or ten and more."""
    parts = _SPELT_PART.findall(text)
    words = sum(not part.isdigit() for part in parts)
    groups = re.findall(r"\d+", text)
    if "," in text and words < 5 and not _read_out(text):
        return False
    if len(parts) == _LOCAL:
        return words > 1
    if len(groups) >= 5 and 10 <= len(parts) <= 13:
        return True
    odd = words or re.search(r"\d[^\w\s().+/:,-]\d|\d\D{1,4}\d\D{1,4}\d\D{1,4}\d\D{1,4}\d\D", text)
    return bool(odd) and (10 <= len(parts) <= 13 or (7 <= len(parts) <= 13 and words >= 5))


def _read_out(text: str) -> bool:
    """Digits one by one with a comma between the groups of a phone number: "5 0 3, 5 5 5, ..."."""
    groups = [len(_SPELT_PART.findall(group)) for group in text.split(", ")]
    return groups in ([3, 4], [3, 3, 4])


def gapped_phone(text: str) -> bool:
    """As many places as a phone number has, of which some are marked as unread."""
    return len(re.findall(r"[\d?_*]", text)) in (7, 10, 11)


def ssn_part(text: str) -> bool:
    """Three figures and more, said or written, that are no year."""
    return len(_SPELT_PART.findall(text)) >= 3 and not re.fullmatch(r"(?:19|20)\d\d", text)


def no_alarm(text: str) -> bool:
    """Figures that are not the number of the police."""
    return re.findall(r"[a-z]+", text.lower()) != ["nine", "one", "one"]


def digits_mostly(text: str) -> bool:
    """Ten digits, some of them as letters or words."""
    parts = _SPELT_PART.findall(text)
    return 9 <= len(parts) <= 11 and sum(map(str.isdigit, text)) >= 4
