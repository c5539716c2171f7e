"""An agency whose export is hashed as HUD prescribes links to one whose names are plain."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from anonymize.encoding.encode import Encoded, encode
from linkage.link import link
from schemas.linkage import agreed_schema
from tests.encodings import LINKAGE_SECRET
from tributary.county.hmis import hashed_names, hashed_ssn
from tributary.county.misspell import Style, write_down
from tributary.county.people import FEMALE, People, invent

SIZE, BOTH = 1_000, 500


@pytest.fixture(scope="module")
def people() -> People:
    return invent(2 * SIZE - BOTH, 5, date(2026, 1, 1))


def agency(people: People, who: np.ndarray, side: int, *, hashed: bool, ssn: bool) -> Encoded:
    """Records as an agency wrote them down, with typos of its own."""
    random = np.random.default_rng([5, side])
    written = write_down(people, who, random, Style(capitals=bool(side)))
    number = written.ssn if ssn else pa.nulls(len(who), pa.string())
    columns = {
        "given_name": hashed_names(written.given) if hashed else written.given,
        "surname": hashed_names(written.surname) if hashed else written.surname,
        "date_of_birth": pa.array(written.born.astype("datetime64[D]"), pa.date32()).cast("string"),
        "sex": pa.array(np.where(people.sex[who] == FEMALE, "F", "M")),
        "zip": pa.nulls(len(who), pa.string()),
        "ssn": hashed_ssn(number) if hashed and ssn else number,
    }
    return encode(columns, agreed_schema("county"), LINKAGE_SECRET)


@pytest.mark.parametrize(
    ("hashed", "ssn", "recall"),
    [
        ((False, True), True, 0.8),
        # without numbers: sounds, date of birth and sex alone
        ((False, True), False, 0.65),
    ],
)
def test_precision_is_kept_and_recall_is_what_the_content_allows(
    people: People, hashed: tuple[bool, bool], ssn: bool, recall: float
) -> None:
    who = np.arange(SIZE), np.arange(SIZE - BOTH, 2 * SIZE - BOTH)
    left, right = (
        agency(people, who[side], side, hashed=hashed[side], ssn=ssn) for side in range(2)
    )
    links = link(left, right)
    matched = links.probability >= links.threshold
    right_ones = who[0][links.left[matched]] == who[1][links.right[matched]]
    assert right_ones.mean() >= 0.99
    assert right_ones.sum() >= recall * BOTH
