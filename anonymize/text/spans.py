"""Spans: where in a text something identifying stands, and of what type it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Characters ``start`` to ``end`` (exclusive) of a text, as Python counts them.

    Attributes:
        type: one of ``TYPES``; Presidio's names where Presidio has one.
        score: 0 to 1, how sure the recogniser is. Nothing is filtered by it: a doubt is masked.
    """

    start: int
    end: int
    type: str
    score: float = 1.0


#: Every type a span may have, strongest first: where two spans overlap, the stronger type names
#: their union.
TYPES = (
    "US_SSN",
    "EMAIL_ADDRESS",
    "URL",
    "CREDIT_CARD",
    "GIFT_CARD",
    "IBAN_CODE",
    "BANK_ACCOUNT",
    "CRYPTO",
    "VIN",
    "ALIEN_NUMBER",
    "VISA_NUMBER",
    "PASSPORT",
    "US_DRIVER_LICENSE",
    "CASE_NUMBER",
    "BADGE_NUMBER",
    "LICENSE_PLATE",
    "PHONE_NUMBER",
    "IP_ADDRESS",
    "DEVICE_ID",
    "PERSON",
    "HANDLE",
    "STREET_ADDRESS",
    "ROOM",
    "COORDINATES",
    "ZIP_CODE",
    "ID",
    "LOCATION",
    "ORGANIZATION",
    "DATE_TIME",
    "AGE",
    "NRP",
    "TITLE",
    "QUANTITY",
)
_RANK = {name: rank for rank, name in enumerate(TYPES)}


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order without overlap: those that overlap become one, of the strongest type.

    Adjacent spans stay apart. The score of a union is the highest of its parts.
    """
    found: list[Span] = []
    for span in sorted(spans):
        if span.end <= span.start:
            continue
        last = found[-1] if found else None
        if last is None or span.start >= last.end:
            found.append(span)
            continue
        kind = min(last.type, span.type, key=_RANK.__getitem__)
        end, score = max(last.end, span.end), max(last.score, span.score)
        found[-1] = Span(last.start, end, kind, score)
    return found
