"""Areas of a map: which lie next to which, and how fine a map may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.release import MIN_CELL

#: Areas next to each area. Areas that are not on the map may be named; they are left out.
Neighbours = Mapping[str, Sequence[str]]

#: Coarsest resolution that says anything: 1,770 km2 on average, about a county.
COARSEST_CELL: Final = 4


def hex_neighbours(cells: Sequence[str]) -> Neighbours:
    """The (up to six) neighbours of each H3 cell."""
    import h3.api.basic_str as h3

    return {cell: h3.grid_ring(cell, 1) for cell in cells}


def nearest_neighbours(
    centres: Mapping[str, tuple[float, float]], number: int = 5
) -> Mapping[str, Sequence[str]]:
    """The ``number`` nearest areas by great circle; ``centres``: latitude, longitude in degrees.

    For counties where no list of neighbours is at hand (the Census Bureau publishes one).
    """
    from scipy.spatial import KDTree

    names = list(centres)
    north, east = np.radians(np.array(list(centres.values()), np.float64).reshape(-1, 2)).T
    globe = np.column_stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]
    )
    near = min(number + 1, len(names))
    if near < 2:
        return dict.fromkeys(names, ())
    found = np.asarray(KDTree(globe).query(globe, k=near)[1])
    return {
        name: [names[other] for other in row if other != at][:number]
        for at, (name, row) in enumerate(zip(names, found.tolist(), strict=True))
    }


def finest_resolution(
    cells: pa.Array, *, share: float = 0.9, min_cell: int = MIN_CELL
) -> int | None:
    """Finest H3 resolution with ``share`` of the records in cells of ``min_cell`` or more.

    Choose it once for a product and keep it: two releases at two resolutions can be subtracted
    from each other.

    Args:
        cells: H3 cell of each record, all of one resolution; null where it has none.

    Returns:
        None where even ``COARSEST_CELL`` is too fine, or nothing is placed.
    """
    import h3.api.basic_str as h3

    placed = cells.drop_null()
    if not len(placed):
        return None
    for resolution in range(h3.get_resolution(placed[0].as_py()), COARSEST_CELL - 1, -1):
        found = roll_up(placed, resolution).value_counts().field("counts").to_numpy()
        if found[found >= min_cell].sum() >= share * len(placed):
            return resolution
    return None


def roll_up(cells: pa.Array, resolution: int) -> pa.Array:
    """The cell of ``resolution`` around each cell; null stays null."""
    import h3.api.basic_str as h3

    known = pc.unique(cells).drop_null()
    parents = pa.array(
        [h3.cell_to_parent(cell, resolution) for cell in known.to_pylist()], pa.string()
    )
    return parents.take(pc.index_in(cells, value_set=known))
