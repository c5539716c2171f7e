"""The cells of a table: counts of its margins, and how they add up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.dimensions import (
    Bools,
    Dimension,
    Ints,
    dimension,
    hierarchies,
)
from anonymize.disclosure.joint import Joint, joints
from anonymize.disclosure.layout import Layout, layout
from schemas.errors import DeliveryError

#: Cells of one table; beyond, most are empty and the proof takes hours.
MAX_CELLS = 200_000
#: Stands for readers who know what is public and no more.
ANYBODY = ""
#: Up to so many, the finest cells are looked at even where they are not released.
FINEST = 1_500


@dataclass(frozen=True)
class Cells:
    """Counts of every cell, by position in ``layout``.

    Released margins come with all that can be summed from them. Where the common table behind
    several margins is small, its cells are there too: it narrows what a reader holds possible. Of
    twenty dimensions the common table has more cells than there are people, and what links their
    margins are the margins they share.

    Attributes:
        within: pairs (dimension, dimension that it decides): county inside state.
        exists: False for cells that cannot be, as a county with another state than its own.
        count: records.
        own: for each contributor the records he contributed to, shape (contributors, cells).
        known: for each attacker the records he knows, shape (attackers, cells): every contributor
            knows his own and the public ones, and everybody knows the public ones.
        contributors: their names, sorted.
        theirs: for each contributor the rows of the records he contributed to.
        attackers: their names: contributors whose records are not public, then ``ANYBODY`` where
            there are public records.
        knowing: for each attacker the rows of the records he knows.
    """

    layout: Layout
    within: tuple[tuple[str, str], ...]
    exists: Bools
    count: Ints
    own: Ints
    known: Ints
    contributors: tuple[str, ...]
    theirs: tuple[Ints, ...]
    attackers: tuple[str, ...]
    knowing: tuple[Ints, ...]

    def of_margin(self, names: Sequence[str]) -> Ints:
        """Positions of the cells of a margin, in order of the dimensions' values."""
        order = [one.name for one in self.layout.dimensions]
        positions = self.layout.positions(tuple(sorted(map(order.index, names)))).ravel()
        return positions[self.exists[positions]]

    def families(self) -> Iterator[tuple[Dimension, Ints, Ints]]:
        """A dimension, the cells that sum over it, and their parts, shape (cells, values)."""
        for place, whole, parts in self.layout.parts():
            real = self.exists[whole]
            yield self.layout.dimensions[place], whole[real], parts[real]


def cells(
    records: pa.Table,
    names: Sequence[str],
    margins: Sequence[Sequence[str]],
    contributors: str | None = None,
    public: frozenset[str] = frozenset(),
    within: Sequence[tuple[str, str]] | None = None,
) -> Cells:
    """Count the records of every cell.

    Args:
        within: pairs of dimensions of which the first decides the second; None: seen in the data.

    Raises:
        DeliveryError: a column is missing, holds ``*`` or ``unknown`` as text, or there are too
            many cells.
    """
    if not names or len(set(names)) < len(names):
        raise DeliveryError("RELEASE-DIMENSIONS", "name one dimension or more, each once")
    dimensions = tuple(dimension(records, name) for name in names)
    pairs = hierarchies(dimensions, within)
    # at least two values each, or a cube without records would have the margins of all dimensions
    small = math.prod(max(len(one.values), 2) for one in dimensions) <= FINEST
    linked = [*(_with_decided(margin, pairs) for margin in margins), *([names] if small else [])]
    laid = layout(dimensions, linked, MAX_CELLS)
    agencies, rows, who = _contributors(records, contributors)
    shown = np.isin(who, [number for number, name in enumerate(agencies) if name in public])
    theirs = tuple(rows[who == number] for number in range(len(agencies)))
    knowing = {
        name: np.unique(rows[(who == number) | shown])
        for number, name in enumerate(agencies)
        if name not in public
    }
    if shown.any():
        knowing[ANYBODY] = np.unique(rows[shown])
    return Cells(
        laid,
        pairs,
        laid.exists([(names.index(one), names.index(other)) for one, other in pairs]),
        laid.counted(),
        _each(laid, theirs),
        _each(laid, tuple(knowing.values())),
        agencies,
        theirs,
        tuple(knowing),
        tuple(knowing.values()),
    )


def _each(laid: Layout | Joint, groups: Sequence[Ints]) -> Ints:
    """Records in every cell, of each group of rows, shape (groups, cells)."""
    counted = [laid.counted(rows) for rows in groups]
    return np.array(counted, np.int64).reshape(-1, laid.size)


def with_joints(cells: Cells, maybe: Bools) -> Cells:
    """The same cells, and those of the common tables behind their margins.

    Args:
        maybe: empty cells of which a reader may not be told that they are.
    """
    laid = cells.layout
    able = cells.exists & ((cells.count > 0) | maybe)
    margins = [margin for margin in laid.start if margin]
    possible = {margin: able[laid.positions(margin)] for margin in margins}
    found = joints(
        [len(one.values) - 1 for one in laid.dimensions],
        [one.index - 1 for one in laid.dimensions],
        margins,
        possible,
    )
    if not found:
        return cells
    more = sum(one.size for one in found)
    return replace(
        cells,
        layout=replace(laid, joints=found, size=laid.size + more),
        exists=np.append(cells.exists, np.ones(more, np.bool_)),
        count=np.concatenate([cells.count, *(one.counted() for one in found)]),
        own=np.hstack([cells.own, *(_each(one, cells.theirs) for one in found)]),
        known=np.hstack([cells.known, *(_each(one, cells.knowing) for one in found)]),
    )


def _with_decided(margin: Sequence[str], within: Sequence[tuple[str, str]]) -> list[str]:
    """A margin with every dimension that one of its own decides.

    They add no cells that can be and link margins: quarters add up to calendar years and to fiscal
    ones, so that tables by either, laid beside each other, tell the quarter between them.
    """
    whole = list(margin)
    for name in whole:
        whole += [other for one, other in within if one == name and other not in whole]
    return whole


def _contributors(records: pa.Table, name: str | None) -> tuple[tuple[str, ...], Ints, Ints]:
    """Names, and for each record and one of its contributors the row and the name's number."""
    nothing = np.zeros(0, np.int64)
    if name is None:
        return (), nothing, nothing
    if name not in records.column_names:
        raise DeliveryError("COLUMN-MISSING", "no such column; see the header line", field=name)
    column = records[name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks else pa.array([], column.type)
    if not pa.types.is_list(column.type) and not pa.types.is_large_list(column.type):
        column = pc.split_pattern(column.cast(pa.string()), ";")
    rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    agencies = pc.utf8_trim_whitespace(pc.list_flatten(column).cast(pa.string()))
    named = pc.fill_null(pc.not_equal(agencies, ""), False).to_numpy(zero_copy_only=False)
    if len(np.unique(rows[named])) < len(column):
        raise DeliveryError(
            "RELEASE-CONTRIBUTORS", "a record without a contributor: name the agency", field=name
        )
    texts = agencies.filter(pa.array(named)).to_pylist()
    names = tuple(sorted(set(texts)))
    place = {text: number for number, text in enumerate(names)}
    who = np.array([place[text] for text in texts], np.int64)
    found, agency = np.divmod(np.unique(rows[named] * len(names) + who), max(len(names), 1))
    return names, found, agency
