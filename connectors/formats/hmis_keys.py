"""Identifiers of a delivery with a small number each, looked up batch by batch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

Numbers = NDArray[np.int8]


class KeyIndex:
    """Text keys, each with the greatest number it was given.

    Built once; a look-up costs the distinct keys of the batch. Memory: one entry per distinct key.

    Args:
        keys: blank keys are left out.
        numbers: one per key.
    """

    def __init__(self, keys: pa.ChunkedArray, numbers: Numbers) -> None:
        places, distinct = _encoded(keys)
        known = places >= 0
        self._numbers = np.full(len(distinct), np.iinfo(np.int8).min, np.int8)
        np.maximum.at(self._numbers, places[known], numbers[known])
        self._index = pd.Index(distinct, dtype=object)

    def find(self, keys: pa.Array, absent: int) -> Numbers:
        """The number of each key; ``absent`` for a key the index lacks and for a blank one."""
        places, distinct = _encoded(pa.chunked_array([keys]))
        found = self._index.get_indexer(pd.Index(distinct, dtype=object))
        numbers = np.full(len(distinct) + 1, absent, np.int8)  # the last stands for blank (-1)
        numbers[:-1][found >= 0] = self._numbers[found[found >= 0]]
        return numbers[places]


def _encoded(keys: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Place of each key among the distinct ones (-1 for blank), and the distinct keys."""
    encoded = keys.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # an empty column has no chunk to combine
        return np.empty(0, np.int64), np.empty(0, object)
    places = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy()
    return places, encoded.dictionary.to_numpy(zero_copy_only=False)
