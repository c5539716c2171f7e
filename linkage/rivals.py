"""Where a record resembles two persons, it is one of them at most.

Pairs are weighed one by one; but the candidates of one record compete, unless they are one person
themselves: a record without a date of birth is not two people of its name. Of candidates a and b
with odds o, the record is a with (o_a + s o_b) / (1 + o_a + o_b) at most, where s is how likely a
and b are one person: by what they say of each other and the record says of a, on average, as groups
are joined (``cluster``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from linkage.compare import Rows
from linkage.decide import Probabilities

#: Less likely candidates are no rivals; of more than these, the likeliest are.
_LEAST, _MOST = 0.02, 8
#: Odds that no other counts against.
_SURE = 1 - 1e-12

#: How likely rows of one side are one person with other rows of it, pair by pair.
Same = Callable[[Rows, Rows], Probabilities]


def competing(pairs: tuple[Rows, Rows], probability: Probabilities, same: Same) -> Probabilities:
    """Probabilities of pairs, lowered where the candidates of a record of the first side compete.

    Args:
        pairs: each once.
        same: of rows of the second side.
    """
    found = probability.copy()
    likely = np.flatnonzero(probability >= _LEAST)
    order = likely[np.lexsort((-probability[likely], pairs[0][likely]))]
    record = pairs[0][order]
    places = np.arange(len(order))
    starts = np.diff(record, prepend=-1) != 0
    rank = places - np.maximum.accumulate(np.where(starts, places, 0))
    order, rank = order[rank < _MOST], rank[rank < _MOST]
    record = pairs[0][order]
    above, below = _couples(record)
    if not len(above):
        return found
    alike = same(pairs[1][order[above]], pairs[1][order[below]])
    cut = np.minimum(probability[order], _SURE)
    odds = cut / (1 - cut)
    of_others, shared = np.zeros(len(order)), np.zeros(len(order))
    for one, other in ((above, below), (below, above)):
        by_both = np.sqrt(odds[one] * alike / np.maximum(1 - alike, 1 - _SURE))
        of_others += np.bincount(one, odds[other], len(order))
        shared += np.bincount(one, odds[other] * by_both / (1 + by_both), len(order))
    found[order] = np.minimum(cut, (odds + shared) / (1 + odds + of_others))
    return found


def _couples(record: Rows) -> tuple[Rows, Rows]:
    """Places of any two entries of one record, which stand together."""
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for apart in range(1, _MOST):
        at = np.flatnonzero(record[apart:] == record[:-apart])
        first.append(at)
        second.append(at + apart)
    return np.concatenate(first), np.concatenate(second)
