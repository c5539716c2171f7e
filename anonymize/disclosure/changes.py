"""Changes between two releases: which counts keep their former value, and which stay hidden.

A reader subtracts the former table from the new one. A published count that moves by less than
``min_cell`` would tell of the few who came or went, so it keeps its former value until it has moved
by at least that much; nobody can tell such a count from one that has not moved at all (hiding it
instead would show where somebody came or went).

What then could still be subtracted, such as a whole and all its parts but one, is held back too, or
stays hidden where it was hidden before. Which of them is decided like complementary suppression, on
the table of differences: unknown are the changes of what is hidden or held back, and the former
counts that were hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from anonymize.disclosure.audit import View
from anonymize.disclosure.cells import ANYBODY
from anonymize.disclosure.complementary import hide
from anonymize.disclosure.differencing import Former
from anonymize.disclosure.dimensions import Bools, Floats, Ints
from anonymize.disclosure.program import Task
from anonymize.disclosure.relations import Relations


@dataclass(frozen=True)
class Held:
    """Per quantity of the new table.

    Attributes:
        instead: the former count that is published instead of the new one; nan where it is not.
        again: must stay hidden, or a change could be worked out.
        known: what each attacker knows of the count that is published, shape (attackers,
            quantities).
        told: whether a change could still be worked out, with all held back that can be.
    """

    instead: Floats
    again: Bools
    known: Floats
    told: bool


@dataclass(frozen=True)
class Now:
    """The new table, per quantity: its counts, which are released, which of these are hidden.

    Attributes:
        known: what each of ``attackers`` knows, shape (attackers, quantities).
    """

    related: Relations
    truth: Floats
    released: Bools
    hidden: Bools
    attackers: tuple[str, ...]
    known: Floats
    min_cell: int
    width: float

    @property
    def shown(self) -> Bools:
        return self.released & ~self.hidden

    def before(self, knew: Mapping[str, Floats] | None) -> Floats | None:
        """What each attacker knew; one who is new knew what anybody did."""
        if knew is None or not self.attackers:
            return None
        return np.array([knew.get(name, knew[ANYBODY]) for name in self.attackers])


def held_back(now: Now, formers: Sequence[Former]) -> Held:
    """What is published instead of new counts, and what must not be published."""
    held = np.zeros(now.related.size, np.bool_)
    again, worked_out = held.copy(), False
    display, known = np.full(now.related.size, np.nan), now.known
    for one in formers:
        keep, hide_again, change_told = _against(now, one)
        held |= keep
        again |= hide_again
        worked_out |= change_told
        told = ~np.isnan(one.display)
        display = np.where(told, one.display, display)
        knew = now.before(one.knew_shown)
        known = np.where(told, now.known if knew is None else knew, known)
    held &= ~again & (display != now.truth)
    return Held(
        np.where(held, display, np.nan), again, np.where(held, known, now.known), worked_out
    )


def _against(now: Now, one: Former) -> tuple[Bools, Bools, bool]:
    """Quantities that keep the count they had, those that stay hidden, and whether neither is
    enough."""
    shown_then, shown = ~np.isnan(one.display), now.shown
    both = shown & (one.display > 0) & (now.truth > 0)
    few = _of_few(now, one, both)
    if one.truth is None:
        return few, np.zeros(now.related.size, np.bool_), False
    change = now.truth - one.truth
    still = few | (both & (np.abs(change) < now.min_cell))
    known = shown & shown_then & ~still
    may_keep = known & both & (change != 0)
    # A count that was 0 or hidden cannot be held back.
    may_hide = shown & (now.truth > 0) & ((one.display == 0) | ~shown_then)
    told = np.flatnonzero(shown & ~shown_then)
    task = Task(
        now.related.sums,
        ~known,
        free=may_keep | (known & may_hide),
        cost=np.where(may_keep, np.abs(change), now.truth) + 1.0,
        views=_views(now, one, change, still),
        goal=np.zeros(len(change)),
    )
    unknown, bounds = hide(_with_counts(task, now, one, told))
    again = unknown[: len(change)] & known & may_hide
    again[told] = unknown[len(unknown) - len(told) :]
    return few | (unknown[: len(change)] & may_keep), again, any(one.cuts for one in bounds)


def _of_few(now: Now, one: Former, both: Bools) -> Bools:
    """Counts of which somebody would learn that a few came or went, beside those he knows of."""
    moved = np.where(both, now.truth - one.display, 0.0)
    few = (np.abs(moved) > 0) & (np.abs(moved) < now.min_cell)
    knew = now.before(one.knew_shown)
    if knew is not None:
        others = np.abs(moved - (now.known - knew))
        few |= (moved != 0) & ((others > 0) & (others < now.min_cell)).any(axis=0)
    return np.asarray(few)


def _views(now: Now, one: Former, change: Floats, still: Bools) -> tuple[View, ...]:
    """The reader who knows none of the records, and every attacker who knew some.

    Of a count that stays as it was each takes it that few came or went; and of every one that
    nobody came, or nobody went.
    """
    views = [_view(now, one, change, np.zeros(len(change)), still)]
    knew = now.before(one.knew)
    if knew is not None:
        for mine in np.nan_to_num(now.known - knew):
            views.append(_view(now, one, change, mine, still))
    return tuple(views)


def _view(now: Now, one: Former, change: Floats, mine: Floats, still: Bools) -> View:
    """Changes as seen by a reader who knows of some (``mine``)."""
    others = change - mine
    few = np.abs(others) < now.min_cell
    least = np.where(still & few, mine - (now.min_cell - 1.0), -np.inf)
    most = np.where(still & few, mine + (now.min_cell - 1.0), np.inf)
    return View(
        change,
        np.where(others >= 0, mine, least),
        np.where(one.known & few & (others != 0), now.width, 0.0),
        np.where(others >= 0, most, mine),
    )


def _with_counts(task: Task, now: Now, one: Former, told: Ints) -> Task:
    """Changes together with hidden former counts, and with new counts of what was hidden.

    Columns: changes, former counts that are not known, new counts of ``told``: the sums of both.
    """
    assert one.truth is not None  # noqa: S101 - for the type checker
    away = np.flatnonzero(one.hidden | np.isnan(one.display))
    size, more = len(now.truth), len(told)
    ones, count = np.ones(more), np.arange(more)
    change = sparse.csr_array((ones, (count, told)), (more, size))
    former = sparse.csr_array((ones, (count, np.searchsorted(away, told))), (more, len(away)))
    old = task.sums[:, away]
    rows: Any = [
        [task.sums, sparse.csr_array((task.sums.shape[0], len(away))), None],
        [sparse.csr_array((old.shape[0], size)), old, None],
        [change, former, -sparse.eye_array(more)],
    ]
    if not more:
        rows = [row[:2] for row in rows[:2]]
    none = np.zeros(len(away) + more)
    counts = np.concatenate([one.truth[away], now.truth[told]])
    views = tuple(
        View(
            np.concatenate([view.truth, counts]),
            np.concatenate([view.floor, none]),
            np.concatenate([view.need, none]),
            np.concatenate([view.truth + view.rise, none + np.inf]),
        )
        for view in task.views
    )
    return Task(
        sparse.csr_array(sparse.block_array(rows, format="csr")),
        fixed=np.concatenate([task.fixed, np.ones(len(away), np.bool_), np.zeros(more, np.bool_)]),
        free=np.concatenate([task.free, np.zeros(len(away), np.bool_), now.truth[told] > 0]),
        cost=np.concatenate([task.cost, np.zeros(len(away)), now.truth[told] + 1.0]),
        views=views,
        goal=np.concatenate([task.goal, none]),
    )
