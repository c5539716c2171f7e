"""Links encoded records: candidates, comparison, weights, decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from linkage.blocking import Candidates, candidates
from linkage.compare import Rows, compare
from linkage.decide import Decided, decide, independent
from linkage.weights import Weights, learn
from schemas.errors import ContractError

#: Share of records with a duplicate within their own file from which on records of the other file
#: may have several partners.
_DUPLICATED = 0.02
#: Records of a file that are looked at for that.
_LOOKED_AT = 20_000


@dataclass(frozen=True)
class Links:
    """Pairs of row numbers with their probability, best first.

    Attributes:
        threshold: pairs at or above are matches, the others are for review.
        one_to_one: whether records were held to one partner each.
        candidates: pairs that were compared, and the blocks that gave them.
    """

    left: Rows
    right: Rows
    probability: npt.NDArray[np.float64]
    threshold: float
    one_to_one: bool
    expected_precision: float
    expected_recall: float
    candidates: int
    blocks: tuple[str, ...]

    @property
    def matches(self) -> int:
        return int((self.probability >= self.threshold).sum())


def link(
    left: Encoded,
    right: Encoded | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> Links:
    """Find which records of ``left`` and ``right`` are one person, or of ``left`` alone.

    Raises:
        ContractError: the two sides were encoded under different schemas.
    """
    if right is not None and left.schema.digest != right.schema.digest:
        raise ContractError("the two sides were encoded under different linkage schemas")
    other = left if right is None else right
    progress("candidates")
    found = candidates(left, right)
    if not len(found.left):
        return _none(found)
    progress("comparison")
    compared = compare(left, other, (found.left, found.right))
    progress("weights")
    weights = learn(left, right, found, compared)
    progress("decision")
    one_to_one = right is not None and _one_to_one(left, other, weights)
    decided = decide(
        weights.of(compared),
        (found.left, found.right),
        (len(left), len(other)),
        one_to_one=one_to_one,
        within=right is None,
        min_precision=left.schema.min_precision,
        fakes=(left.fakes, other.fakes),
    )
    return _links(found, decided, one_to_one)


def _one_to_one(left: Encoded, right: Encoded, weights: Weights) -> bool:
    wanted = left.schema.one_to_one
    if wanted != "auto":
        return bool(wanted)
    return not any(_has_duplicates(side, weights) for side in (left, right))


def _has_duplicates(encoded: Encoded, weights: Weights) -> bool:
    """Whether more than a few records of one file have a partner in the same file."""
    sample = encoded.head(_LOOKED_AT)
    found = candidates(sample, None)
    if not len(found.left):
        return False
    compared = compare(sample, sample, (found.left, found.right))
    probability = independent(weights.of(compared), len(sample) * (len(sample) - 1) / 2)
    same = probability > 0.5
    partners = np.union1d(found.left[same], found.right[same])
    return len(partners) > _DUPLICATED * len(sample)


def _links(found: Candidates, decided: Decided, one_to_one: bool) -> Links:
    return Links(
        found.left[decided.pairs],
        found.right[decided.pairs],
        decided.probability,
        decided.threshold,
        one_to_one,
        decided.expected_precision,
        decided.expected_recall,
        len(found.left),
        found.blocks,
    )


def _none(found: Candidates) -> Links:
    empty = np.empty(0, np.int64)
    return Links(empty, empty, np.empty(0), 1.0, False, 1.0, 0.0, 0, found.blocks)
