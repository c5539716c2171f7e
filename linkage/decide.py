"""From likelihood ratios to decisions: match, review or nothing, at a threshold nobody has to set.

Where a record has at most one partner on the other side, its candidates compete: the probability
of a pair is its share among all of its record's candidates and 'no partner at all'. What is sure
is taken out before the rest is weighed again: a partner that is taken competes no more. Where
records may have several partners, only those compete that are two persons (``rivals``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.compare import Rows
from linkage.weights import posterior, share_of_matches

Probabilities = npt.NDArray[np.float64]

_ROUNDS, _CLOSE = 200, 1e-9
#: What is sure is taken out before the rest is weighed again, if there is enough to learn from.
#: Where few records would stay open, less counts as sure: few decoys calibrate badly.
_SURE, _SURE_OF_FEW, _FEW, _DECOYS = 0.98, 0.9, 5_000, 200
#: Of the rest the best this many pairs are weighed together, then this times as many, and so on.
_FIRST, _GROWTH = 25, 1.5
#: Pairs from here to the threshold are for clerical review.
REVIEW = 0.1


@dataclass(frozen=True)
class Decided:
    """Pairs worth reporting, best first.

    Attributes:
        pairs: places among the candidates.
        probability: that the two are one person.
        threshold: from here on a pair is a match: where the expected F1 is highest.
        expected_precision, expected_recall: by the probabilities themselves.
    """

    pairs: Rows
    probability: Probabilities
    threshold: float
    expected_precision: float
    expected_recall: float


def decide(
    weight: Probabilities,
    pairs: tuple[Rows, Rows],
    sizes: tuple[int, int],
    *,
    one_to_one: bool,
    within: bool,
    share: float | None = None,
    min_precision: float = 0.0,
    fakes: tuple[int, int] = (0, 0),
    compete: Callable[[Probabilities], Probabilities] = lambda alone: alone,
) -> Decided:
    """Decide on candidate pairs.

    Args:
        weight: log likelihood ratios.
        sizes: records on each side.
        within: the pairs are within one file.
        share: of all pairs, those of one person; estimated from the weights where left out.
        min_precision: expected precision that the threshold must reach, at the cost of recall.
        fakes: records on each side that are of nobody; their agency drops what is linked to them.
        compete: where records may have several partners, what is left of probabilities of pairs by
            themselves (``rivals``).
    """
    true = 0.0
    if one_to_one and not within:
        chosen, probability = _one_to_one(weight, pairs, sizes, fakes)
    else:
        all_pairs = sizes[0] * sizes[1] / (2 if within else 1)
        share = share or share_of_matches(weight, all_pairs)
        probability = compete(posterior(weight, share))
        true = max(share * all_pairs, float(probability.sum()))
        chosen = np.flatnonzero(probability >= REVIEW / 10)
        probability = probability[chosen]
    order = np.argsort(-probability, kind="stable")
    true = true or float(probability.sum())
    return _at_threshold(chosen[order], probability[order], true, min_precision)


def _one_to_one(
    weight: Probabilities,
    pairs: tuple[Rows, Rows],
    sizes: tuple[int, int],
    fakes: tuple[int, int],
) -> tuple[Rows, Probabilities]:
    i, j = pairs
    probability = np.minimum(
        _competing(weight, i, sizes[0], sizes[1]), _competing(weight, j, sizes[1], sizes[0])
    )
    best = greedy(probability, i, j)
    sure = best[probability[best] >= _SURE]
    if min(sizes) - len(sure) < _FEW:
        sure = best[probability[best] >= _SURE_OF_FEW]
    taken = np.zeros(sizes[0], bool), np.zeros(sizes[1], bool)
    taken[0][i[sure]], taken[1][j[sure]] = True, True
    if len(sure) < _DECOYS:
        return best, probability[best]
    rest = np.flatnonzero(~taken[0][i] & ~taken[1][j])
    calibrated = _by_decoys(weight, (taken[0][i], taken[1][j]), (taken[0], taken[1]))
    odds = np.exp(np.clip(weight[rest], -60, 60))
    share = np.minimum(
        odds / np.bincount(i[rest], odds, sizes[0])[i[rest]],
        odds / np.bincount(j[rest], odds, sizes[1])[j[rest]],
    )
    likely = calibrated[rest] * share
    # A false pair that holds a fake is dropped: of those, only what is real on both sides counts.
    stay = [
        max(1 - fake / max(size - len(sure), 1), 0.01)
        for fake, size in zip(fakes, sizes, strict=True)
    ]
    likely = likely / (likely + (1 - likely) * stay[0] * stay[1])
    more = greedy(likely, i[rest], j[rest])
    return np.concatenate([sure, rest[more]]), np.concatenate([probability[sure], likely[more]])


def _by_decoys(
    weight: Probabilities,
    taken: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
    records: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
) -> Probabilities:
    """Probability by weight of pairs of which neither record has a sure partner.

    Pairs of an open record with one that has its partner elsewhere are false: decoys. As many of
    them as there are at a weight, by the sizes of the two groups, are expected among the open pairs
    (the target-decoy estimate of proteomics: Elias and Gygi 2007). Unlike the likelihood ratios it
    does not rest on errors in different fields being independent.
    """
    from scipy.optimize import isotonic_regression  # a second to import

    open_ = ~taken[0] & ~taken[1]
    ordered = np.sort(weight[open_])[::-1]
    ranks = (_FIRST * _GROWTH ** np.arange(64)).astype(np.int64)
    edges = np.unique(ordered[ranks[ranks < len(ordered)]])
    if not len(edges):
        return np.zeros(len(weight))
    place = np.searchsorted(edges, weight, side="right")
    count = len(edges) + 1
    false = np.zeros(count)
    for mine, theirs, there in (
        (~taken[0], taken[1], records[1]),
        (~taken[1], taken[0], records[0]),
    ):
        decoys = np.bincount(place[mine & theirs], minlength=count)
        false += decoys * (~there).sum() / max(there.sum(), 1) / 2
    seen = np.bincount(place[open_], minlength=count)
    raw = 1 - (false + 0.5 * (false == 0)) / np.maximum(seen, 1)
    rising = isotonic_regression(np.clip(raw, 0, 1), weights=np.maximum(seen, 1)).x
    middle = np.bincount(place[open_], weight[open_], count) / np.maximum(seen, 1)
    told = seen > 0
    found: Probabilities = np.interp(weight, middle[told], rising[told])
    return found


def _competing(weight: Probabilities, record: Rows, records: int, others: int) -> Probabilities:
    """Probability of each pair among the candidates of its record.

    A record has a partner with probability p, any of the other side's with the same; p is
    estimated by EM.
    """
    ratio = np.exp(np.clip(weight, -60, 60)) / others
    share = 0.5
    for _ in range(_ROUNDS):
        odds = share * ratio
        found = odds / ((1 - share) + np.bincount(record, odds, records))[record]
        before, share = share, float(np.clip(found.sum() / records, 1e-6, 0.995))
        if abs(share - before) < _CLOSE:
            break
    return found


def greedy(probability: Probabilities, i: Rows, j: Rows) -> Rows:
    """Best pairs first, each record once; the impossible left out."""
    possible = np.flatnonzero(probability > REVIEW / 100)
    order = possible[np.argsort(-probability[possible], kind="stable")]
    used: tuple[set[int], set[int]] = (set(), set())
    kept = []
    for place, first, second in zip(
        order.tolist(), i[order].tolist(), j[order].tolist(), strict=True
    ):
        if first not in used[0] and second not in used[1]:
            used[0].add(first)
            used[1].add(second)
            kept.append(place)
    return np.asarray(kept, np.int64)


def _at_threshold(
    pairs: Rows, probability: Probabilities, true: float, min_precision: float
) -> Decided:
    """The threshold at which expected F1 is highest: 2 * sum(p taken) / (taken + true), among those
    that reach ``min_precision``. Pairs of one probability are all taken or none.

    Args:
        true: how many pairs of one person are expected, among these pairs and others.
    """
    if not len(probability):
        return Decided(pairs, probability, 1.0, 1.0, 0.0)
    sums = np.cumsum(probability)
    ends = np.flatnonzero(np.diff(probability, append=-1.0))
    taken = ends + 1
    f1 = 2 * sums[ends] / (taken + true)
    reached = sums[ends] / taken >= min_precision
    best = int(ends[np.argmax(np.where(reached, f1, -1.0 * taken))])
    keep = probability >= min(REVIEW, probability[best])
    return Decided(
        pairs[keep],
        probability[keep],
        float(probability[best]),
        float(sums[best] / (best + 1)),
        min(float(sums[best] / true), 1.0),
    )
