"""Links encoded records: candidates, comparison, weights, decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from linkage.blocking import Candidates, candidates
from linkage.compare import Rows, combinations, compare
from linkage.decide import Probabilities, decide
from linkage.learn import learn
from linkage.rivals import Side, competing
from linkage.weights import Weights, posterior
from schemas.errors import ContractError

#: A pair is sure from here on, and of records with a sure partner this share with another one shows
#: that records may have several: Febrl 4, one-to-one, has 0.003; sets with duplicates, 0.2.
_SURE, _SEVERAL = 0.9, 0.02


@dataclass(frozen=True)
class Links:
    """Pairs of row numbers with their probability, best first.

    Attributes:
        weight: natural logarithm of each pair's likelihood ratio.
        threshold: pairs at or above are matches, the others are for review.
        one_to_one: whether records were held to one partner each.
        candidates: pairs that were compared, and the blocks that gave them (none: all pairs).
        weights: what the pairs were weighed by, for later runs; None where there was no pair.
    """

    left: Rows
    right: Rows
    probability: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    threshold: float
    one_to_one: bool
    expected_precision: float
    expected_recall: float
    candidates: int
    blocks: tuple[str, ...]
    weights: Weights | None

    @property
    def matches(self) -> int:
        return int((self.probability >= self.threshold).sum())

    @property
    def unseen(self) -> float:
        """Pairs of one person that are expected beside those worth reporting, blocks' misses left
        out: each alone is unlikely."""
        if not self.expected_recall:
            return 0.0
        true = self.expected_precision * self.matches / self.expected_recall
        return max(true - float(self.probability.sum()), 0.0)


def link(
    left: Encoded,
    right: Encoded | None = None,
    weights: Weights | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> Links:
    """Find which records of ``left`` and ``right`` are one person, or of ``left`` alone.

    Args:
        weights: of an earlier run; learned from the candidates where left out.

    Raises:
        ContractError: the two sides were encoded under different schemas.
    """
    if right is not None and left.schema.digest != right.schema.digest:
        raise ContractError("the two sides were encoded under different linkage schemas")
    other = left if right is None else right
    progress("candidates")
    found = candidates(left, right)
    if not len(found.left):
        return no_links(found.blocks)
    progress("comparison")
    compared = combinations(compare(left, other, (found.left, found.right)))
    progress("weights")
    share = None
    if weights is None:
        weights = learn(left, right, found, compared)
        share = weights.share
    else:
        weights = weights.among(len(other))
    progress("decision")
    weight = weights.of(compared.compared)[compared.which]
    one_to_one = right is not None and _one_to_one(
        left.schema.one_to_one, found, weight, weights.share
    )
    decided = decide(
        weight,
        (found.left, found.right),
        (len(left), len(other)),
        one_to_one=one_to_one,
        within=right is None,
        share=share,
        min_precision=left.schema.min_precision,
        fakes=(left.fakes, other.fakes),
        compete=partial(_competing, left, right, (found.left, found.right), weights),
    )
    return Links(
        found.left[decided.pairs],
        found.right[decided.pairs],
        decided.probability,
        weight[decided.pairs],
        decided.threshold,
        one_to_one,
        decided.expected_precision,
        decided.expected_recall,
        len(found.left),
        found.blocks,
        weights,
    )


def _competing(
    left: Encoded,
    right: Encoded | None,
    pairs: tuple[Rows, Rows],
    weights: Weights,
    alone: Probabilities,
) -> Probabilities:
    """Probabilities, lowered where records of either side have rivals on the other and raised where
    they have none."""

    def same(side: Encoded, one: Rows, other: Rows) -> Probabilities:
        return posterior(weights.of(compare(side, side, (one, other))), weights.share)

    i, j = pairs
    if right is not None:
        return competing(alone, Side(i, j, partial(same, right)), Side(j, i, partial(same, left)))
    both = Side(np.concatenate([i, j]), np.concatenate([j, i]), partial(same, left))
    return competing(alone, both)


def _one_to_one(
    wanted: str | bool, pairs: Candidates, weight: npt.NDArray[np.float64], share: float
) -> bool:
    """As the schema says or, where it leaves that open, unless more than a few records have several
    sure partners."""
    if wanted != "auto":
        return bool(wanted)
    sure = posterior(weight, share) > _SURE
    for rows in (pairs.left, pairs.right):
        partners = np.bincount(rows[sure])
        if (partners > 1).sum() > _SEVERAL * (partners > 0).sum():
            return False
    return True


def no_links(blocks: tuple[str, ...]) -> Links:
    """What is found where no pair was worth a look."""
    rows, nothing = np.empty(0, np.int64), np.empty(0)
    return Links(rows, rows, nothing, nothing, 1.0, False, 1.0, 0.0, 0, blocks, None)
