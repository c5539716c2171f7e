"""Presidio's own recognisers of numbers with a checksum or a fixed form, each behind a gate.

A gate is a condition every match of the recogniser meets and that costs next to nothing, so that a
recogniser sees the few texts it could find something in; what it finds there is what Presidio
finds. Not taken over: URLs and dates, where its patterns need seconds for a line of "a.a.a." and
``patterns`` has its own; driver licences, which without words around them are any letter with a
digit, and other forms ``patterns`` finds by their surroundings.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    MedicalLicenseRecognizer,
    NhsRecognizer,
    PhoneRecognizer,
    UsBankRecognizer,
    UsItinRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
    UuidRecognizer,
)
from tldextract import TLDExtract

from anonymize.text.cutting import pieces
from anonymize.text.spans import Span
from schemas.errors import PrivacyError

#: Recognisers see this many characters at most: some need the square of the length of a word.
_PIECE_CHARS = 2_000
#: Numbers written without country code are sought as these countries write them; Canada's are
#: those of the US.
_REGIONS = ("US", "MX", "GB")
#: What the language model made of the text, which these recognisers do not ask for.
_NO_ARTIFACTS: Any = None


class _Email(EmailRecognizer):
    """Presidio's, with the list of domain suffixes that is packaged.

    Presidio's own asks publicsuffix.org for the newest when it meets the first address.
    """

    _suffixes = TLDExtract(suffix_list_urls=(), cache_dir=None)

    def validate_result(self, pattern_text: str) -> bool:
        return bool(self._suffixes(pattern_text).fqdn)


@dataclass(frozen=True)
class _Gated:
    """A recogniser, what every match of it contains, and our name of what it finds."""

    recogniser: EntityRecognizer
    gate: re.Pattern[str]
    type: str

    def find(self, text: str) -> list[tuple[int, int, float]]:
        if not self.gate.search(text):
            return []
        found = self.recogniser.analyze(text, self.recogniser.supported_entities, _NO_ARTIFACTS)
        return [(one.start, one.end, one.score) for one in found]


def _gated(recogniser: EntityRecognizer, gate: str, type_: str) -> _Gated:
    return _Gated(recogniser, re.compile(gate), type_)


_RECOGNISERS = (
    _gated(_Email(), "@", "EMAIL_ADDRESS"),
    _gated(CreditCardRecognizer(), r"\d{4}[- ]?\d{3,4}[- ]?\d{3}", "CREDIT_CARD"),
    _gated(IbanRecognizer(), r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}", "IBAN_CODE"),
    _gated(CryptoRecognizer(), r"[13][a-zA-HJ-NP-Z0-9]{25}", "CRYPTO"),
    _gated(IpRecognizer(), r"\d\.\d{1,3}\.\d|:[\da-fA-F]{0,4}:", "IP_ADDRESS"),
    _gated(
        MacAddressRecognizer(),
        r"(?:[\da-fA-F]{2}[:-]){4}|(?:[\da-fA-F]{4}\.){2}",
        "DEVICE_ID",
    ),
    _gated(UuidRecognizer(), r"[\da-fA-F]{8}-?[\da-fA-F]{4}", "DEVICE_ID"),
    _gated(UsSsnRecognizer(), r"\d{3}[- .]?\d{2}[- .]?\d{4}", "US_SSN"),
    _gated(UsItinRecognizer(), r"9\d{2}[- ]?\d{2}[- ]?\d{4}", "ID"),
    _gated(NhsRecognizer(), r"\d{3}[- ]?\d{3}[- ]?\d{4}", "ID"),
    _gated(MedicalLicenseRecognizer(), r"[a-zA-Z9]\d{7}", "ID"),
    _gated(UsPassportRecognizer(), r"\w\d{8}", "ID"),
    _gated(UsBankRecognizer(), r"\d{8}", "ID"),
    _gated(PhoneRecognizer(supported_regions=_REGIONS), r"(?:\d\W{0,3}){6}\d", "PHONE_NUMBER"),
)
#: Every gate asks for one of these.
_ANY = re.compile(r"[@:\d]")
#: What Presidio is less sure of than this is a number of some form that many numbers have.
_SURE = 0.3


def find(text: str) -> list[Span]:
    """Spans as Presidio's recognisers report them, in no order, overlaps and all."""
    return [
        Span(offset + start, offset + end, one.type if score >= _SURE else "ID", score)
        for offset, piece in pieces(text, _PIECE_CHARS)
        if _ANY.search(piece)
        for one in _RECOGNISERS
        for start, end, score in one.find(piece)
    ]


def _failed(record: logging.LogRecord) -> bool:
    """Nothing Presidio says is logged, for it may hold a value.

    Raises:
        PrivacyError: a pattern ran into its time limit, after which Presidio would go on as if it
            had found nothing.
    """
    if "timed out" in record.msg:
        raise PrivacyError("a recogniser of Presidio ran into its time limit")
    return False


logging.getLogger("presidio-analyzer").addFilter(_failed)
