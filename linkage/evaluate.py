"""How good the links are, where the truth is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pair = tuple[str, str]


@dataclass(frozen=True)
class Quality:
    """Precision, recall and their harmonic mean; 0 where there is nothing to divide by."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, right: int, found: int, true: int) -> Quality:
        precision = right / found if found else 0.0
        recall = right / true if true else 0.0
        f1 = 2 * right / (found + true) if found + true else 0.0
        return cls(precision, recall, f1)


@dataclass(frozen=True)
class Evaluation:
    """At the threshold that was chosen, and at the one that is best on the truth."""

    chosen: Quality
    best: Quality
    best_threshold: float


def evaluate(
    pairs: Collection[Pair],
    probability: npt.NDArray[np.float64],
    threshold: float,
    truth: Collection[Pair],
    *,
    within: bool,
) -> Evaluation:
    """Compare pairs (best first) with the truth.

    Args:
        within: pairs are within one file, so that (a, b) and (b, a) are the same.
    """
    known = {_ordered(pair) for pair in truth} if within else set(truth)
    right = np.array([(_ordered(p) if within else p) in known for p in pairs], bool)
    sums = np.cumsum(right)
    matches = int((probability >= threshold).sum())
    at = sums[matches - 1] if matches else 0
    chosen = Quality.of(int(at), matches, len(known))
    if not len(sums):
        return Evaluation(chosen, chosen, threshold)
    best = int(np.argmax(2 * sums / (np.arange(1, len(sums) + 1) + len(known))))
    return Evaluation(
        chosen, Quality.of(int(sums[best]), best + 1, len(known)), float(probability[best])
    )


def _ordered(pair: Pair) -> Pair:
    return (pair[0], pair[1]) if pair[0] <= pair[1] else (pair[1], pair[0])
