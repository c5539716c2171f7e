"""The decision on every quantity of a table: shown or hidden, why, and what a reader can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from anonymize.disclosure import primary
from anonymize.disclosure.audit import Bounds, View, audit
from anonymize.disclosure.cells import Cells
from anonymize.disclosure.changes import Held, Now, held_back
from anonymize.disclosure.complementary import hide
from anonymize.disclosure.differencing import Former, beside, former, laid_over, sticky
from anonymize.disclosure.dimensions import Bools, Floats, Ints
from anonymize.disclosure.dominance import P, Sums
from anonymize.disclosure.program import Task
from anonymize.disclosure.relations import Relations, relations
from schemas.errors import PrivacyError

if TYPE_CHECKING:
    from anonymize.disclosure.release import Released, Request

#: Narrowest interval that is left of a hidden count, whatever it costs.
WIDTH = 3.0
#: What hiding an empty cell costs: no record, but the knowledge that there is none.
EMPTY = 5.0


@dataclass(frozen=True)
class Decision:
    """Per quantity of ``relations``.

    Attributes:
        truth: records.
        hidden: not shown, though its margin is released.
        reasons: primary reason -> quantities it holds for; the others of ``hidden`` are
            complementary.
        instead: the former count that is published instead of the new one; nan where it is not.
        lower, upper: what is possible for a reader who contributed nothing; of a hidden quantity
            exact where narrower than ``min_cell``.
        member_width: narrowest interval left to any contributor of what others contributed.
        attackers: readers who know some of the records.
        known: how many of each they know, shape (attackers, quantities).
        known_shown: the same of what is published, where it is a former count.
    """

    relations: Relations
    truth: Floats
    hidden: Bools
    reasons: dict[str, Bools]
    instead: Floats
    lower: Floats
    upper: Floats
    member_width: float
    attackers: tuple[str, ...]
    known: Floats
    known_shown: Floats


def decide(cells: Cells, request: Request, previous: Sequence[Released] = ()) -> Decision:
    """Hide what must be, and then as few records as can be.

    Raises:
        PrivacyError: the hidden cells could be worked out whatever else is hidden.
    """
    related = relations(cells)
    at = positions(cells, request)
    formers = [former(cells, related, at, request.dimensions, one) for one in previous]
    truth = cells.count[related.cell].astype(np.float64)
    released = related.quantities(at)
    reasons, empty = _primary(cells, related, request, released)
    # What was hidden and is empty now may have to stay hidden, or the former count could be told.
    before = np.any([one.hidden for one in formers], axis=0) if formers else np.zeros_like(released)
    empty |= released & before & (truth == 0)
    latent = ~released & ~_known_empty(related, truth, released & ~empty)
    fixed = np.any(list(reasons.values()), axis=0) | latent
    small = (truth > 0) & (truth < request.min_cell)
    views = _views(cells, related, truth, released, small)
    task = Task(
        related.sums,
        fixed,
        free=released & ~fixed & ((truth > 0) | empty),
        cost=sticky(np.maximum(truth, EMPTY), formers),
        views=views,
        goal=np.where(small, float(request.min_cell), 0.0),
        seconds=request.seconds,
    )
    known = cells.known[:, related.cell].astype(np.float64)
    now = Now(related, truth, released, fixed, cells.attackers, known, request.min_cell, WIDTH)
    shown, bounds, held = _hidden(task, now, formers)
    hidden = shown | latent
    wide = audit(related.sums, hidden, views[0].asked(shown, np.full(len(truth), request.min_cell)))
    return Decision(
        related,
        truth,
        shown,
        reasons,
        held.instead,
        wide.lower,
        wide.upper,
        _narrowest(views, shown, bounds),
        cells.attackers,
        known,
        held.known,
    )


def _hidden(
    task: Task, now: Now, formers: Sequence[Former]
) -> tuple[Bools, tuple[Bounds, ...], Held]:
    """Which released quantities are hidden, what readers can tell, and what is held back.

    Where a change could be worked out from what is shown for the first time, that stays hidden, and
    what protects it is looked for again.
    """
    while True:
        hidden, bounds = hide(beside(task, formers, WIDTH, now.min_cell))
        if any(bound.cuts for bound in bounds):
            raise PrivacyError(
                "no release of this table hides its small cells: ask for coarser margins"
            )
        hidden = hidden[: now.related.size] & now.released
        held = held_back(replace(now, hidden=hidden), formers)
        if held.again.any():
            task = replace(task, fixed=task.fixed | held.again, free=task.free & ~held.again)
        elif held.told:
            raise PrivacyError(
                "whatever is held back, a small change since an earlier release of this table "
                "could be worked out: ask for coarser margins"
            )
        else:
            return hidden, bounds, held


def maybe_not_empty(cells: Cells, request: Request, previous: Sequence[Released]) -> Bools:
    """Empty cells of which a reader may not be told that they are."""
    related = relations(cells)
    _reasons, empty = _primary(cells, related, request, np.ones(related.size, np.bool_))
    at = positions(cells, request)
    for one in previous:
        rows, where = laid_over(cells, at, request.dimensions, one)
        told = one.cells["count"].to_numpy(zero_copy_only=False)[rows] != 0
        empty[related.quantity[where[told]]] = True  # nan, of a hidden one, is not 0
    found = np.zeros(cells.layout.size, np.bool_)
    found[cells.exists] = empty[related.quantity[cells.exists]]
    return found


def positions(cells: Cells, request: Request) -> Ints:
    """Cells of the released margins, margin by margin."""
    return np.concatenate([cells.of_margin(margin) for margin in request.sets()])


def _primary(
    cells: Cells, related: Relations, request: Request, released: Bools
) -> tuple[dict[str, Bools], Bools]:
    """Reasons to hide a quantity for itself, and the empty ones that may hide with it."""
    exempt = primary.only_public(cells, request.public)
    if not cells.contributors:
        exempt[:] = False
    full, empty = primary.attribute(cells, request.min_cell, exempt)
    found = {
        primary.SMALL: primary.small(cells, request.min_cell),
        primary.CONTRIBUTOR: primary.contributor(cells, request.min_cell, request.public),
        primary.ATTRIBUTE: full,
    }
    masks = {
        reason: related.quantities(np.flatnonzero(mask & cells.exists)) & released
        for reason, mask in found.items()
    }
    return masks, related.quantities(np.flatnonzero(empty)) & released


def _known_empty(related: Relations, truth: Floats, shown: Bools) -> Bools:
    """Quantities that are parts of one shown as empty, and so on down."""
    known: Bools = shown & (truth == 0)
    whole = related.sums > 0
    part = related.sums < 0
    while True:
        rows = (whole @ known.astype(np.int8)) > 0
        more: Bools = known | ((part.T @ rows.astype(np.int8)) > 0)
        if np.array_equal(more, known):
            return known
        known = more


def _views(
    cells: Cells, related: Relations, truth: Floats, released: Bools, small: Bools
) -> tuple[View, ...]:
    """The reader who knows none of the records, and every contributor.

    A hidden cell that is not empty is taken to be known not to be: most readers will guess so.
    A contributor is kept from what others contributed: that it is nothing he may learn.
    """
    floor = np.where(released, np.minimum(truth, 1.0), 0.0)
    guarded = released | small
    views = [View(truth, floor, np.where(guarded, WIDTH, 0.0))]
    for known in cells.known[:, related.cell].astype(np.float64):
        need = np.where(guarded & (truth > known), WIDTH, 0.0)
        views.append(View(truth, np.maximum(floor, known), need))
    return tuple(views)


def _narrowest(views: tuple[View, ...], shown: Bools, bounds: tuple[Bounds, ...]) -> float:
    widths = [
        (bound.upper - bound.lower)[: len(shown)][shown & (view.need > 0)]
        for view, bound in zip(views[1:], bounds[1:], strict=True)
    ]
    return float(min((width.min() for width in widths if len(width)), default=np.inf))


def decide_sums(cells: Cells, decision: Decision, request: Request, measured: Sums) -> Bools:
    """Which sums are not shown: of hidden counts, of dominated cells, and what protects them.

    No reader may be left knowing the largest record of a hidden sum to within p percent.
    """
    related = decision.relations
    total, largest = measured.total[related.cell], measured.largest[related.cell]
    released = related.quantities(positions(cells, request))
    dominated = measured.dominated[related.cell] & released
    # The solver's tolerances are absolute: a unit is what protects a usual sum.
    unit = P * float(np.median(largest[largest > 0])) if (largest > 0).any() else 1.0
    floor = np.full(len(total), -np.inf) if measured.signed else np.zeros(len(total))
    need = np.where(released & (largest > 0), np.maximum(P * largest / unit, 0.01), 0.0)
    fixed = decision.hidden | dominated | ~released
    hidden, _bounds = hide(
        Task(
            related.sums,
            fixed,
            free=~fixed,
            cost=np.abs(total) / unit + 1.0,
            views=(View(total / unit, floor, need),),
            goal=np.zeros(len(total)),
            seconds=request.seconds,
        )
    )
    return hidden
