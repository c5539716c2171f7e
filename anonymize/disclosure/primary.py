"""Which cells may not be shown for what they count themselves."""

from __future__ import annotations

import numpy as np

from anonymize.disclosure.cells import Cells
from anonymize.disclosure.dimensions import Bools

#: Reasons, in the order in which the first that holds is named.
SMALL, CONTRIBUTOR, ATTRIBUTE = "small", "contributor", "attribute"


def small(cells: Cells, min_cell: int) -> Bools:
    """Cells of 1 to ``min_cell - 1`` records (CMS cell size policy; DESIGN.md rule 7)."""
    return np.asarray((cells.count > 0) & (cells.count < min_cell))


def contributor(cells: Cells, min_cell: int, public: frozenset[str]) -> Bools:
    """Cells that tell a contributor of fewer than ``min_cell`` records that are not his.

    Every contributor knows his own records and the public ones, so a cell is shown where nobody or
    at least ``min_cell`` are left without them, and where two agencies or more contribute: a count
    that is one agency's alone is that agency's figure. Cells of public records alone are shown.
    """
    if not cells.contributors:
        return np.zeros(cells.count.shape, np.bool_)
    few = np.zeros(cells.count.shape, np.bool_)
    for left in cells.count - np.concatenate([cells.own, cells.known]):
        few |= (left > 0) & (left < min_cell)
    alone = (cells.count > 0) & ((cells.own > 0).sum(axis=0) < 2)
    return np.asarray((few | alone) & ~only_public(cells, public))


def only_public(cells: Cells, public: frozenset[str]) -> Bools:
    """Cells all of whose contributors are public."""
    private = np.array([name not in public for name in cells.contributors], np.bool_)
    return np.asarray(~(cells.own[private] > 0).any(axis=0))


def attribute(cells: Cells, min_cell: int, exempt: Bools) -> tuple[Bools, Bools]:
    """Cells into which the whole of a released margin cell falls, and their empty siblings.

    That all of a county's cases are of one kind tells the kind of everybody known to be in it.
    Not so where the kind is ``unknown``, where something is unknown of the group itself (of nobody
    is it known that he is in it), where a dimension has one value only, or where one dimension
    decides the other (``Cells.within``). A whole below ``min_cell`` is not shown itself.

    Args:
        exempt: wholes of which anything may be told.
    """
    exempt = exempt | cells.layout.unknown()
    full = np.zeros(cells.count.shape, np.bool_)
    empty = np.zeros(cells.count.shape, np.bool_)
    for dimension, whole, parts in cells.families():
        real = cells.exists[parts]
        counts = np.where(real, cells.count[parts], 0)
        one = (counts > 0).sum(axis=1) == 1
        telling = one & (real.sum(axis=1) > 1) & (cells.count[whole] >= min_cell)
        telling &= ~exempt[whole]
        if dimension.unknown:
            telling &= counts[:, dimension.unknown - 1] == 0
        lines, holds = parts[telling], counts[telling] > 0
        full[lines[holds]] = True
        empty[lines[~holds & real[telling]]] = True
    return full, empty
