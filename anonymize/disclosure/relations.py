"""How the cells of a table add up, as a system of equations over quantities that can differ.

A county's cell and the same county in its state count the same records: they are one quantity, so
hiding one of them hides both. Everything after this module works on quantities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from anonymize.disclosure.cells import Cells
from anonymize.disclosure.dimensions import Bools, Dimension, Ints


@dataclass(frozen=True)
class Relations:
    """The equations ``sums @ x == 0``.

    Attributes:
        quantity: of each cell, the number of its quantity; -1 where the cell cannot be.
        cell: of each quantity, one of its cells.
        sums: sparse (equations, quantities): 1 for the whole, -1 for each of its parts.
        size: number of quantities.
    """

    quantity: Ints
    cell: Ints
    sums: sparse.csr_array

    @property
    def size(self) -> int:
        return len(self.cell)

    def quantities(self, cells: Ints) -> Bools:
        """Which quantities have one of ``cells``."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.quantity[cells]] = True
        return mask


def relations(cells: Cells) -> Relations:
    """The equations of every margin in every dimension, each once."""
    families = list(cells.families())
    same: list[tuple[Ints, Ints]] = []
    for _dimension, whole, parts in families:
        alone = cells.exists[parts].sum(axis=1) == 1
        only = parts[alone][cells.exists[parts[alone]]]
        same.append((whole[alone], only))
    one = np.concatenate([whole for whole, _part in same])
    other = np.concatenate([part for _whole, part in same])
    total = cells.exists.size
    edges = sparse.coo_array((np.ones(len(one), np.int8), (one, other)), shape=(total, total))
    _count, labels = connected_components(edges, directed=False)
    kept, quantity = np.unique(labels[cells.exists], return_inverse=True)
    of_cell = np.full(total, -1, np.int64)
    of_cell[cells.exists] = quantity
    # The finest cell stands for its quantity: it names a value in every dimension that has one.
    first = np.zeros(len(kept), np.int64)
    where = np.flatnonzero(cells.exists)
    first[quantity] = where
    return Relations(of_cell, first, _equations(cells, families, of_cell, len(kept)))


def _equations(
    cells: Cells, families: list[tuple[Dimension, Ints, Ints]], quantity: Ints, size: int
) -> sparse.csr_array:
    blocks = []
    for _dimension, whole, parts in families:
        real = cells.exists[parts]
        several = real.sum(axis=1) > 1
        if not several.any():
            continue
        lines, real = parts[several], real[several]
        row, _place = np.nonzero(real)
        count = len(lines)
        block = sparse.csr_array(
            (
                np.concatenate([np.ones(count), -np.ones(len(row))]),
                (
                    np.concatenate([np.arange(count), row]),
                    np.concatenate([quantity[whole[several]], quantity[lines[real]]]),
                ),
            ),
            shape=(count, size),
        )
        blocks.append(_distinct(block))
    blocks += [_distinct(block) for block in _behind(cells, quantity, size)]
    if not blocks:
        return sparse.csr_array((0, size))
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def _behind(cells: Cells, quantity: Ints, size: int) -> Iterator[sparse.csr_array]:
    """The cells of margins as sums of the cells of a common table."""
    for first, joint in cells.layout.behind():
        part = first + np.arange(joint.size)
        for margin, flat in joint.parts.items():
            at = cells.layout.positions(margin).ravel()
            row = np.append(np.arange(len(at)), flat)
            column = quantity[np.append(at, part)]
            sign = np.append(np.ones(len(at)), -np.ones(joint.size))
            real = cells.exists[at][row]
            block = sparse.csr_array((sign[real], (row[real], column[real])), (len(at), size))
            yield block[np.flatnonzero(cells.exists[at])]


def _distinct(block: sparse.csr_array) -> sparse.csr_array:
    """Rows that say the same stand once: a row is told by random weights of its columns."""
    weights = np.random.default_rng(0).random(block.shape[1])
    _sums, rows = np.unique((abs(block) @ weights).round(9), return_index=True)
    return sparse.csr_array(block[np.sort(rows)])
