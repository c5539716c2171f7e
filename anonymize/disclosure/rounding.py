"""Published counts as multiples of a number, so that none is exact."""

from __future__ import annotations

import numpy as np

from anonymize.disclosure.dimensions import Ints


def rounded(counts: Ints, to: int, min_cell: int) -> Ints:
    """To the nearest multiple, halves up; never below the smallest count that may be shown.

    Each count is rounded by itself, so parts need not add up to their whole. 0 stays 0.
    """
    if to <= 1:
        return counts
    nearest = (2 * counts + to) // (2 * to) * to
    least = -(-min_cell // to) * to
    return np.where(counts > 0, np.maximum(nearest, least), 0)
