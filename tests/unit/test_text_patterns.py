# ruff: noqa: RUF001 - digits of other scripts are what is tested
"""The machinery of the patterns: folding, checks, and which rule gives way to which."""

from __future__ import annotations

import pytest

from anonymize.text import patterns
from anonymize.text.patterns import checks
from anonymize.text.patterns.fold import folded
from anonymize.text.patterns.rules import HARMLESS, rules
from anonymize.text.spans import TYPES, merged


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in merged(patterns.find(text))]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Łódź, Þór, Søren", "Lodz, Tor, Soren"),
        ("４１５‑５５５", "415-555"),
        ("𝟒𝟏𝟓 ①②③ ٤١٥", "415 123 415"),
        ("4\ufe0f\u20e31", "4  1"),
        ("415💋555", "415*555"),
        ("“it’s”\u00a0x", '"it\'s" x'),
        ("Ελλάδα 王", "Qqqqqq q"),
    ],
)
def test_every_character_becomes_one_of_ascii(text: str, plain: str) -> None:
    assert folded(text) == plain


@pytest.mark.parametrize(
    ("check", "holds", "fails"),
    [
        (checks.luhn, "4111 1111 1111 1111", "4111 1111 1111 1112"),
        (checks.luhn, "378282246310005", "0000000000000000"),
        (checks.vin, "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
        (checks.iban, "GB82 WEST 1234 5698 7654 32", "GB83 WEST 1234 5698 7654 32"),
        (checks.routing, "021000021", "021000022"),
        (checks.ssn, "054 28 6917", "666.12.3456"),
        (checks.octets, "86.121.97.248", "86.121.97.256"),
        (checks.day, "13/12/2020", "13/13/2020"),
        (checks.day, "2024-02-29", "2023-02-29"),
        (checks.serial, "26-001234", "1999-2004"),
        (checks.phone, "0490 75 40 81", "12 000 000"),
        (checks.spelt_phone, "four one five 55five 0 one two 3", "one or two of three"),
        (checks.street, "14 Elm Street", "3 girls on the street"),
        (checks.crossing, "Grand Ave at 3rd St", "3rd and 4th"),
        (checks.mixed, "A7X9981", "2130hrs"),
        (checks.large_sum, "EUR 73", "$20,000"),
    ],
)
def test_check_tells_right_from_nearly_right(check: checks.Check, holds: str, fails: str) -> None:
    assert check(holds)
    assert not check(fails)


def test_rules_are_named_once_and_mask_known_types() -> None:
    names = [rule.name for rule in rules()]
    assert len(names) == len(set(names))
    assert {rule.type for rule in rules()} <= {*TYPES, HARMLESS}


def test_generic_rule_gives_way_to_one_that_knows_the_type() -> None:
    assert found("IMEI 356938035643809") == [("DEVICE_ID", "356938035643809")]


def test_generic_rule_gives_way_to_what_identifies_nobody() -> None:
    assert found("Regulation 1612/68") == []
    assert found("see 1612/68") == [("CASE_NUMBER", "1612/68")]


def test_special_rule_holds_beside_what_identifies_nobody() -> None:
    assert ("CASE_NUMBER", "1591/24") in found("charge 12, case no. 1591/24")


def test_address_begins_where_running_text_ends() -> None:
    assert found("took 3 girls to 14 Elm Street") == [("STREET_ADDRESS", "14 Elm Street")]


def test_address_takes_flat_town_and_postcode_along() -> None:
    text = "at 100 W 5th St\nApt 3B\nDenver, CO 80203 on arrival"
    assert ("STREET_ADDRESS", "100 W 5th St\nApt 3B\nDenver, CO 80203") in found(text)


def test_filter_finds_every_rule_that_matches_in_a_text_of_all_examples() -> None:
    every = rules()
    examples = [
        example.replace("{", "").replace("}", "") for rule in every for example in rule.match
    ]
    text = folded("\n".join(examples * 5)).encode("ascii")
    assert patterns.matching(text) == [rule for rule in every if rule.regex.search(text)]


def test_address_ends_before_running_text() -> None:
    text = "943 E ALDER ST., BRANDT MILLS. CLEARED AT 2130"
    assert [one for one in found(text) if one[0] == "STREET_ADDRESS"] == [
        ("STREET_ADDRESS", "943 E ALDER ST.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "415-555-0186. I later saw her",
        "VIA TELEPHONE, 818-555-0123",
        "SSN 054-28-6917, GIFT CARDS 6039501234567890",
    ],
)
def test_neighbours_are_not_swallowed(text: str) -> None:
    masked = [value for _, value in found(text)]
    assert not any(word in value for value in masked for word in ("I ", "VIA", "GIFT"))
