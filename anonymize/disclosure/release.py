"""Disclosure control of one released table: what may be told of which cell, all margins together.

A table is made of records, one for each person or incident, each with one value in every dimension.
Its cells are the combinations of values of every margin (a set of dimensions; the others stand for
'all'). A hierarchy is no special case: ``county`` inside ``state`` are two dimensions of which one
decides the other.

The order of things: cells are counted (``cells``), those that may not be shown for what they count
are found (``primary``), others are hidden so that these cannot be worked out (``complementary``),
which is proved from the readers' side (``audit``), and what was shown before is looked at
(``differencing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType

import pyarrow as pa

from anonymize.disclosure.dimensions import ALL as ALL
from schemas.errors import DeliveryError

#: Smallest count that is published (CMS cell size policy; DESIGN.md rule 7).
MIN_CELL = 11
#: No table may ask for less: counts of one and two name people.
LEAST_MIN_CELL = 3
#: What the audit adds to the published columns.
AUDIT_COLUMNS = ("true_count", "reason", "lower", "upper")
#: And where contributors are named: how many of the counted each of them knows, and of those that
#: are shown, which may have been counted earlier; JSON, by name.
KNOWN_COLUMNS = ("known", "known_shown")


class Status(StrEnum):
    """What a released cell says."""

    PUBLISHED = "published"
    ZERO = "zero"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True)
class Request:
    """What is to be released.

    Attributes:
        dimensions: columns of the records; unknown is a value like any other (``unknown``).
        margins: sets of dimensions whose cells are published; none given: every subset.
        min_cell: smallest count of a published cell.
        contributors: column that holds a list of the agencies a record comes from; none given:
            nobody who reads the release knows any of the records beforehand. Given, each of them is
            an attacker who knows all records he contributed to: outside his own, a published cell
            counts nobody or at least ``min_cell``, and two agencies or more contribute.
        public: agencies whose records are public anyway, so that the rule on contributors does not
            bind for cells that come from them alone.
        round_to: published counts are rounded to multiples of this; 1 leaves them as they are.
        within: pairs of dimensions of which the first decides the second, as a county its state;
            None: seen in the records (``cells._decides``).
        measure: numeric column whose sums are published with the counts.
        seconds: after which hiding the fewest records gives way to hiding safely.
    """

    dimensions: tuple[str, ...]
    margins: tuple[tuple[str, ...], ...] = ()
    min_cell: int = MIN_CELL
    contributors: str | None = None
    public: frozenset[str] = frozenset()
    round_to: int = 1
    within: tuple[tuple[str, str], ...] | None = None
    measure: str | None = None
    seconds: float = 30.0

    def sets(self) -> tuple[tuple[str, ...], ...]:
        """The margins, from the grand total to the finest where none are named."""
        if not self.margins:
            return tuple(
                margin
                for size in range(len(self.dimensions) + 1)
                for margin in combinations(self.dimensions, size)
            )
        if any(
            len(set(margin)) < len(margin) or set(margin) - set(self.dimensions)
            for margin in self.margins
        ):
            raise DeliveryError("RELEASE-MARGINS", "a margin is made of dimensions, each once")
        return tuple(dict.fromkeys(self.margins))


@dataclass(frozen=True)
class Released:
    """A released table.

    Attributes:
        cells: one row a cell: a column of text for each dimension (``*`` for all), ``count``
            (int64, null where hidden) and ``status``; with a measure its column of sums (null where
            hidden). This is all that is published.
        audit: the steward's: the same cells with ``true_count``, ``reason`` and, of hidden cells,
            ``lower`` and ``upper``: an interval all of which the published cells leave possible.
        summary: counts for a receipt: cells by status, records hidden, width of the narrowest
            interval.
    """

    cells: pa.Table
    audit: pa.Table
    summary: MappingProxyType[str, int | float]


def release(records: pa.Table, request: Request, previous: Sequence[Released] = ()) -> Released:
    """Decide on every cell of a table.

    Args:
        records: one row for each counted unit, with the columns ``request`` names.
        previous: earlier releases of the same table, oldest first, which anybody may subtract from
            this one. Their ``audit`` may lack ``true_count``; with it less is hidden in vain.

    Raises:
        DeliveryError: a column is missing, or a value cannot be told from ``*`` or ``unknown``.
        PrivacyError: the hidden cells could be worked out whatever else is hidden.
    """
    from anonymize.disclosure import tables
    from anonymize.disclosure.cells import cells as count_cells
    from anonymize.disclosure.cells import with_joints
    from anonymize.disclosure.decide import decide, decide_sums, maybe_not_empty, positions
    from anonymize.disclosure.dominance import column, sums

    _check(request)
    cells = count_cells(
        records,
        request.dimensions,
        request.sets(),
        request.contributors,
        request.public,
        request.within,
    )
    cells = with_joints(cells, maybe_not_empty(cells, request, previous))
    decision = decide(cells, request, previous)
    at = positions(cells, request)
    shown = tables.published(cells, decision, request, at)
    if request.measure is not None:
        measured = sums(cells, column(records, request.measure))
        hidden = decide_sums(cells, decision, request, measured)
        shown = tables.with_sums(shown, request.measure, measured, hidden, decision, at)
    return Released(
        shown,
        tables.audit_of(cells, decision, shown, at),
        tables.summary(cells, decision, request, at),
    )


def _check(request: Request) -> None:
    taken = {"count", "status", *AUDIT_COLUMNS, *KNOWN_COLUMNS}
    for name in request.dimensions:
        if name in taken:
            raise DeliveryError(
                "RELEASE-DIMENSIONS", "this name is taken by a column of the output", field=name
            )
    if request.measure is not None and request.measure in taken | set(request.dimensions):
        raise DeliveryError(
            "RELEASE-MEASURE", "this name is taken by a column of the output", field=request.measure
        )
    if request.min_cell < LEAST_MIN_CELL or request.round_to < 1:
        raise DeliveryError(
            "RELEASE-MINIMUM",
            f"the smallest published count is {LEAST_MIN_CELL} or more; counts are rounded to "
            "multiples of 1 or more",
        )
