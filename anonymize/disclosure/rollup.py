"""Coarser values before hidden ones: the finest level of a dimension that hides few records.

A table by month of which a third is hidden tells less than the same table by quarter with all of
it. So a dimension with ordered coarser forms, such as month, quarter and year, or county and state,
is released at the finest of them at which at most a stated share of records is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa

from anonymize.disclosure.release import Released, Request, release
from schemas.errors import DeliveryError

#: Share of records hidden at which a coarser level serves better (privacy.md 5.3: 1.5 % beyond
#: the primary cells).
MOST_HIDDEN = 0.05


@dataclass(frozen=True)
class Rolled:
    """A release and the level of each dimension it was made at."""

    released: Released
    levels: tuple[str, ...]


def roll_up(
    records: pa.Table,
    request: Request,
    levels: Sequence[Sequence[str]],
    most_hidden: float = MOST_HIDDEN,
    previous: Sequence[Released] = (),
) -> Rolled:
    """Release at the finest levels that hide at most a share of the records.

    Args:
        request: with the finest level of every dimension.
        levels: for a dimension its columns from the finest to the coarsest, the finest first; those
            of one dimension are coarsened before the next is touched. Dimensions that are not
            named stay as they are.
        most_hidden: share of records in hidden cells of a finest margin.

    Returns:
        the coarsest release where none hides so few.

    Raises:
        DeliveryError: the finest level of a dimension is not among the request's.
    """
    for level in levels:
        if level[0] not in request.dimensions:
            raise DeliveryError(
                "RELEASE-DIMENSIONS", "the finest level is a dimension", field=level[0]
            )
    steps = [step for level in levels for step in pairwise(level)]
    released = release(records, request, previous)
    for finer, coarser in steps:
        if released.summary["records_hidden_share"] <= most_hidden:
            break
        request = _coarser(request, finer, coarser)
        released = release(records, request, previous)
    return Rolled(released, request.dimensions)


def _coarser(request: Request, finer: str, coarser: str) -> Request:
    def turned(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(coarser if name == finer else name for name in names))

    within = request.within
    if within is not None:
        pairs = [(turned([one])[0], turned([other])[0]) for one, other in within]
        within = tuple((one, other) for one, other in pairs if one != other)
    return replace(
        request,
        dimensions=turned(request.dimensions),
        margins=tuple(turned(margin) for margin in request.margins),
        within=within,
    )
