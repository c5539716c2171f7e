"""Spans joined, and what stands where they stood."""

from __future__ import annotations

import pytest

from anonymize.text.replace import Numbers, redacted
from anonymize.text.spans import Span, merged

TEXT = "Ana Lee met ANA  LEE and Bo in Reno."
SPANS = [
    Span(0, 7, "PERSON"),
    Span(12, 20, "PERSON"),
    Span(25, 27, "PERSON"),
    Span(31, 35, "LOCATION"),
]


@pytest.mark.parametrize(
    ("style", "result"),
    [
        ("remove", " met  and  in ."),
        ("type", "<PERSON> met <PERSON> and <PERSON> in <LOCATION>."),
        ("pseudonym", "<PERSON_1> met <PERSON_1> and <PERSON_2> in <LOCATION_1>."),
    ],
)
def test_styles(style: str, result: str) -> None:
    assert redacted(TEXT, SPANS, style) == result


def test_a_pseudonym_means_nothing_in_another_text() -> None:
    assert redacted("Bo left.", [Span(0, 2, "PERSON")], "pseudonym") == "<PERSON_1> left."


def test_parts_of_a_text_may_share_their_pseudonyms() -> None:
    numbers: Numbers = {}
    redacted(TEXT, SPANS, "pseudonym", numbers)
    assert redacted("Bo left.", [Span(0, 2, "PERSON")], "pseudonym", numbers) == "<PERSON_2> left."


def test_another_style_is_refused() -> None:
    with pytest.raises(ValueError, match="remove, type, pseudonym"):
        redacted(TEXT, SPANS, "hash")


def test_overlapping_spans_become_one_of_the_stronger_type() -> None:
    found = merged(
        [
            Span(5, 9, "DATE_TIME", 0.85),
            Span(0, 6, "PHONE_NUMBER", 0.4),
            Span(9, 12, "PERSON", 0.5),
            Span(3, 3, "PERSON"),
        ]
    )
    assert found == [Span(0, 9, "PHONE_NUMBER", 0.85), Span(9, 12, "PERSON", 0.5)]
