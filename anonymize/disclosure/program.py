"""The choice of what to hide as a mixed-integer program: the fewest records that meet all cuts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from anonymize.disclosure.audit import View
from anonymize.disclosure.dimensions import Bools, Floats, Ints

#: How far from the fewest records a solution may be, as a share.
GAP = 0.005


@dataclass(frozen=True)
class Task:
    """What is to be hidden, and from whom.

    Attributes:
        sums: equations between quantities.
        fixed: quantities that are hidden whatever comes.
        free: further quantities that may be hidden.
        cost: records that hiding each takes from the reader.
        views: readers; a need of them is met whatever it costs.
        goal: wider intervals wished for the first reader, each unit of which is worth hiding
            ``worth`` records.
        seconds: after which the program settles for what it has.
    """

    sums: sparse.csr_array
    fixed: Bools
    free: Bools
    cost: Floats
    views: tuple[View, ...]
    goal: Floats
    worth: float = 20.0
    seconds: float = 30.0


@dataclass
class Program:
    """The choice of what to hide, cut by cut: a binary per free quantity, a slack per goal."""

    task: Task
    rows: list[Ints] = field(default_factory=list)
    columns: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    least: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.choices = np.flatnonzero(self.task.free)
        self.place = np.full(len(self.task.free), -1, np.int64)
        self.place[self.choices] = np.arange(len(self.choices))
        self.targets = np.flatnonzero(self.task.goal > 0)
        self.slack = np.full(len(self.task.free), -1, np.int64)
        self.slack[self.targets] = len(self.choices) + np.arange(len(self.targets))
        self.width = len(self.choices) + len(self.targets)

    def demand(self, weights: Floats, least: float, target: int, soft: bool) -> None:
        """``weights @ hidden >= least``, where ``target`` is hidden at all."""
        task = self.task
        weights = np.minimum(weights, least)
        least -= float(weights[task.fixed].sum())
        used = np.flatnonzero((weights > 0) & task.free)
        columns, values = self.place[used], np.minimum(weights[used], max(least, 0.0))
        if soft:
            columns = np.append(columns, self.slack[target])
            values = np.append(values, 1.0)
        elif self.place[target] >= 0:
            mine = columns == self.place[target]
            columns = np.append(columns[~mine], self.place[target])
            values = np.append(values[~mine], values[mine].sum() - least)
            least = 0.0
        self.add(columns, values, least)

    def add(self, columns: Ints, values: Floats, least: float) -> None:
        self.rows.append(np.full(len(columns), len(self.least)))
        self.columns.append(columns)
        self.values.append(values)
        self.least.append(least)

    def solve(self, seconds: float) -> Bools | None:
        """Hidden quantities, or None where there is no solution in time."""
        task = self.task
        hidden = task.fixed.copy()
        if not self.least or not self.width:
            return hidden
        matrix = sparse.csr_array(
            (
                np.concatenate(self.values),
                (np.concatenate(self.rows), np.concatenate(self.columns)),
            ),
            shape=(len(self.least), self.width),
        )
        cost = np.concatenate([task.cost[self.choices], np.full(len(self.targets), task.worth)])
        whole = np.concatenate([np.ones(len(self.choices)), np.zeros(len(self.targets))])
        upper = np.concatenate([np.ones(len(self.choices)), task.goal[self.targets]])
        found = milp(
            cost,
            integrality=whole,
            bounds=Bounds(0, upper),
            constraints=LinearConstraint(matrix, lb=np.array(self.least) - 1e-9),
            options={"time_limit": max(seconds, 0.5), "mip_rel_gap": GAP},
        )
        if found.status != 0 or found.x is None:  # what it has when time is up hides far too much
            return None
        hidden[self.choices[found.x[: len(self.choices)] > 0.5]] = True
        return hidden


def demand_company(program: Program) -> None:
    """Cuts of single equations: whoever is hidden in one has company there."""
    task = program.task
    able = task.fixed | task.free
    touched = np.flatnonzero(abs(task.sums) @ able.astype(float))
    for row in touched:
        start, end = task.sums.indptr[row : row + 2]
        members = task.sums.indices[start:end].astype(np.int64)
        sign = task.sums.data[start:end]
        members, sign = members[able[members]], sign[able[members]]
        for place, member in enumerate(members):
            if task.views[0].need[member] <= 0 and not task.free[member]:
                continue
            _company(program, members, sign, place)


def _company(program: Program, members: Ints, sign: Floats, place: int) -> None:
    task, view = program.task, program.task.views[0]
    member = int(members[place])
    others = np.delete(members, place)
    if not task.fixed[others].any():
        weights = np.zeros(len(task.free))
        weights[others] = 1.0
        program.demand(weights, 1.0, member, False)
    if not task.fixed[member]:
        return
    # It can rise only as far as its siblings fall, or its whole rises.
    room = view.fall[members]
    need = view.need[member] - room[place]
    same = np.delete(sign == sign[place], place)
    for least, soft in ((need, False), (task.goal[member] - room[place], True)):
        if least <= 0 or (soft and task.goal[member] <= view.need[member]):
            continue
        weights = np.zeros(len(task.free))
        weights[others] = np.where(same, np.minimum(np.delete(room, place), least), least)
        program.demand(weights, least, member, soft)
