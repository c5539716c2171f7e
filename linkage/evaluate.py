"""How good the links are, where the truth is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


@dataclass(frozen=True)
class GroupQuality:
    """Links of one group of persons.

    Attributes:
        true: pairs of one person whose person is of the group.
        gap: the group's recall less that of everybody.
        worse: the gap is at least ``MARKED`` and more than chance explains.
    """

    group: str
    true: int
    quality: Quality
    gap: float
    worse: bool


#: A difference in recall that is reported as worse, and how many standard errors make it no chance.
MARKED, ERRORS = 0.02, 3.0


def by_group(
    persons: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    both: npt.NDArray[np.int64],
    group: npt.NDArray[np.int64],
    names: Sequence[str],
) -> list[GroupQuality]:
    """Precision and recall by group of persons (name culture, sex, age band), worst recall first.

    Args:
        persons: of each matched pair, the persons that its two records are of.
        both: the persons who have a record on either side, one each.
        group: of every person, its number in ``names``.
    """
    right = persons[0] == persons[1]
    count = len(names)
    true = np.bincount(group[both], minlength=count)
    caught = np.bincount(group[persons[0][right]], minlength=count)
    taken = np.bincount(group[persons[0]], minlength=count)
    overall = caught.sum() / max(true.sum(), 1)
    found = []
    for number, name in enumerate(names):
        if not true[number]:
            continue
        quality = Quality.of(int(caught[number]), int(taken[number]), int(true[number]))
        gap = quality.recall - float(overall)
        error = float(np.sqrt(overall * (1 - overall) / true[number]))
        worse = -gap >= MARKED and -gap > ERRORS * error
        found.append(GroupQuality(name, int(true[number]), quality, gap, worse))
    return sorted(found, key=lambda one: one.quality.recall)


def _ordered(pair: Pair) -> Pair:
    return (pair[0], pair[1]) if pair[0] <= pair[1] else (pair[1], pair[0])
