"""Which further cells to hide so that the hidden ones cannot be worked out, as few as can be.

The choice is made over all margins and hierarchies at once (``program``): hide the fewest records
such that every cut (``audit.Cut``) found so far is met. It starts with the cuts of single
equations, is solved, audited, given the cuts the audit finds, and solved again until the audit
finds none. Where they come slowly or time is up, the solution is mended cell by cell instead: by
linear programs that look for the cheapest other table in which a cell differs enough, and hide
what differs (J. P. Kelly, B. L. Golden, A. A. Assad, "Cell suppression: disclosure protection for
sensitive tabular data", Networks 22 (1992) 397-417).
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
from scipy import sparse

from anonymize.disclosure.audit import EPSILON, Bounds, View, audit
from anonymize.disclosure.dimensions import Bools, Floats
from anonymize.disclosure.linear import minimise
from anonymize.disclosure.program import Program, Task, demand_company

#: Cuts one audit adds at most: with those the rest often vanish.
CUTS_AT_ONCE = 40
#: Programs solved before a solution is mended, again and again.
PATIENCE = 4
#: A mended solution is good enough within this share of the records no solution can do without.
NEAR = 0.03


def hide(task: Task) -> tuple[Bools, tuple[Bounds, ...]]:
    """Hidden quantities, and what each reader can work out of the rest.

    Every need of every view is met by the bounds that are returned; where that cannot be, all that
    may be is hidden, and the bounds hold cuts.
    """
    started = perf_counter()
    program = Program(task)
    demand_company(program)
    hidden, mended, tried, best = task.fixed, [], None, np.inf
    for turn in range(1, 200):
        left = started + task.seconds - perf_counter()
        solved = program.solve(left) if left > 0 else None
        if solved is None:
            break
        hidden = solved
        bounds = _demand_needs(program, hidden)
        if not any(bound.cuts for bound in bounds):
            return _with_goals(task, hidden, bounds)
        if turn % PATIENCE == 0:
            mended.append(_mended(task, hidden))
            tried = hidden
            price = _price(task, mended[-1][0])
            if price <= (1 + NEAR) * _price(task, hidden) or price >= best:
                break
            best = price
    if not mended or hidden is not tried:
        mended.append(_mended(task, hidden))
    return _with_goals(task, *min(mended, key=lambda one: _price(task, one[0])))


def _price(task: Task, hidden: Bools) -> float:
    return float(task.cost[hidden].sum())


def _demand_needs(program: Program, hidden: Bools) -> tuple[Bounds, ...]:
    """Audit a solution and add the cuts it misses."""
    task = program.task
    bounds = []
    for view in task.views:
        bounds.append(audit(task.sums, hidden, view.asked(hidden), CUTS_AT_ONCE))
        for cut in bounds[-1].cuts:
            program.demand(cut.coefficient, view.need[cut.target], cut.target, soft=False)
    return tuple(bounds)


def _mended(task: Task, hidden: Bools) -> tuple[Bools, tuple[Bounds, ...]]:
    """Hide what other possible tables need, until every need is met."""
    while True:
        before = hidden
        bounds = tuple(audit(task.sums, hidden, view.asked(hidden)) for view in task.views)
        for view, bound in zip(task.views, bounds, strict=True):
            for cut in bound.cuts:
                if hidden is not before and _safe(task, hidden, view, cut.target):
                    continue  # by what was hidden for another
                rise = _rise(view, bound, cut.target, view.need)
                hidden = hidden | _other_table(task, hidden, view, cut.target, rise)
        if not any(bound.cuts for bound in bounds) or not (task.free & ~before).any():
            return hidden, bounds
        if (hidden == before).all():
            hidden = hidden | task.free


def _safe(task: Task, hidden: Bools, view: View, target: int, width: Floats | None = None) -> bool:
    """Whether one quantity has the width it needs."""
    alone = np.arange(len(hidden)) == target
    return not audit(task.sums, hidden, view.asked(alone, width)).cuts


def _with_goals(
    task: Task, hidden: Bools, bounds: tuple[Bounds, ...]
) -> tuple[Bools, tuple[Bounds, ...]]:
    """Widen intervals beyond need, where that hides few enough records for what it brings."""
    view, before = task.views[0], hidden
    bound = audit(task.sums, hidden, view.asked(hidden, task.goal))
    for cut in bound.cuts:
        if hidden is not before and _safe(task, hidden, view, cut.target, task.goal):
            continue
        rise = _rise(view, bound, cut.target, task.goal)
        more = _other_table(task, hidden, view, cut.target, rise) & ~hidden
        if _price(task, more) <= task.worth * (task.goal[cut.target] - cut.width):
            hidden = hidden | more
    return (hidden, bounds) if hidden is before else _mended(task, hidden)


def _rise(view: View, bound: Bounds, target: int, width: Floats) -> float:
    """How far a quantity must be able to rise, given how far it can fall."""
    return float(width[target] - (view.truth[target] - bound.lower[target]))


def _other_table(task: Task, hidden: Bools, view: View, target: int, width: float) -> Bools:
    """Quantities that differ in the cheapest table in which the target lies so much higher.

    Where it cannot, lower.
    """
    able = np.flatnonzero(hidden | task.free)
    here = np.flatnonzero(able == target)[0]
    rise, fall = view.rise[able], view.fall[able]
    up = rise[here] >= width
    ways = np.column_stack([np.zeros(2 * len(able)), np.concatenate([rise, fall])])
    ways[here + (0 if up else len(able)), 0] = width
    ways[here + (len(able) if up else 0), 1] = 0.0
    cost = np.where(hidden[able], 1e-3, task.cost[able] + 1.0)
    part = task.sums[:, able]
    found = minimise(
        # As if a quantity that moves did so by the whole width, or as far as it can.
        np.concatenate([cost, cost]) / np.clip(ways[:, 1], min(1.0, width), width),
        sparse.hstack([part, -part]),
        np.zeros(part.shape[0]),
        ways,
    )
    moved = np.zeros(len(hidden), np.bool_)
    if found is not None:
        risen, fallen = np.split(found[0], 2)
        moved[able[abs(risen - fallen) > EPSILON]] = True
    return moved & task.free
