"""What an identifier of a record is, told by its form."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from anonymize.text.known.data import load
from anonymize.text.known.folding import fold
from anonymize.text.known.vocabulary import listed

_EMAIL = re.compile(r"\S+@\S+\.\S+")
_DATE = re.compile(
    r"(?P<y>\d{4})[-/.]?(?P<m>\d{2})[-/.]?(?P<d>\d{2})(?:[T ].*)?"
    r"|(?P<m2>\d{1,2})[-/.](?P<d2>\d{1,2})[-/.](?P<y2>\d{4})"
)
_HANDLE = re.compile(r"@[\w.]{2,}|(?=\S*[A-Za-z]{3})[A-Za-z][\w.]*[\d_][\w.]*")
_SSN = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}")
_PHONE = re.compile(r"\+.*|\(?\d{3}\)?[-. ]*\d{3}[-. ]*\d{4}.*|1[-. ].*|1?\d{10}|\d{3}[-. ]\d{4}")
_STREET = re.compile(r"\d+[A-Za-z]?(?:[-/]\d+)?\s+\S.*")
_NUMBER = re.compile(r"[\d\s().+/#-]+")
_LABEL = re.compile(
    r"^(?:(?:case|incident|report|ref|file|booking|badge|unit|plate|lic|license|tag|vin|ssn|dob|phone|ph"
    r"|tel|cell|mobile|id|no|number|dl|cdl|driver'?s|passport|alien|acct|account|card)\b[.:#]?\s*|#\s*)+(?=.*\d)",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:apt|apartment|unit|suite|ste|room|rm|lot|space|spc)\b\.?\s*#?\s*\w{1,4}", re.IGNORECASE
)
_OR = re.compile(r"[;/|,]| or | and |\n")
_DIGITS = 7  # of a number that may stand beside another in one field
_YEARS = range(1900, 2100)


class Kind:
    """Kinds of identifiers, each the type of its spans."""

    PERSON: Final = "PERSON"
    ORGANISATION: Final = "ORGANIZATION"
    ADDRESS: Final = "STREET_ADDRESS"
    PHONE: Final = "PHONE_NUMBER"
    SSN: Final = "US_SSN"
    EMAIL: Final = "EMAIL_ADDRESS"
    HANDLE: Final = "HANDLE"
    PLATE: Final = "LICENSE_PLATE"
    CASE: Final = "CASE_NUMBER"
    DATE: Final = "DATE_TIME"
    OTHER: Final = "ID"


def date_of(identifier: str) -> dt.date | None:
    """The day an identifier names as 2001-05-31, 20010531 or 5/31/2001, else None."""
    found = _DATE.fullmatch(identifier.strip())
    if found is None:
        return None
    year, month, day = (int(found[one] or found[f"{one}2"]) for one in "ymd")
    try:
        return dt.date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


@lru_cache(maxsize=1 << 12)
def single(identifier: str) -> tuple[str, ...]:
    """The identifiers that one field holds, without what announces a number: ``Case no. 23-004512``
    is one, ``510-555-0134 or 510-555-0177`` are two."""
    unit, _, place = identifier.partition(",")
    if place and _UNIT.fullmatch(unit.strip()):  # Unit 6, Four Corners Motel
        return unit.strip(), place.strip()
    several = _OR.split(identifier)
    if any(sum(map(str.isdigit, one)) < _DIGITS for one in several):
        several = [identifier]
    return tuple(_LABEL.sub("", one.strip(), count=1) for one in several)


@lru_cache(maxsize=1 << 12)
def kind_of(identifier: str) -> str:
    """The kind of one identifier; a name where nothing else fits."""
    text = identifier.strip()
    if _EMAIL.fullmatch(text):
        return Kind.EMAIL
    if date_of(text):
        return Kind.DATE
    if _NUMBER.fullmatch(text):
        return _number(text)
    words = fold(text).split()
    if _UNIT.fullmatch(text) and text[-1].isdigit():
        return Kind.ADDRESS
    if _STREET.fullmatch(text) or _ends_as_street(words):
        return Kind.ADDRESS
    if _HANDLE.fullmatch(text) and not text.isupper():
        return Kind.HANDLE
    if any(one.isdigit() for one in text):
        return _code(text)
    firm = listed("organisations").intersection
    if not firm(words) or len(words[0]) == 1 or ("," in text and not firm(_after_comma(text))):
        return Kind.PERSON
    return Kind.ORGANISATION


def _after_comma(text: str) -> list[str]:
    return fold(text.partition(",")[2]).split()


def _number(text: str) -> str:
    if _SSN.fullmatch(text):
        return Kind.SSN
    if _PHONE.fullmatch(text):
        return Kind.PHONE
    return Kind.CASE if "-" in text.strip("-") else Kind.OTHER


def _code(text: str) -> str:
    digits = sum(map(str.isdigit, text))
    if len(text) - text.count("-") - text.count(" ") <= 8 and digits < 7 and text.count("-") < 2:
        return Kind.PLATE
    return Kind.CASE if "-" in text or "#" in text else Kind.OTHER


def _ends_as_street(words: list[str]) -> bool:
    types: list[str] = load("streets.yaml")["types"]
    return len(words) > 1 and any(words[-1] in line.split() for line in types)
