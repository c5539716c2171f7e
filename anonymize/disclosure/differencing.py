"""What two releases of one table tell together, and what is done so that it is nothing.

What the change of a count tells is looked at in ``changes``; here, what two tables tell of counts.

The change of a cell that is hidden both times is not guarded by itself: neither of its counts is
known, and each stays at least three wide. What was hidden before must stay hidden beside the new
table, and the reverse: a reader who takes counts to have only grown, or to have only shrunk, lays
both tables beside one another (``beside``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from anonymize.disclosure.audit import EPSILON, View, audit
from anonymize.disclosure.cells import ANYBODY, Cells
from anonymize.disclosure.dimensions import Bools, Floats, Ints
from anonymize.disclosure.linear import minimise
from anonymize.disclosure.program import Task
from anonymize.disclosure.relations import Relations
from anonymize.disclosure.release import KNOWN_COLUMNS, Released

#: What hiding a cell again costs, as a share of what hiding another one would.
AGAIN = 0.2


@dataclass(frozen=True)
class Former:
    """An earlier release, per quantity of the new table.

    Attributes:
        display: the count that was published; nan where none was.
        hidden: was suppressed.
        secret: was suppressed for itself, or may have been; not to protect another cell.
        known: what was counted is known here.
        truth: what was counted, of hidden quantities any table that agrees with what was published
            where the release comes without its audit; None where there is no such table, because
            counts were rounded or held back.
        knew: attacker -> what he knew of each count; nan where it was not released. None where the
            release comes without its audit, or without contributors.
        knew_shown: the same of what was published, which may have been counted earlier.
    """

    display: Floats
    hidden: Bools
    secret: Bools
    known: Bools
    truth: Floats | None
    knew: Mapping[str, Floats] | None
    knew_shown: Mapping[str, Floats] | None


def former(
    cells: Cells, related: Relations, at: Ints, dimensions: Sequence[str], released: Released
) -> Former:
    """Lay an earlier release over the new table; a cell it has not was empty then.

    Args:
        at: positions of the cells that are released now.
    """
    rows, where = laid_over(cells, at, dimensions, released)
    quantity = related.quantity[where]
    margins = {tuple(one != "*" for one in key) for key in _keys(released.cells, dimensions)}
    display = np.full(related.size, np.nan)
    for key, position in zip(_keys(cells.layout.text(at), dimensions), at, strict=True):
        if tuple(one != "*" for one in key) in margins:
            display[related.quantity[position]] = 0.0  # a value that nobody had
    counts = released.cells["count"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    display[quantity] = counts[rows]
    hidden = np.zeros(related.size, np.bool_)
    hidden[quantity] = np.isnan(counts[rows])
    known, secret = display.copy(), hidden.copy()
    if "true_count" in released.audit.column_names:
        counts = released.audit["true_count"].cast(pa.float64()).to_numpy(zero_copy_only=False)
        known[quantity] = counts[rows]
    if "reason" in released.audit.column_names:
        secret[quantity] &= np.array(released.audit["reason"].to_pylist())[rows] != "complementary"
    told = ~np.isnan(display) | hidden
    knew, shown = (
        _known_by(released, name, related.size, told, quantity, rows) for name in KNOWN_COLUMNS
    )
    truth = _completed(related, known)
    return Former(display, hidden, secret, ~np.isnan(known), truth, knew, shown)


def _known_by(
    released: Released, column: str, size: int, told: Bools, quantity: Ints, rows: Ints
) -> Mapping[str, Floats] | None:
    """What each attacker knew of each quantity, from a column of the audit."""
    if column not in released.audit.column_names:
        return None
    texts = released.audit[column].to_pylist()
    found = {ANYBODY: np.where(told, 0.0, np.nan)}
    for at, row in zip(quantity.tolist(), rows.tolist(), strict=True):
        for name, count in json.loads(texts[row] or "{}").items():
            found.setdefault(name, np.where(told, 0.0, np.nan))[at] = count
    return found


def laid_over(
    cells: Cells, at: Ints, dimensions: Sequence[str], released: Released
) -> tuple[Ints, Ints]:
    """Rows of an earlier release that are released again, and where they stand now."""
    place = dict(zip(_keys(cells.layout.text(at), dimensions), at.tolist(), strict=True))
    now = np.array([place.get(key, -1) for key in _keys(released.cells, dimensions)], np.int64)
    rows = np.flatnonzero(now >= 0)
    return rows, now[rows]


def _keys(
    table: pa.Table | dict[str, pa.Array], dimensions: Sequence[str]
) -> list[tuple[str, ...]]:
    return list(zip(*(table[name].to_pylist() for name in dimensions), strict=True))


def _completed(related: Relations, known: Floats) -> Floats | None:
    """Any table that has the known quantities, or None."""
    unknown = np.isnan(known)
    truth = np.where(unknown, 0.0, known)
    if not unknown.any():
        return truth if np.allclose(related.sums @ truth, 0.0) else None
    part = related.sums[:, np.flatnonzero(unknown)]
    bounds = np.column_stack([np.zeros(unknown.sum()), np.full(unknown.sum(), np.inf)])
    found = minimise(np.zeros(unknown.sum()), part, -(related.sums @ truth), bounds)
    if found is None:
        return None
    truth[unknown] = found[0]
    return truth


def sticky(cost: Floats, formers: Sequence[Former]) -> Floats:
    """Prefer to hide what was hidden before: two patterns tell more than one."""
    again = np.any([one.hidden for one in formers], axis=0) if formers else np.False_
    return np.where(again, cost * AGAIN, cost)


def beside(task: Task, formers: Sequence[Former], width: float, min_cell: int) -> Task:
    """The same task before readers who lay earlier releases beside the new one.

    Each hidden quantity of an earlier release is a further unknown, and those hidden for
    themselves, or of few more or fewer now, may not be found out either. Where a count has grown
    the reader takes it that it cannot have shrunk, and the reverse.
    """
    for one in formers:
        if one.truth is not None:
            moved = np.abs(task.views[0].truth[: len(one.truth)] - one.truth)
            few = one.known & (moved > 0) & (moved < min_cell)
            guarded = replace(one, secret=one.secret | (one.hidden & few))
            task = _beside(task, guarded, one.truth, width)
    return task


def _beside(task: Task, one: Former, before: Floats, width: float) -> Task:
    size, new = task.sums.shape[1], len(before)
    away = np.flatnonzero(one.hidden | np.isnan(one.display))
    now = task.views[0].truth[:new]
    change = now[away] - before[away]
    floor_then = np.minimum(np.floor(before[away] + EPSILON), 1.0)
    need_then = _kept(_own_sums(task, new), one, before, width)[away]
    # Columns: the new table and what else there is; the hidden old quantities; their changes.
    old = _own_sums(task, new)[:, away]
    pick = sparse.csr_array((np.ones(len(away)), (np.arange(len(away)), away)), (len(away), size))
    unit = sparse.eye_array(len(away), format="csr")
    rows: Any = [
        [task.sums, None, None],
        [None, old, sparse.csr_array((old.shape[0], len(away)))],
        [pick, -unit, -unit],
    ]
    grown = now >= before
    shown = ~(one.hidden | np.isnan(one.display))
    views = []
    for number, view in enumerate(task.views):
        floor, ceiling = view.floor.copy(), view.truth + view.rise
        floor[:new] = np.where(shown & grown, np.maximum(floor[:new], before), floor[:new])
        ceiling[:new] = np.where(shown & ~grown, np.minimum(ceiling[:new], before), ceiling[:new])
        need = need_then if number == 0 else np.zeros(len(away))
        views.append(
            View(
                np.concatenate([view.truth, before[away], change]),
                np.concatenate([floor, floor_then, np.where(change >= 0, 0.0, -np.inf)]),
                np.concatenate([view.need, need, np.zeros(len(away))]),
                np.concatenate(
                    [ceiling, np.full(len(away), np.inf), np.where(change >= 0, np.inf, 0.0)]
                ),
            )
        )
    more = 2 * len(away)
    return replace(
        task,
        sums=sparse.csr_array(sparse.block_array(rows, format="csr")),
        fixed=np.concatenate([task.fixed, np.ones(more, np.bool_)]),
        free=np.concatenate([task.free, np.zeros(more, np.bool_)]),
        cost=np.concatenate([task.cost, np.zeros(more)]),
        views=tuple(views),
        goal=np.concatenate([task.goal, np.zeros(more)]),
    )


def _kept(sums: sparse.csr_array, one: Former, before: Floats, width: float) -> Floats:
    """The intervals that the earlier release by itself left of its secrets, up to ``width``."""
    floor = np.minimum(np.floor(before + EPSILON), 1.0)
    view = View(before, floor, np.where(one.secret, width, 0.0))
    found = audit(sums, one.hidden | np.isnan(one.display), view)
    left = np.where(one.secret, np.minimum(found.upper - found.lower, width), 0.0)
    return np.asarray(np.where(left < EPSILON, 0.0, left - EPSILON))


def _own_sums(task: Task, new: int) -> sparse.csr_array:
    """The equations of the new table alone."""
    own = task.sums[:, :new]
    return sparse.csr_array(own[np.flatnonzero(np.diff(own.indptr) > 1)])
