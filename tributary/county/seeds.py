"""Random streams by name: a new part of the county draws nothing from another part's stream."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import numpy.typing as npt

#: Rows handled at a time. Part of what a seed means: another size is another county.
BATCH = 50_000
#: Rows with narratives, which are long.
TEXTS = 10_000

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The random stream of one named part of the county."""
    words = tuple(crc32(str(name).encode()) for name in names)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=words))


def zipf(size: int, flattening: float = 4.0) -> npt.NDArray[np.float64]:
    """Weights of a list ordered from common to rare, adding up to 1."""
    weights = 1.0 / (np.arange(size) + flattening)
    return np.asarray(weights / weights.sum())


def pick(random: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """``size`` indices drawn with ``weights`` (which need not add up to 1)."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges, random.random(size) * edges[-1], side="right")
    return np.asarray(found, dtype=np.int64)


def chance(random: np.random.Generator, rate: npt.ArrayLike, size: int) -> Mask:
    """True with probability ``rate`` (one for all, or one each)."""
    return np.asarray(random.random(size) < np.asarray(rate))
