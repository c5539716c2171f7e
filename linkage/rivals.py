"""Where a record resembles two persons, it is one of them at most.

Pairs are weighed one by one; but the candidates of one record compete, unless they are one person
themselves: a record without a date of birth is not two people of its name. Of candidates a and b
with odds o, the record is a with (o_a + s o_b) / (1 + o_a + o_b) at most, where s is how likely a
and b are one person: by what they say of each other and the record says of a, on average, as groups
are joined (``cluster``).

Weighed one by one, pairs are right on average over those with rivals and those without: what rivals
take from some, having none gives to others. So all odds are raised by one factor, until as many
pairs of one person are expected as before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linkage.compare import Rows
from linkage.decide import Probabilities

#: Less likely candidates are no rivals; of more than these, the likeliest are.
_LEAST, _MOST = 0.02, 8
#: Odds that no other counts against.
_SURE = 1 - 1e-12
#: Even pairs without rivals that are taken to have been seen, with odds that were right: the rivals
#: of a few records teach no factor. No factor is larger than e to the power of the second.
_SEEN, _LARGEST = 100, 5.0

#: How likely rows of one side are one person with other rows of it, pair by pair.
Same = Callable[[Rows, Rows], Probabilities]


@dataclass(frozen=True)
class Side:
    """Records of one side, and what may be the same person on the other, pair by pair; pairs
    within one file stand twice, the second time turned round.

    Attributes:
        same: how likely rows of ``candidates`` are one person.
    """

    records: Rows
    candidates: Rows
    same: Same


@dataclass(frozen=True)
class _Rivals:
    """Candidates of the same records.

    Attributes:
        place: the pair of each candidate.
        above, below: any two candidates of one record, and ``alike``: the odds that they are one
            person.
    """

    place: Rows
    above: Rows
    below: Rows
    alike: Probabilities

    def leave(self, pairs: Probabilities) -> Probabilities:
        """How likely each candidate remains, where pairs have these odds."""
        odds = pairs[self.place]
        of_others, shared = np.zeros(len(odds)), np.zeros(len(odds))
        for one, other in ((self.above, self.below), (self.below, self.above)):
            by_both = np.sqrt(odds[one] * self.alike)
            of_others += np.bincount(one, odds[other], len(odds))
            shared += np.bincount(one, odds[other] * by_both / (1 + by_both), len(odds))
        left: Probabilities = (odds + shared) / (1 + odds + of_others)
        return left


def competing(alone: Probabilities, *sides: Side) -> Probabilities:
    """Probabilities of pairs whose candidates compete, from those of the pairs by themselves."""
    from scipy.optimize import brentq  # a second to import

    found = alone.copy()
    likely = np.flatnonzero(alone >= _LEAST)
    contests = [_rivals(side, likely, alone) for side in sides]
    if not any(len(rivals.above) for rivals in contests):
        return found
    cut = np.minimum(alone[likely], _SURE)
    odds, expected = cut / (1 - cut), float(cut.sum())

    def left(raised: float) -> Probabilities:
        more = odds * np.exp(raised)
        probability: Probabilities = more / (1 + more)
        for rivals in contests:
            np.minimum.at(probability, rivals.place, rivals.leave(more))
        return probability

    def too_many(raised: float) -> float:
        of_seen = _SEEN / (1 + np.exp(-raised)) - _SEEN / 2
        return float(left(raised).sum()) - expected + float(of_seen)

    reached = too_many(0.0) < 0 < too_many(_LARGEST)
    raised = brentq(too_many, 0.0, _LARGEST, xtol=1e-4) if reached else 0.0
    found[likely] = left(raised)
    return found


def _rivals(side: Side, likely: Rows, alone: Probabilities) -> _Rivals:
    """The candidates of each record, the likeliest first."""
    turns = range(0, len(side.records), max(len(alone), 1))
    entry = np.concatenate([likely[:0], *(likely + start for start in turns)])
    place = np.tile(np.arange(len(likely)), len(turns))
    order = np.lexsort((-alone[likely][place], side.records[entry]))
    entry, place = entry[order], place[order]
    record, places = side.records[entry], np.arange(len(entry))
    starts = np.diff(record, prepend=-1) != 0
    kept = places - np.maximum.accumulate(np.where(starts, places, 0)) < _MOST
    above, below = _couples(record[kept])
    rows = side.candidates[entry[kept]]
    alike = side.same(rows[above], rows[below]) if len(above) else np.empty(0)
    return _Rivals(place[kept], above, below, alike / np.maximum(1 - alike, 1 - _SURE))


def _couples(record: Rows) -> tuple[Rows, Rows]:
    """Places of any two entries of one record, which stand together."""
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for apart in range(1, _MOST):
        at = np.flatnonzero(record[apart:] == record[:-apart])
        first.append(at)
        second.append(at + apart)
    return np.concatenate(first), np.concatenate(second)
