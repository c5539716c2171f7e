"""Where faults are planted: each kind in rows of its own.

Where there are at least ``enough`` rows to choose from, one of each kind is certain; in a smaller
file the expected number decides, so that a small delivery is not spoilt altogether.
"""

from __future__ import annotations

import numpy as np

from tributary.county import rates
from tributary.county.seeds import Ints, Mask


class Planter:
    """Hands out the rows of one table for planting; no row gets two faults."""

    def __init__(self, random: np.random.Generator, rows: int, enough: int = 100) -> None:
        self._random, self._enough = random, enough
        self._free = np.ones(rows, np.bool_)

    def keep_clean(self, rows: Ints | Mask) -> None:
        """Take rows out of the lottery."""
        self._free[rows] = False

    def rows(self, eligible: Mask | None = None, rate: float = rates.FAULT) -> Ints:
        """Row indices for one kind of fault, in ascending order."""
        candidates = np.flatnonzero(self._free if eligible is None else self._free & eligible)
        expected = rate * len(candidates)
        wanted = int(expected + self._random.random())
        wanted = max(wanted, 1) if len(candidates) >= self._enough else min(wanted, len(candidates))
        chosen = np.sort(self._random.choice(candidates, wanted, replace=False))
        self._free[chosen] = False
        return chosen
