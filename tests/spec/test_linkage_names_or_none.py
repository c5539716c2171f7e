"""Na, Nan and Doe are people's names; they stand for nobody where their whole record says so."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymize.encoding.encode import encode
from anonymize.encoding.normalise import normalised, told_names
from tests.linked_people import SECRET, person, schema

NAMED, NOBODY = True, False


@pytest.mark.parametrize(
    ("given", "surname", "told"),
    [
        ("Min-ji", "Na", NAMED),
        ("MIN-JI", "NA", NAMED),
        ("Nan", "Fairbanks", NAMED),
        ("Nan", "Na", NOBODY),
        ("NA", "NA", NOBODY),
        ("NA", None, NOBODY),
        (None, "Nan", NOBODY),
        ("unk", "na", NOBODY),
        ("Maria", "Doe", NAMED),
        ("John", "Na", NAMED),
        ("John", "Doe", NOBODY),
        ("JANE", "DOE", NOBODY),
        ("Doe", "Jane", NOBODY),
        ("Baby", "Doe", NOBODY),
        ("Doe", "Doe", NOBODY),
    ],
)
def test_names(given: str | None, surname: str | None, told: bool) -> None:
    # Beside another record, whose own names stay.
    names = [pa.array([one, "Ana"], pa.string()).dictionary_encode() for one in (given, surname)]
    found = told_names(names[0], names[1])
    expected = [given, surname] if told else [None, None]
    assert [one.to_pylist() for one in found] == [[one, "Ana"] for one in expected]
    who = person(1, given_name=given, surname=surname)
    made = encode({name: [value] for name, value in who.items()}, schema(), SECRET)
    assert made.filters["given_name"].any() == made.filters["surname"].any() == told


@pytest.mark.parametrize(
    ("kind", "value", "spelled"),
    [
        ("given_name", "Nan", "nan"),
        ("surname", "NA", "na"),
        ("full_name", "Nan Wang", "nan wang"),
        ("full_name", "na na", ""),
        ("full_name", "Doe", ""),
        ("full_name", "Jane Doe", ""),
        ("postcode", "NA", ""),
        ("place", "nan", ""),
    ],
)
def test_a_value_alone(kind: str, value: str, spelled: str) -> None:
    assert normalised(kind, value) == spelled
