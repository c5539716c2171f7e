"""Presidio's own recognisers behind gates: the same finds, no network, no logs, no timeouts."""

from __future__ import annotations

import logging
import random
import socket
import time

import pytest
import tldextract.tldextract
from presidio_analyzer.predefined_recognizers import EmailRecognizer
from tldextract import TLDExtract

from anonymize.text import builtin
from schemas.errors import PrivacyError

EXAMPLES = [
    ("write to ana.li+2@mail.example.co.uk today", "ana.li+2@mail.example.co.uk", "EMAIL_ADDRESS"),
    ("card 4012-8888-8888-1881 was used", "4012-8888-8888-1881", "CREDIT_CARD"),
    ("paid with 378282246310005.", "378282246310005", "CREDIT_CARD"),
    ("to IBAN GB82 WEST 1234 5698 7654 32 abroad", "GB82 WEST 1234 5698 7654 32", "IBAN_CODE"),
    ("wallet 16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ", "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ", "CRYPTO"),
    ("posted from 203.0.113.77 at night", "203.0.113.77", "IP_ADDRESS"),
    ("and from 2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329", "IP_ADDRESS"),
    ("device 00:1B:44:11:3A:B7 seen", "00:1B:44:11:3A:B7", "DEVICE_ID"),
    (
        "id 123e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-426614174000",
        "DEVICE_ID",
    ),
    ("SSN 536-22-8145", "536-22-8145", "US_SSN"),
    ("ITIN 912-71-3457", "912-71-3457", "ID"),
    ("NHS 401 023 2137", "401 023 2137", "ID"),
    ("account 000123456789", "000123456789", "ID"),
    ("call (212) 736-5000 first", "(212) 736-5000", "PHONE_NUMBER"),
    ("llame al 55 5512 1234", "55 5512 1234", "PHONE_NUMBER"),
    ("from +84 28 3829 7603", "+84 28 3829 7603", "PHONE_NUMBER"),
]


@pytest.mark.parametrize(("text", "value", "type_"), EXAMPLES)
def test_what_is_found(text: str, value: str, type_: str) -> None:
    found = {(text[span.start : span.end], span.type) for span in builtin.find(text)}
    assert (value, type_) in found


@pytest.mark.parametrize(
    "text", ["", "no number at all", "in 2021, at 10:30, 3 girls, $500 each", "room 12 for 2 weeks"]
)
def test_what_is_not(text: str) -> None:
    assert builtin.find(text) == []


def test_gates_let_through_all_that_presidio_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tldextract.tldextract, "TLD_EXTRACTOR", TLDExtract(suffix_list_urls=(), cache_dir=None)
    )
    ungated = [
        EmailRecognizer() if isinstance(one.recogniser, EmailRecognizer) else one.recogniser
        for one in builtin._RECOGNISERS
    ]
    chance = random.Random(7)
    pieces = [text for text, _, _ in EXAMPLES] + ["and then", "at 10:30", "(", "--", "1", "\n", "é"]
    for _ in range(150):
        text = "".join(chance.choice(pieces) + chance.choice(["", " ", ", "]) for _ in range(4))
        wanted = {
            (one.start, one.end, one.score)
            for recogniser in ungated
            for one in recogniser.analyze(text, recogniser.supported_entities, None)
        }
        assert {(span.start, span.end, span.score) for span in builtin.find(text)} == wanted


def test_no_address_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an attempt to reach the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert builtin.find("a.b@example.museum and c@example.com")


def test_offsets_hold_beyond_the_first_piece() -> None:
    text = "nothing here. " * 1_000 + "card 4012-8888-8888-1881 was used"
    assert any(text[span.start : span.end] == "4012-8888-8888-1881" for span in builtin.find(text))


def test_presidio_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for text, _, _ in EXAMPLES:
            builtin.find(text)
        logging.getLogger("presidio-analyzer").error("Failed to validate text %s", "536-22-8145")
    assert not [one for one in caplog.records if one.name.startswith("presidio")]


def test_a_pattern_that_takes_too_long_stops_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def finditer(self, *_: object, **__: object) -> None:
            raise TimeoutError

    ssn = next(one for one in builtin._RECOGNISERS if one.type == "US_SSN").recogniser
    for pattern in ssn.patterns:
        monkeypatch.setattr(pattern, "compiled_regex", Slow())
        monkeypatch.setattr(pattern, "compiled_with_flags", ssn.global_regex_flags)
    with pytest.raises(PrivacyError, match="time limit"):
        builtin.find("SSN 536-22-8145")


@pytest.mark.parametrize("unit", ["a", "1", "@", "1 ", "1.", ":1", "a@a.", "1::", "A1B2 "])
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * size)[:size]
        started = time.perf_counter()
        builtin.find(text)
        return time.perf_counter() - started

    seconds(2_000)
    small, large = min(seconds(4_000) for _ in range(3)), min(seconds(16_000) for _ in range(3))
    assert large < 8 * small + 0.02
