"""Disclosure control of one released table: what may be told of which cell, all margins together.

A table is made of records, one for each person or incident, each with one value in every dimension.
Its cells are the combinations of values of every margin (a set of dimensions; the others stand for
'all'). A hierarchy is no special case: ``county`` inside ``state`` are two dimensions of which one
decides the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import pyarrow as pa

#: Smallest count that is published (CMS cell size policy; DESIGN.md rule 7).
MIN_CELL = 11
#: Stands for all values of a dimension.
ALL = "*"


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
    """

    dimensions: tuple[str, ...]
    margins: tuple[tuple[str, ...], ...] = ()
    min_cell: int = MIN_CELL
    contributors: str | None = None
    public: frozenset[str] = frozenset()
    round_to: int = 1


@dataclass(frozen=True)
class Released:
    """A released table.

    Attributes:
        cells: one row a cell: a column of text for each dimension (``*`` for all), ``count``
            (int64, null where hidden) and ``status``. This is all that is published.
        audit: the steward's: the same cells with true count, reason and, of hidden cells, the
            bounds that the published ones leave.
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
        previous: earlier releases of the same table, which anybody may subtract from this one.
    """
    raise NotImplementedError
