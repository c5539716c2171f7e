"""How good a run's links are where nobody knows the truth, and whether scores drift from before.

Every run reports what its probabilities expect, what its blocks are likely to have missed, and
how its scores are spread. All are counts and shares: nothing here says anything of a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from linkage.blocking import sharing
from linkage.compare import Rows, known_filters
from linkage.link import Links

#: Edges of the histogram of scores: match weights in bits (log2 of the likelihood ratio). Below and
#: above are a bin each.
EDGES = tuple(range(0, 62, 3))
BINS = len(EDGES) + 1
#: A population stability index from here on is a large shift (Lewis 1994; Siddiqi 2006).
LARGE_SHIFT = 0.25
#: The index of two samples of one population exceeds its limit once in a thousand runs.
_BY_CHANCE = 0.999


@dataclass(frozen=True)
class RunQuality:
    """What one run says of itself.

    Attributes:
        expected_precision: of the matches, by their probabilities.
        expected_recall: of all pairs of one person, those missed by every block included.
        blocking_recall: share of all pairs of one person that some block held together.
        by_block: block to the share of the matches that it holds together; none where all pairs
            were compared.
        histogram: pairs worth reporting by match weight, ``BINS`` counts.
        known: field to the share of records that have a value; of CLKs the share of those that
            have any.
        most_frequent_token: records that share one block token: what a frequency attack has.
    """

    pairs: int
    matches: int
    review: int
    threshold: float
    expected_precision: float
    expected_recall: float
    blocking_recall: float
    by_block: Mapping[str, float]
    histogram: tuple[int, ...]
    known: Mapping[str, float]
    most_frequent_token: int


@dataclass(frozen=True)
class Drift:
    """Whether scores are spread as before.

    Attributes:
        index: population stability index against all earlier runs together.
        limit: from here on it is an alarm.
    """

    index: float
    limit: float

    @property
    def alarm(self) -> bool:
        return self.index >= self.limit


def run_quality(links: Links, left: Encoded, right: Encoded | None = None) -> RunQuality:
    """The quality of ``links`` between ``left`` and ``right``, or within ``left``."""
    other = left if right is None else right
    found, by_block = held_together(links, left, right)
    return RunQuality(
        pairs=links.candidates,
        matches=links.matches,
        review=len(links.probability) - links.matches,
        threshold=links.threshold,
        expected_precision=links.expected_precision,
        expected_recall=links.expected_recall * found,
        blocking_recall=found,
        by_block=by_block,
        histogram=histogram(links.weight),
        known=_known(left, other),
        most_frequent_token=max(most_frequent_token(left), most_frequent_token(other)),
    )


def held_together(
    links: Links, left: Encoded, right: Encoded | None = None
) -> tuple[float, dict[str, float]]:
    """What share of all pairs of one person blocks are likely to have held together, and block by
    block what share of the matches."""
    matched = links.probability >= links.threshold
    pairs = links.left[matched], links.right[matched]
    other = left if right is None else right
    held = sharing(left, other, pairs, links.blocks)
    by_block = {name: float(one.mean()) if len(one) else 0.0 for name, one in held.items()}
    return blocking_recall(held) * _with_dates(left, other, pairs, links.blocks), by_block


def _with_dates(
    left: Encoded, right: Encoded, pairs: tuple[Rows, Rows], blocks: Sequence[str]
) -> float:
    """Share of pairs of one person that blocks are left with, which most are made of a date: among
    the matches dates of both are known more often than among records at random, if pairs without
    meet nowhere."""
    found = 1.0
    for name, kind in left.schema.kinds.items():
        if kind == "date" and name in left.filters and blocks and len(pairs[0]):
            mine, theirs = (known_filters(side.filters[name]) for side in (left, right))
            both = float((mine[pairs[0]] & theirs[pairs[1]]).mean())
            found = min(found, float(mine.mean() * theirs.mean()) / max(both, 1e-9))
    return found


def blocking_recall(held: Mapping[str, npt.NDArray[np.bool_]]) -> float:
    """Share of true pairs that at least one block holds together, estimated from the matches.

    By how many pairs only one or only two blocks hold, those that none holds are estimated as the
    species nobody has seen (Chao 1987): f1 (f1 - 1) / 2 (f2 + 1). The blocks of one schema share
    fields, so this is a rough figure, and on the county a cautious one: 0.963 where 0.988 is true.

    Args:
        held: block to whether it holds each match together.
    """
    if not held:
        return 1.0
    times = np.sum(list(held.values()), axis=0)
    once, twice = int((times == 1).sum()), int((times == 2).sum())
    found = int((times > 0).sum())
    missed = once * max(once - 1, 0) / (2 * (twice + 1))
    return found / (found + missed) if found else 1.0


def histogram(weight: npt.NDArray[np.float64]) -> tuple[int, ...]:
    """Pairs by match weight: ``BINS`` counts. ``weight``: natural logarithms of likelihood
    ratios."""
    place = np.searchsorted(EDGES, weight / np.log(2), side="right")
    return tuple(np.bincount(place, minlength=BINS).tolist())


def drift(now: Sequence[int], earlier: Sequence[Sequence[int]]) -> Drift:
    """Compare a run's histogram with those of earlier runs.

    The index of two samples of n and m pairs from one population is spread as (1/n + 1/m) times a
    chi-squared variable of one degree less than there are bins (Yurdakul and Naranjo 2020): a small
    run needs more than a large one to raise an alarm.
    """
    from scipy.stats import chi2

    before = np.sum([list(one) for one in earlier], axis=0) if earlier else np.zeros(BINS)
    counts = np.asarray(now, float)
    if not counts.sum() or not before.sum():
        return Drift(0.0, LARGE_SHIFT)
    # Tenths of the earlier scores, as the index is customarily computed: no bin is nearly empty.
    tenth = (10 * (np.cumsum(before) - before / 2) / before.sum()).astype(np.int64)
    mine, theirs = (np.bincount(tenth, one)[np.unique(tenth)] + 0.5 for one in (counts, before))
    size = 1 / counts.sum() + 1 / before.sum()
    mine, theirs = mine / mine.sum(), theirs / theirs.sum()
    index = float(((mine - theirs) * np.log(mine / theirs)).sum())
    by_chance = size * float(chi2.ppf(_BY_CHANCE, len(mine) - 1))
    return Drift(index, max(LARGE_SHIFT, by_chance))


def most_frequent_token(encoded: Encoded) -> int:
    """How many records share the most frequent block token: what a frequency attack has."""
    most = 0
    for tokens in encoded.tokens.values():
        known = np.sort(tokens[tokens != 0])
        if len(known):
            starts = np.flatnonzero(np.diff(known, prepend=known[0] - np.uint64(1)))
            most = max(most, int(np.diff(starts, append=len(known)).max()))
    return most


def _known(left: Encoded, right: Encoded) -> dict[str, float]:
    records = max(len(left) + (0 if right is left else len(right)), 1)
    sides = (left,) if right is left else (left, right)
    return {
        name: sum(int(side.filters[name].any(axis=1).sum()) for side in sides) / records
        for name in left.schema.filters
    }
