"""How values are written before they are compared: one spelling, nothing for unknown."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymize.encoding.features import part
from anonymize.encoding.normalise import normalised, normalised_column
from schemas.linkage import KINDS

SPELLINGS = [
    # kind, as delivered, as compared
    ("given_name", "  JOSÉ  ", "jose"),
    ("given_name", "Dr. Anna-Maria", "anna maria"),
    ("surname", "de la Cruz", "cruz"),
    ("surname", "De La", "de la"),
    ("surname", "Ruiz-Vega de la Cruz", "ruiz vega cruz"),
    ("surname", "Cruz Vega", "cruz vega"),
    ("surname", "Delacruz-Vande", "delacruz vande"),
    ("surname", "Vega-", "vega"),
    ("surname", "Vega  Cruz", "vega cruz"),
    ("given_name", "Maria  -  Jose", "maria jose"),
    ("given_name", "not known", ""),
    ("given_name", "na na", "na na"),
    ("surname", "O'Brien", "obrien"),
    ("surname", "Nguyễn", "nguyen"),
    ("surname", "UNKNOWN", ""),
    ("surname", "n/a", ""),
    ("full_name", "Doe", ""),
    ("full_name", "na doe", ""),
    ("place", "St-Louis la Grange", "st louis la grange"),
    ("date", "1990-02-07", "19900207"),
    ("date", "19900207", "19900207"),
    ("date", "2/7/1990", "19900207"),
    ("date", "1990-02-07 00:00:00", "19900207"),
    ("date", "1990-02", "199002  "),
    ("date", "1990-00-00", "1990    "),
    ("date", "1990", "1990    "),
    ("date", "1900-01-01", ""),  # what systems write for unknown
    ("date", "soon", ""),
    ("ssn", "970-43-3788", "970433788"),
    ("ssn", "xxx-xx-3788", "3788"),
    ("ssn", "999-99-9999", ""),
    ("ssn", "12", ""),
    ("phone", "+1 (415) 555-0199", "4155550199"),
    ("phone", "5550199", "5550199"),
    ("phone", "911", ""),
    ("postcode", "80202-1234", "802021234"),
    ("postcode", "SW1A 1AA", "sw1a1aa"),
    ("sex", "Female", "f"),
    ("number", "0012", "12"),
    ("number", "12b", "12"),
    ("text", None, ""),
    ("text", "  ", ""),
]


@pytest.mark.parametrize(("kind", "delivered", "compared"), SPELLINGS)
def test_spelling(kind: str, delivered: str | None, compared: str) -> None:
    assert normalised(kind, delivered) == compared


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_is_spelled_as_its_values_are(kind: str) -> None:
    delivered = [one for _, one, _ in SPELLINGS] + ["doe", "maria", " Maria ", "123456789", "1 2"]
    column = normalised_column(kind, pa.array(delivered, pa.string()))
    assert column.to_pylist() == [normalised(kind, one) for one in delivered]


PARTS = [
    ("date", "19900207", {"full": "19900207", "turned": "19900207", "year": "1990"}),
    ("date", "19900702", {"turned": "19900207"}),  # meets the one above
    ("date", "1990    ", {"year": "1990"}),
    ("surname", "garcia lopez", {"last": "l120", "start": "gar", "initial": "g"}),
    ("ssn", "3788", {"last4": "3788"}),
    ("full_name", "wei zhang", {"sound": "w000z520"}),
    ("full_name", "zhang wei", {"sound": "w000z520"}),
]


def parts(kind: str, value: str) -> dict[str, str]:
    found = {name: part(kind, name, pa.array([value]))[0].as_py() for name in KINDS[kind].parts}
    return {name: text for name, text in found.items() if text}


@pytest.mark.parametrize(("kind", "value", "expected"), PARTS)
def test_parts_that_block_tokens_are_made_of(
    kind: str, value: str, expected: dict[str, str]
) -> None:
    found = parts(kind, value)
    assert {name: found[name] for name in expected} == expected


def test_what_is_unknown_makes_no_part() -> None:
    assert parts("date", "1990    ").keys() == {"year"}
    assert parts("ssn", "3788").keys() == {"last4"}
