"""A decision written out as tables: what is published, and what the steward keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from anonymize.disclosure.audit import EPSILON
from anonymize.disclosure.cells import Cells
from anonymize.disclosure.decide import Decision
from anonymize.disclosure.dimensions import Bools, Floats, Ints
from anonymize.disclosure.dominance import Sums
from anonymize.disclosure.release import AUDIT_COLUMNS, KNOWN_COLUMNS, Status
from anonymize.disclosure.rounding import rounded

if TYPE_CHECKING:
    from anonymize.disclosure.release import Request

#: Digits of a sum after the point: more would be the noise of adding.
DIGITS = 6
#: Reasons beside those of ``primary``; a cell for ``DIFFERENCE`` shows a former count.
COMPLEMENTARY, DIFFERENCE = "complementary", "difference"


def published(cells: Cells, decision: Decision, request: Request, at: Ints) -> pa.Table:
    """One row a cell: its values, ``count`` (null where hidden) and ``status``."""
    quantity = decision.relations.quantity[at]
    hidden, counts = decision.hidden[quantity], cells.count[at]
    former = decision.instead[quantity]
    held = ~np.isnan(former)
    shown = rounded(counts, request.round_to, request.min_cell)
    shown = np.where(held, np.where(held, former, 0.0), shown).astype(np.int64)
    return pa.table(
        {
            **cells.layout.text(at),
            "count": pa.array(shown, pa.int64(), mask=hidden),
            "status": status(counts, hidden),
        }
    )


def status(counts: Ints, hidden: Bools) -> pa.Array:
    texts = np.where(
        hidden, Status.SUPPRESSED, np.where(counts == 0, Status.ZERO, Status.PUBLISHED)
    )
    return pa.array(texts.astype(object), pa.string())


def with_sums(
    shown: pa.Table, name: str, measured: Sums, hidden: Bools, decision: Decision, at: Ints
) -> pa.Table:
    """Adds the sums of a measure, null where hidden; the sum of nobody is 0."""
    masked = hidden[decision.relations.quantity[at]]
    return shown.append_column(
        name, pa.array(measured.total[at].round(DIGITS), pa.float64(), mask=masked)
    )


def audit_of(cells: Cells, decision: Decision, shown: pa.Table, at: Ints) -> pa.Table:
    """What is published, and the steward's columns: true counts, reasons, bounds left, and what
    members know of each count themselves, which the next release is held against."""
    quantity = decision.relations.quantity[at]
    hidden = decision.hidden[quantity]
    reason = np.where(hidden, COMPLEMENTARY, "").astype(object)
    reason[~np.isnan(decision.instead[quantity])] = DIFFERENCE
    for name, mask in reversed(decision.reasons.items()):
        reason[mask[quantity] & hidden] = name
    columns = (
        pa.array(cells.count[at], pa.int64()),
        pa.array(reason, pa.string()),
        pa.array(np.ceil(decision.lower[quantity] - EPSILON), pa.int64(), mask=~hidden),
        pa.array(np.floor(decision.upper[quantity] + EPSILON), pa.int64(), mask=~hidden),
    )
    for name, column in zip(AUDIT_COLUMNS, columns, strict=True):
        shown = shown.append_column(name, column)
    if cells.contributors:
        known, then = decision.known[:, quantity], decision.known_shown[:, quantity]
        for name, counts in zip(KNOWN_COLUMNS, (known, then), strict=True):
            shown = shown.append_column(name, _by_attacker(decision.attackers, counts))
    return shown


def _by_attacker(attackers: Sequence[str], counts: Floats) -> pa.Array:
    """JSON objects of what each attacker knows of each cell; who knows nothing is left out."""
    each = counts.astype(np.int64).T.tolist()
    return pa.array(
        [
            json.dumps({name: count for name, count in zip(attackers, one, strict=True) if count})
            for one in each
        ],
        pa.string(),
    )


def summary(
    cells: Cells, decision: Decision, request: Request, at: Ints
) -> MappingProxyType[str, int | float]:
    """Counts for a receipt.

    Shares of records are those of the finest margins; of several the largest counts.
    """
    quantity = decision.relations.quantity[at]
    hidden = decision.hidden
    primary = np.any(list(decision.reasons.values()), axis=0) & hidden
    width = (decision.upper - decision.lower)[hidden]
    narrowest = float(width.min()) if len(width) else 0.0
    counts, of_cell = cells.count[at], hidden[quantity]
    known: dict[str, int | float] = {
        "records": int(cells.count[0]),
        "cells": len(at),
        "published": int(((counts > 0) & ~of_cell).sum()),
        "zero": int(((counts == 0) & ~of_cell).sum()),
        "suppressed": int(of_cell.sum()),
    }
    rest = of_cell.copy()
    for name, mask in decision.reasons.items():
        known[name] = int((mask[quantity] & rest).sum())
        rest &= ~mask[quantity]
    known[COMPLEMENTARY] = int(rest.sum())
    known["held_back"] = int((~np.isnan(decision.instead[quantity])).sum())
    for name, mask in (("records_hidden_share", hidden), ("primary_share", primary)):
        known[name] = _share(cells, decision, request, mask)
    known["narrowest_interval"] = narrowest
    known["intervals_below_min_cell"] = int((width < request.min_cell - EPSILON).sum())
    known["exactly_recoverable"] = int((width < 1.0).sum())
    if cells.contributors and np.isfinite(decision.member_width):
        known["narrowest_interval_of_a_contributor"] = decision.member_width
    return MappingProxyType(known)


def _share(cells: Cells, decision: Decision, request: Request, mask: Bools) -> float:
    """Largest share of all records that stand in masked cells of a finest margin."""
    sets = request.sets()
    finest = [one for one in sets if not any(set(one) < set(other) for other in sets)]
    shares = [0.0]
    for margin in finest:
        at = cells.of_margin(margin)
        masked = mask[decision.relations.quantity[at]]
        shares.append(float(cells.count[at][masked].sum()) / max(int(cells.count[0]), 1))
    return max(shares)
