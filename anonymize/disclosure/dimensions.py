"""The dimensions of a table: their values, and which of them decide one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import DeliveryError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Stands for all values of a dimension.
ALL = "*"
#: A blank is a value of its own (DESIGN.md rule 9: unknown is not zero).
UNKNOWN = "unknown"
#: How unlikely it must be that one dimension decides another by chance (``_decides``).
CHANCE = 1e-6


@dataclass(frozen=True)
class Dimension:
    """A column of the records: its values in order, ``*`` first, and of each record the index."""

    name: str
    values: tuple[str, ...]
    index: Ints

    @property
    def unknown(self) -> int:
        """Index of ``unknown``; 0, which no record has, where every value is known."""
        return self.values.index(UNKNOWN) if UNKNOWN in self.values else 0


def dimension(records: pa.Table, name: str) -> Dimension:
    if name not in records.column_names:
        raise DeliveryError("COLUMN-MISSING", "no such column; see the header line", field=name)
    try:
        column = records[name].combine_chunks()
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        column = column.cast(pa.string())
    except pa.ArrowException:
        raise DeliveryError(
            "RELEASE-DIMENSIONS", "a dimension holds texts, numbers or dates", field=name
        ) from None
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    column = pc.if_else(blank, pa.scalar(None, pa.string()), column)
    encoded = column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    found = encoded.dictionary.to_pylist()
    if {ALL, UNKNOWN} & set(found):
        raise DeliveryError(
            "RELEASE-VALUE",
            f"a value reads '{ALL}' or '{UNKNOWN}', which stand for all values and for a blank in "
            "what is released: leave the blank ones blank, and rename the value",
            field=name,
        )
    known = sorted(found)
    values = (ALL, *known, *([UNKNOWN] if column.null_count else []))
    place = {value: index for index, value in enumerate(values)}
    lookup = np.array([place[value] for value in found] + [len(values) - 1], np.int64)
    codes = pc.fill_null(encoded.indices, len(found)).to_numpy(zero_copy_only=False)
    return Dimension(name, values, lookup[codes])


def hierarchies(
    dimensions: Sequence[Dimension], within: Sequence[tuple[str, str]] | None
) -> tuple[tuple[str, str], ...]:
    """Pairs of dimensions of which the first decides the second; None: those seen in the data."""
    if within is not None:
        return _declared(dimensions, within)
    return tuple(
        (one.name, other.name)
        for one in dimensions
        for other in dimensions
        if one is not other and _decides(one, other)
    )


def _decides(one: Dimension, other: Dimension) -> bool:
    """Whether every known value of ``one`` comes with one value of ``other`` alone, as designed.

    A county has one state because counties are made so; a shelter all of whose clients are women
    has one sex by chance or by its rules, and that may tell something of them. Taken as designed is
    only what would come about by chance less than once in a million (``CHANCE``), if the records
    fell on the values of ``other`` in their own shares.
    """
    known = one.index != one.unknown
    if len(one.values) < len(other.values) or len(other.values) < 3 or not known.any():
        return False
    pairs = _pairs(one, other, known)
    values, times = np.unique(pairs[0], return_counts=True)
    if (times > 1).any() or other.unknown in pairs[1]:
        return False
    records = np.bincount(one.index[known], minlength=len(one.values))[values]
    share = np.bincount(other.index[known], minlength=len(other.values)) / known.sum()
    return float(((records - 1) * np.log(share[pairs[1]])).sum()) < math.log(CHANCE)


def _pairs(one: Dimension, other: Dimension, rows: Bools) -> Ints:
    """Values of two dimensions that stand together in some of the rows, shape (2, pairs)."""
    size = len(other.values)
    together = one.index[rows] * size + other.index[rows]
    return np.stack(np.divmod(np.flatnonzero(np.bincount(together)), size))


def _declared(
    dimensions: Sequence[Dimension], within: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    by_name = {dimension.name: dimension for dimension in dimensions}
    for one, other in within:
        if one not in by_name or other not in by_name or one == other:
            raise DeliveryError(
                "RELEASE-WITHIN", "a hierarchy joins two of the dimensions", field=one
            )
        known = by_name[one].index != by_name[one].unknown
        pairs = _pairs(by_name[one], by_name[other], known)
        if len(np.unique(pairs[0])) < pairs.shape[1]:
            raise DeliveryError(
                "RELEASE-WITHIN",
                f"a value of it comes with more than one of {other}: correct the records, or do "
                "not say that it lies within",
                field=one,
            )
    return tuple((one, other) for one, other in within)
