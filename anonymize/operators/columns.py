"""What every operator needs: blank text, one pass over distinct values, look-ups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def text(values: pa.Array) -> pa.Array:
    """Text without white space around it; what is blank then is null."""
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def over_distinct(values: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """``function`` of every value, computed once for each distinct one; null stays null."""
    encoded = values.dictionary_encode()
    return pc.take(function(encoded.dictionary), encoded.indices)


def looked_up(values: pa.Array, codes: pa.Array, results: pa.Array) -> pa.Array:
    """The entry of ``results`` that stands at the value's place in ``codes``; else null."""
    return pc.take(results, pc.index_in(values, value_set=codes))


def labels(places: npt.NDArray[np.int64], names: Sequence[str]) -> pa.Array:
    """Names by place; a negative place is null."""
    return pc.take(pa.array(names, pa.string()), pa.array(places, mask=places < 0))
