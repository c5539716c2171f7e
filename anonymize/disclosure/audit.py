"""What a reader can work out of what is published: bounds on every hidden cell, by linear programs.

A reader knows the published quantities, how cells add up, and for every hidden one a floor below
which it cannot lie. All tables that agree with this are possible for him; a cell is safe where
those that are possible lie far enough apart. One solution speaks for many cells at once, so that
few programs prove most of them.

Where a cell is not safe, duality says why: a combination of equations bounds it through published
cells alone, and at least one of those must be hidden too (M. Fischetti and J. J. Salazar-González,
"Solving the cell suppression problem on tabular data with linear constraints", Management Science
47 (2001) 1008-1027). That is a ``Cut``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from anonymize.disclosure.dimensions import Bools, Floats, Ints
from anonymize.disclosure.linear import minimise

#: Below this a number is the solver's noise.
EPSILON = 1e-6
#: How far from the truth possible tables are looked for, in widest intervals asked for.
REACH = 100.0
#: Programs for many cells at once stop when one proves fewer than this share of the rest.
STALLED = 0.1


@dataclass(frozen=True)
class View:
    """One reader: what he knows of each quantity, and what must stay hidden from him.

    Attributes:
        truth: the quantities.
        floor: least value he holds possible.
        need: width of interval that must be left if the quantity is hidden; 0 where it may be
            known.
        ceiling: greatest value he holds possible; None: any.
    """

    truth: Floats
    floor: Floats
    need: Floats
    ceiling: Floats | None = None

    def asked(self, hidden: Bools, width: Floats | None = None) -> View:
        """The same reader, with a need (or ``width``) for what is hidden alone."""
        need = np.where(hidden, self.need if width is None else width, 0.0)
        return replace(self, need=need)

    @property
    def fall(self) -> Floats:
        """How far below the truth a quantity may lie."""
        return np.asarray(self.truth - self.floor)

    @property
    def rise(self) -> Floats:
        """How far above."""
        if self.ceiling is None:
            return np.full(len(self.truth), np.inf)
        return np.asarray(self.ceiling - self.truth)


@dataclass(frozen=True)
class Cut:
    """Why a quantity is not safe: ``coefficient @ hidden`` is the widest interval it can have."""

    target: int
    width: float
    coefficient: Floats


@dataclass(frozen=True)
class Bounds:
    """For each quantity an interval all of which is possible, and those too narrow.

    Of a quantity found safe the interval may be wider still; of the others it is exact.
    """

    lower: Floats
    upper: Floats
    cuts: tuple[Cut, ...]


def audit(
    sums: sparse.csr_array, hidden: Bools, view: View, most: int = 10**9, seed: int = 0
) -> Bounds:
    """Bounds of every hidden quantity with a ``need``.

    Args:
        sums: equations ``sums @ truth == 0``.
        most: cuts after which the rest is not looked at.
    """
    lower, upper = view.truth.copy(), view.truth.copy()
    random = np.random.default_rng(seed)
    cuts: list[Cut] = []
    for columns in components(sums, hidden):
        targets = columns[view.need[columns] > 0]
        if len(targets) and len(cuts) < most:
            program = _Program(sums, columns, view, lower, upper)
            program.prove_together(targets, random)
            cuts += program.prove_each(targets, most - len(cuts))
    return Bounds(lower, upper, tuple(cuts))


def components(sums: sparse.csr_array, hidden: Bools) -> Iterator[Ints]:
    """Hidden quantities that hang together by equations, component by component."""
    columns = np.flatnonzero(hidden)
    if not len(columns):
        return
    part = abs(sums[:, columns])
    _count, labels = connected_components(part.T @ part, directed=False)
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    for group in np.split(order, edges):
        yield columns[group]


class _Program:
    """The possible tables of one component; ``lower`` and ``upper`` grow with every solution."""

    def __init__(
        self, sums: sparse.csr_array, columns: Ints, view: View, lower: Floats, upper: Floats
    ) -> None:
        part = sums[:, columns]
        self.rows = np.flatnonzero(np.diff(part.indptr))
        self.matrix = part[self.rows]
        self.sums, self.columns, self.view = sums, columns, view
        self.lower, self.upper = lower, upper
        self.truth = view.truth[columns]
        self.right = self.matrix @ self.truth
        reach = REACH * view.need.max()
        fall, rise = (np.minimum(room[columns], reach) for room in (view.fall, view.rise))
        self.box = np.column_stack([self.truth - fall, self.truth + rise])

    def prove_together(self, targets: Ints, random: np.random.Generator) -> None:
        """Push all cells not yet proved at once, up, down and in random directions."""
        for turn in range(40):
            left = self.narrow(targets)
            if len(left) < 4:
                return
            ways = {0: [1.0], 1: [-1.0]}.get(turn, [-1.0, 1.0])
            goal = np.zeros(len(self.view.truth))
            goal[left] = random.choice(ways, len(left)) * random.uniform(0.5, 1.0, len(left))
            self.solve(goal[self.columns])
            if turn > 1 and len(left) - len(self.narrow(left)) < STALLED * len(left):
                return

    def prove_each(self, targets: Ints, most: int) -> list[Cut]:
        cuts: list[Cut] = []
        for target in self.narrow(targets):
            if len(cuts) == most:
                break
            if len(self.narrow(np.array([target]))):
                cuts += self.prove(int(target))
        return cuts

    def prove(self, target: int) -> list[Cut]:
        """Widen the interval of one cell as far as it goes; a cut where that is not enough."""
        need = self.view.need[target]
        place = int(np.searchsorted(self.columns, target))
        goal = np.zeros(len(self.columns))
        goal[place] = 1.0
        up = self.solve(goal)
        if not len(self.narrow(np.array([target]))):
            return []
        down = self.solve(-goal)
        width = float(up.values[place] - down.values[place])
        return [self.cut(target, width, up, down)] if width < need - EPSILON else []

    def narrow(self, targets: Ints) -> Ints:
        width = self.upper[targets] - self.lower[targets]
        return targets[width < self.view.need[targets] - EPSILON]

    def solve(self, goal: Floats) -> _Solution:
        """Go as far as possible in a direction, and remember the table that is found."""
        multipliers = np.zeros(self.sums.shape[0])
        found = minimise(-goal, self.matrix, self.right, self.box)
        if found is None:  # the truth is a solution, so this is the solver's trouble
            return _Solution(self.truth, multipliers)
        at, (values, of_rows) = self.columns, found
        self.lower[at] = np.minimum(self.lower[at], values)
        self.upper[at] = np.maximum(self.upper[at], values)
        multipliers[self.rows] = of_rows
        return _Solution(values, multipliers)

    def cut(self, target: int, width: float, up: _Solution, down: _Solution) -> Cut:
        """The combination of equations that holds the target, as weights of all quantities."""
        fall, rise = self.view.fall, self.view.rise
        goal = np.zeros(len(fall))
        goal[target] = 1.0
        total = np.zeros(len(fall))
        for sign, solution in ((1.0, up), (-1.0, down)):
            weight = sign * goal + solution.multipliers @ self.sums
            used = abs(weight) > EPSILON
            total[used] += abs(weight[used]) * np.where(weight > 0, rise, fall)[used]
        return Cut(target, width, total)


@dataclass(frozen=True)
class _Solution:
    """A possible table, and the multipliers of all equations."""

    values: Floats
    multipliers: Floats
