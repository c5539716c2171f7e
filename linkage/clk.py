"""Records of which one filter is all that is known: how alike two are, and what that says.

Pairs are told apart by Dice's coefficient of their two CLKs, freed of the noise, in hundredths.
What it says is learned from all pairs together; nobody labels anything. Pairs of two persons grow
fewer the more alike they are, at the end by about the same share from step to step; pairs of one
person grow more. So those of two persons are carried on as a straight line, on a logarithmic scale,
from where they are nearly all to where hardly any are left, and what stands above that line, and
does not fall, is pairs of one person.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from linkage.compare import Levels, Rows, dice, dice_of_all
from linkage.weights import Shares, Weights
from schemas.linkage import CLK

#: Levels: hundredths of Dice's coefficient.
LEVELS = 101
#: Of all pairs of small files those that are looked at, the most alike: for each record of the
#: larger side, and at least. How alike these are is told by a sample.
_PER_RECORD, _AT_LEAST, _SAMPLE = 30, 200_000, 1_000_000
#: From this level on pairs are of one person, if any are.
_ALIKE = 90
#: The line goes through two levels before the valley: with so many times the pairs it has, and one
#: time more.
_TIMES = (4, 1)
#: Where hardly any pair is of one person they are fewer by this share from level to level down: on
#: Febrl 4 and on invented files, half as many six hundredths further down.
_FALLS = 0.5 ** (1 / 6)
_ROWS = 1 << 22


def most_alike(left: Encoded, right: Encoded | None, seed: int = 0) -> tuple[Rows, Rows]:
    """Of all pairs the most alike."""
    other = left if right is None else right
    count = len(left) * len(other)
    wanted = max(_PER_RECORD * max(len(left), len(other)), _AT_LEAST)
    random = np.random.default_rng(seed)
    i, j = (random.integers(0, len(one), min(_SAMPLE, count)) for one in (left, other))
    alike = dice(left.filters[CLK][i], other.filters[CLK][j], left.schema.flip)
    least = np.quantile(alike, max(1 - wanted / count, 0))
    first, second = (_bits(side) for side in (left, other))
    step = max(_ROWS // len(other), 1)
    found = []
    for start in range(0, len(left), step):
        # Within one file, the rows before have met all others.
        across = start if right is None else 0
        alike = dice_of_all(first[start : start + step], second[across:], left.schema.flip)
        i, j = np.nonzero(alike >= least)
        i, j = i + start, j + across
        found.append((i[i < j], j[i < j]) if right is None else (i, j))
    left_rows, right_rows = (np.concatenate(side) for side in zip(*found, strict=True))
    return left_rows, right_rows


def _bits(encoded: Encoded) -> npt.NDArray[np.float32]:
    """CLKs as rows of 0 and 1."""
    content = np.ascontiguousarray(encoded.filters[CLK]).view(np.uint8)
    return np.unpackbits(content, axis=1).astype(np.float32)


def learn_clks(levels: Levels, all_pairs: float, records: int) -> Weights:
    """How often a level occurs among pairs of one person (m), and how often a pair of two is a
    candidate at that level (u).

    Args:
        levels: of the candidates.
        records: on the other side.
    """
    counts = np.bincount(levels, minlength=LEVELS).astype(float)
    one, two = split(counts)
    # A level that no pair has counts half a pair.
    u = (two + 0.5) / all_pairs
    m = (one + 1e-3) / (one + 1e-3).sum()
    share = float(np.clip(one.sum() / all_pairs, 1e-15, 0.5))
    return Weights({CLK: m}, {CLK: u}, {}, share, (), 0.0, records)


def split(counts: Shares) -> tuple[Shares, Shares]:
    """How many pairs of each level are of one person, and how many of two.

    Args:
        counts: candidates by level. They have a valley; towards it, what its least level does not
            have is taken to be of two persons.
    """
    from scipy.optimize import isotonic_regression  # a second to import

    level = np.arange(LEVELS)
    smooth = np.convolve(counts, np.full(5, 0.2), "same")
    most = int(np.argmax(smooth[: _ALIKE - 4]))
    valley = most + 3 + int(np.argmin(smooth[most + 3 : _ALIKE]))
    least = max(float(smooth[valley]), 0.5)
    first, second = (
        most + int(np.argmax(smooth[most : valley + 1] <= max((1 + times) * least, smooth[valley])))
        for times in _TIMES
    )
    second = max(second, first + 1)
    heights = [max(float(smooth[at]) - least, least) for at in (first, second)]
    fewer = min(heights[1] / heights[0], 1.0) ** (1 / (second - first))
    line = heights[1] * fewer ** (level - second)
    above = isotonic_regression(np.maximum(counts - line, 0)[second:]).x
    falling = _FALLS ** np.maximum(second - level, 0)
    one = np.minimum(np.append(np.full(second, above[0]), above) * falling, counts)
    return one, np.where(level < second, counts - one, np.minimum(line, counts))
