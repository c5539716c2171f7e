"""Which sums would tell the largest record's value to the owner of the second largest.

p-percent rule: a sum is safe where all but the two largest records make up at least p percent of
the largest; otherwise whoever has the second largest estimates the largest to within p percent.
A. Hundepool et al., Statistical Disclosure Control (Wiley 2012), section 4.2; p = 10 as ACRO sets
it (safe_pratio_p 0.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.cells import Cells
from anonymize.disclosure.dimensions import Bools, Floats
from schemas.errors import DeliveryError

P = 0.10


@dataclass(frozen=True)
class Sums:
    """A numeric column summed over the records of every cell, and its two largest records there.

    ``size`` sums the values without their signs; ``signed`` says whether any is negative.
    """

    total: Floats
    size: Floats
    largest: Floats
    second: Floats
    signed: bool

    @property
    def dominated(self) -> Bools:
        rest = self.size - self.largest - self.second
        return np.asarray((self.largest > 0) & (rest < P * self.largest))


def column(records: pa.Table, name: str) -> Floats:
    """A column as numbers, nan where blank.

    Raises:
        DeliveryError: the column is missing, or a value is no finite number.
    """
    if name not in records.column_names:
        raise DeliveryError("COLUMN-MISSING", "no such column; see the header line", field=name)
    try:
        numbers = records[name].cast(pa.float64())
    except pa.ArrowException:
        numbers = None
    if numbers is None or (not pc.all(pc.is_finite(numbers)).as_py() and len(numbers.drop_null())):
        raise DeliveryError(
            "RELEASE-MEASURE", "a value is no number: correct it or leave it blank", field=name
        )
    return np.asarray(numbers.to_numpy(), np.float64)


def sums(cells: Cells, values: Floats) -> Sums:
    """Sum a column; an unknown value (nan) counts as none.

    Where values may be negative the rule looks at their sizes.
    """
    values = np.nan_to_num(values)
    magnitude = np.abs(values)
    order = np.argsort(-magnitude, kind="stable")
    size = cells.layout.size
    total, sizes, largest, second = (np.zeros(size) for _ in range(4))
    for at in cells.layout.of_records():
        # Few records: whoever comes first has the largest value, the next one the second largest.
        total += np.bincount(at, values, minlength=size)
        sizes += np.bincount(at, magnitude, minlength=size)
        left = order
        for top in (largest, second):
            cell, first = np.unique(at[left], return_index=True)
            top[cell] = magnitude[left[first]]
            left = np.delete(left, first)
    return Sums(total, sizes, largest, second, bool((values < 0).any()))
