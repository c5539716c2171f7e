"""Categories and counts: recoded by a code list, or cut off above."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import looked_up, over_distinct, text

_COUNT = r"^\d{1,9}$"


def recode(
    values: pa.Array, mapping: Mapping[str, str | None], separator: str | None = None
) -> pa.Array:
    """What a code list turns the value into; null where the list does not hold it.

    With ``separator`` the value is a multi-select: the result lists each category once, in the
    order of their first mention, and is null where none is known.
    """
    codes, results = pa.array(mapping.keys(), pa.string()), pa.array(mapping.values(), pa.string())
    if separator is None:
        return over_distinct(values, lambda distinct: looked_up(text(distinct), codes, results))
    return over_distinct(values, lambda distinct: _recode_many(distinct, codes, results, separator))


def _recode_many(values: pa.Array, codes: pa.Array, results: pa.Array, separator: str) -> pa.Array:
    pieces = pc.split_pattern(values, separator)
    rows = pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False)
    found = looked_up(text(pc.list_flatten(pieces)), codes, results)
    pairs = pa.table({"row": rows, "found": found}).filter(pc.is_valid(found))
    pairs = pairs.group_by(["row", "found"], use_threads=False).aggregate([])
    counts = np.bincount(pairs["row"].to_numpy(), minlength=len(values))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pairs["found"].combine_chunks(), mask=pa.array(counts == 0)
    )


def top_code(values: pa.Array, maximum: int) -> pa.Array:
    """A whole number of at least 0, at most ``maximum``; null where it is none."""

    def cut(distinct: pa.Array) -> pa.Array:
        number = text(distinct)
        known = pc.if_else(
            pc.match_substring_regex(number, _COUNT), number, pa.scalar(None, pa.string())
        )
        return pc.min_element_wise(known.cast(pa.int64()), maximum, skip_nulls=False).cast(
            pa.int32()
        )

    return over_distinct(values, cut)
