"""Pairs at random, nearly all of two persons: what agreements of strangers are like."""

from __future__ import annotations

import numpy as np

from anonymize.encoding.encode import Encoded
from linkage.blocking import Candidates
from linkage.compare import Compared, compare, patterns
from linkage.weights import Shares

#: Random pairs for each record, and at least and at most.
_RANDOM_PAIRS, _FEWEST, _MOST = 50, 400_000, 2_000_000


def random_pairs(
    left: Encoded,
    right: Encoded,
    pairs: Candidates,
    *,
    within: bool,
    random: np.random.Generator,
) -> tuple[Compared, Shares, Shares]:
    """Random pairs, compared, of small files all: each combination of levels once, how many pairs
    have it, and how many of all pairs that are no candidates."""
    count = int(np.clip(_RANDOM_PAIRS * max(len(left), len(right)), _FEWEST, _MOST))
    all_pairs = len(left) * len(right) / (2 if within else 1)
    if len(left) * len(right) <= count:  # each pair once: to see it again says nothing new
        i, j = np.divmod(np.arange(len(left) * len(right)), len(right))
        i, j = (i[i < j], j[i < j]) if within else (i, j)
    else:
        i, j = random.integers(0, len(left), count), random.integers(0, len(right), count)
        if within:
            i, j = np.minimum(i, j)[i != j], np.maximum(i, j)[i != j]
    compared = compare(left, right, (i, j))
    first, which, times = patterns(list(compared.levels.values()))
    # Candidates are in order of their numbers.
    keys, candidate = i * len(right) + j, pairs.left * len(right) + pairs.right
    place = np.minimum(np.searchsorted(candidate, keys), len(candidate) - 1)
    apart = (candidate[place] != keys).astype(float)
    outside: Shares = np.bincount(which, apart, len(times)).astype(float)
    return (
        Compared(
            {name: levels[first] for name, levels in compared.levels.items()},
            {
                name: (np.bincount(which, rarity) / times).astype(np.float32)
                for name, rarity in compared.rarity.items()
            },
        ),
        times.astype(float),
        outside * ((all_pairs - len(candidate)) / max(outside.sum(), 1)),
    )
