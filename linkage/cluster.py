"""From pairs to persons: groups of records that do not chain two people together.

If every matching pair were followed, one record that resembles two people would make them one, and
so would theirs. So groups are joined by the average of all pairs between them (average linkage:
Sokal and Michener 1958), not by the best one; pairs of which nothing is known count against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linkage.compare import Rows

Scores = npt.NDArray[np.float64]

#: Scores are logarithms of odds above the threshold, cut here: two records that agree on everything
#: do not outweigh two that agree on nothing.
MOST = 10.0
#: What counts for a pair that no block held together, or that was not worth reporting.
UNKNOWN_PAIR = -4.0
#: Records of one person, at most; more are a fault of the data (a name of a shelter, a test case).
LARGEST = 50
#: Components up to here are clustered as a whole; of larger ones the weakest pairs are cut first.
_WHOLE = 400


def clusters(count: int, left: Rows, right: Rows, score: Scores) -> Rows:
    """Which records are one person.

    The same pairs give the same persons, whatever the order they came in, as long as records keep
    their numbers.

    Args:
        count: records, numbered from 0 on.
        left, right, score: each pair once. Above 0 speaks for one person, below against it.

    Returns:
        the number of each record's person: that of its first record.
    """
    score = np.clip(score, -MOST, MOST)
    label, component, sizes = _connected(count, left[score > 0], right[score > 0])
    inside = np.flatnonzero((component[left] == component[right]) & (sizes[component[left]] > 2))
    members, pairs = _grouped(component, sizes > 2), _grouped(component[left[inside]], sizes > 2)
    for number, places in pairs.items():
        mine, these = members[number], inside[places]
        i, j = np.searchsorted(mine, left[these]), np.searchsorted(mine, right[these])
        label[mine] = mine[_joined(len(mine), i, j, score[these])]
    return label


@dataclass(frozen=True)
class Expected:
    """What probabilities expect of persons: pairs of records within them, those of them that are of
    one person, and all that are, apart from what was never compared."""

    pairs: float = 0.0
    right: float = 0.0
    true: float = 0.0

    @property
    def precision(self) -> float:
        return min(self.right / self.pairs, 1.0) if self.pairs else 1.0

    @property
    def recall(self) -> float:
        return min(self.right / self.true, 1.0) if self.true else 1.0

    def reaches(self, precision: float) -> bool:
        """Whether the precision is likely to be this one or better.

        How many are wrong scatters around what is expected, as rare events do: one standard
        deviation more of them must be few enough, too.
        """
        wrong = max(self.pairs - self.right, 0.0)
        return wrong + sqrt(wrong) <= (1 - precision) * self.pairs


def expected(person: Rows, left: Rows, right: Rows, probability: Scores) -> Expected:
    """How many pairs of records within persons are right.

    Two records of a person are as likely one as the likeliest way from one to the other over its
    other records: what says little of two alone may be sure by a third.

    Args:
        person: of each record the number of its person.
        left, right, probability: each pair once.
    """
    sizes = np.bincount(person)
    inside = person[left] == person[right]
    two = inside & (sizes[person[left]] == 2)
    found = float(probability[two].sum())
    rest = np.flatnonzero(inside & ~two)
    members, pairs = _grouped(person, sizes > 2), _grouped(person[left[rest]], sizes > 2)
    for number, places in pairs.items():
        mine, these = members[number], rest[places]
        likely = np.zeros((len(mine), len(mine)))
        i, j = np.searchsorted(mine, left[these]), np.searchsorted(mine, right[these])
        likely[i, j] = likely[j, i] = probability[these]
        for by in range(len(mine)):
            likely = np.maximum(likely, np.outer(likely[by], likely[by]))
        found += float(np.triu(likely, 1).sum())
    within = float((sizes * (sizes - 1.0) / 2).sum())
    return Expected(within, found, found + float(probability[~inside].sum()))


def components(count: int, left: Rows, right: Rows, largest: int) -> list[Rows]:
    """Records that pairs connect, where they are 3 to ``largest``."""
    _, component, sizes = _connected(count, left, right)
    return list(_grouped(component, (sizes > 2) & (sizes <= largest)).values())


def _connected(count: int, left: Rows, right: Rows) -> tuple[Rows, Rows, Rows]:
    """Of each record the first one it is connected with and its component; components' sizes."""
    graph = coo_array((np.ones(len(left), bool), (left, right)), (count, count))
    component = connected_components(graph, directed=False)[1].astype(np.int64)
    first = np.unique(component, return_index=True)[1]
    return first[component], component, np.bincount(component)


def _grouped(numbers: Rows, wanted: npt.NDArray[np.bool_]) -> dict[int, Rows]:
    """Each wanted number to the places it stands at, in order."""
    places = np.flatnonzero(wanted[numbers])
    order = places[np.argsort(numbers[places], kind="stable")]
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    if not len(order):
        return {}
    return dict(zip(numbers[order][starts].tolist(), np.split(order, starts[1:]), strict=True))


def _joined(size: int, i: Rows, j: Rows, score: Scores) -> Rows:
    """The first companion of each record of a component."""
    if size > _WHOLE:
        # The weaker half of the pairs for one person is left out; what still connects is looked at.
        weak = (score > 0) & (score <= np.median(score[score > 0]))
        return clusters(size, i[~weak], j[~weak], score[~weak])
    complete = len(score) == size * (size - 1) // 2
    if complete and size <= LARGEST and (score > 0).all():
        return np.zeros(size, np.int64)
    return _by_average(size, i, j, score)


def _by_average(size: int, i: Rows, j: Rows, score: Scores) -> Rows:
    """Join the two groups whose pairs speak for it most on average, until none does."""
    total = np.full((size, size), UNKNOWN_PAIR)
    total[i, j] = total[j, i] = score
    sizes = np.ones(size)
    label = np.arange(size)
    closed = np.eye(size, dtype=bool)
    while True:
        average = np.where(closed, -np.inf, total / np.outer(sizes, sizes))
        first, second = divmod(int(average.argmax()), size)
        if average[first, second] <= 0:
            return label
        if sizes[first] + sizes[second] > LARGEST:
            closed[first, second] = closed[second, first] = True
            continue
        total[first] += total[second]
        total[:, first] = total[first]
        sizes[first] += sizes[second]
        closed[first] = closed[:, first] = closed[first] & closed[second]
        closed[second] = closed[:, second] = True
        closed[first, first] = True
        label[label == second] = first
