"""What stands for a count that disclosure control hides.

A hidden count is no missing value: most are hidden *because* they are small. Put in the middle of
1 to 10 they bend every test in which areas differ in size (of maps with unequal populations and
nothing on them, 40 to 90 % then had a hotspot), and left out they leave only the lucky small areas.
Others are large, and hidden to protect a small one or because one member could subtract its own.
Nobody outside can tell which. What is put in place of a hidden count is therefore its expectation
given that it is hidden: a Poisson count, small with the probability of a small count, else one of
the share of large counts that is hidden too, which the release itself shows.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.release import MIN_CELL

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: Share of the counts from ``MIN_CELL`` up that is hidden, to begin with and at least: with less,
#: a hidden count where hundreds are expected would have to be small.
LEAST_PROTECTED: Final = 0.02


class Hidden(NamedTuple):
    """A count of a given mean, if it is hidden: by small chance, or to protect others.

    Attributes:
        chance: that such a count is hidden. ``mean``, ``variance``: of one that is.
        large: the chance that one that is hidden is no small one.
    """

    chance: Floats
    mean: Floats
    variance: Floats
    large: Floats


def hidden(mean: Floats, protected: float) -> Hidden:
    """Poisson counts, of which those below ``MIN_CELL`` and ``protected`` of the others are hidden.

    The moments have closed forms because x times the probability of x is the mean times that of
    x - 1.
    """
    from scipy.special import pdtr

    mean = np.maximum(mean, 1e-9)
    below = [pdtr(MIN_CELL - 1 - less, mean) for less in range(3)]
    small = np.maximum(below[0] - np.exp(-mean), 1e-300)
    chance = small + protected * (1 - below[0])
    centre = mean * (below[1] + protected * (1 - below[1])) / chance
    pairs = mean**2 * (below[2] + protected * (1 - below[2])) / chance
    variance = np.clip(pairs + centre - centre**2, 0, None)
    return Hidden(chance, centre, variance, 1 - small / chance)


def protected_share(mean: Floats, large: Floats) -> float:
    """Share of the counts from ``MIN_CELL`` up that is hidden, as it appears (a step of EM).

    Args:
        mean: of all counts. ``large``: of the hidden ones, see ``Hidden``.
    """
    from scipy.special import pdtrc

    share = large.sum() / max(float(pdtrc(MIN_CELL - 1, mean).sum()), 1e-9)
    return float(np.clip(share, LEAST_PROTECTED, 1))


def column(table: pa.Table, name: str) -> Floats:
    """A column of numbers as floats, NaN for null."""
    values = pc.cast(table[name], pa.float64()).combine_chunks()
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def counts_of(table: pa.Table) -> Floats:
    """Column ``count``, NaN where hidden. Noise can take a count below 0; it counts as 0."""
    return np.maximum(column(table, "count"), 0)
