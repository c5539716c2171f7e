"""Two files to link, as CSV: Febrl 4, and an invented many-to-many set with unknown values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tests.oracle.environment import run
from tributary.county.misspell import Style, write_down
from tributary.county.people import FEMALE, invent

NAMED = {"given_name": "given_name", "surname": "surname", "date_of_birth": "date"}
FEBRL = {
    "given_name": "given_name",
    "surname": "surname",
    "street_number": "number",
    "address_1": "address",
    "suburb": "place",
    "postcode": "postcode",
    "state": "category",
    "date_of_birth": "date",
}
COUNTY = {**NAMED, "sex": "sex", "zip": "postcode", "phone": "phone"}
#: Records of a person at one agency, on average.
_RECORDS = 1.2


@dataclass(frozen=True)
class Files:
    """``left``, ``right`` and ``truth`` (pairs of ids), and columns with their kinds."""

    left: Path
    right: Path
    truth: Path
    kinds: Mapping[str, str]
    one_to_one: bool


def febrl4(folder: Path, kinds: Mapping[str, str]) -> Files:
    """5,000 records a side, one to one, with typing errors and unknown values."""
    run("febrl4.py", {"folder": str(folder)})
    return Files(folder / "a.csv", folder / "b.csv", folder / "truth.csv", kinds, True)


def many_to_many(
    folder: Path, *, persons: int = 3_000, unknown: float = 0.15, seed: int = 11
) -> Files:
    """Persons with no, one or several records at either agency.

    Args:
        unknown: share of values.
    """
    people = invent(persons, seed, date(2026, 1, 1))
    random = np.random.default_rng(seed)
    sides = []
    for name in ("a", "b"):
        times = random.geometric(1 / (_RECORDS + 1), persons) - 1
        index = random.permutation(np.repeat(np.arange(persons), times))
        written = write_down(people, index, random, Style())
        born = pa.array(written.born.astype("datetime64[D]"), pa.date32())
        columns = {
            "given_name": written.given,
            "surname": written.surname,
            "date_of_birth": pc.cast(born, pa.string()),
            "sex": pa.array(np.where(people.sex[index] == FEMALE, "F", "M")),
            "zip": written.zip_code,
            "phone": written.telephone,
        }
        missing = {column: pa.array(random.random(len(index)) < unknown) for column in columns}
        blank = pa.scalar(None, pa.string())
        told = {n: pc.if_else(missing[n], blank, column) for n, column in columns.items()}
        ids = pa.array([f"{name}{at}" for at in range(len(index))])
        pacsv.write_csv(pa.table({"id": ids, **told}), folder / f"{name}.csv")
        sides.append(pa.table({"person": index, name: ids}))
    truth = sides[0].join(sides[1], "person", join_type="inner").select(["a", "b"])
    pacsv.write_csv(truth, folder / "truth.csv")
    return Files(folder / "a.csv", folder / "b.csv", folder / "truth.csv", COUNTY, False)
