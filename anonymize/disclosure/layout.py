"""Where the cells of a table stand: one block of positions for each margin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from anonymize.disclosure.dimensions import ALL, Bools, Dimension, Ints
from anonymize.disclosure.joint import Joint
from schemas.errors import DeliveryError

Margin = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Where the cells of each margin stand: one block a margin, the smaller margins first.

    Attributes:
        dimensions: all of them; margins are tuples of places among these, rising.
        start: of each margin, the position of its first cell.
        size: cells altogether.
        joints: common tables behind several margins; their cells come last.
    """

    dimensions: tuple[Dimension, ...]
    start: Mapping[Margin, int]
    size: int
    joints: tuple[Joint, ...] = ()

    def values(self, margin: Margin) -> tuple[int, ...]:
        return tuple(len(self.dimensions[place].values) - 1 for place in margin)

    def positions(self, margin: Margin) -> Ints:
        """Positions of a margin's cells, shaped by the values of its dimensions."""
        values = self.values(margin)
        at = self.start[margin] + np.arange(math.prod(values), dtype=np.int64)
        return at.reshape(values)

    def of_records(self, rows: Ints | None = None) -> Iterator[Ints]:
        """For each margin the position of every record's cell; of ``rows`` alone if given."""
        size = len(self.dimensions[0].index) if rows is None else len(rows)
        for margin in self.start:
            indices = [self.dimensions[place].index for place in margin]
            chosen = [(index if rows is None else index[rows]) - 1 for index in indices]
            flat = np.ravel_multi_index(chosen, self.values(margin)) if margin else 0
            yield self.start[margin] + np.broadcast_to(flat, size)
        for first, joint in self.behind():
            yield first + (joint.index if rows is None else joint.index[rows])

    def behind(self) -> Iterator[tuple[int, Joint]]:
        """The position of the first cell of each common table, and the table."""
        first = self.size - sum(joint.size for joint in self.joints)
        for joint in self.joints:
            yield first, joint
            first += joint.size

    def counted(self, rows: Ints | None = None) -> Ints:
        """Records in every cell; of ``rows`` alone if given."""
        counts = np.zeros(self.size, np.int64)
        for at in self.of_records(rows):
            counts += np.bincount(at, minlength=self.size)
        return counts

    def parts(self) -> Iterator[tuple[int, Ints, Ints]]:
        """For each margin and dimension of it: the place of the dimension among all, the cells that
        sum over it, and their parts, shape (cells, values)."""
        for margin in self.start:
            for axis, place in enumerate(margin):
                whole = margin[:axis] + margin[axis + 1 :]
                parts = np.moveaxis(self.positions(margin), axis, -1)
                yield (
                    place,
                    self.positions(whole).ravel(),
                    parts.reshape(math.prod(parts.shape[:-1]), parts.shape[-1]),
                )

    def exists(self, within: Sequence[tuple[int, int]]) -> Bools:
        """False for cells that cannot be, given pairs of dimensions that decide one another."""
        found = np.ones(self.size, np.bool_)
        for first, second in within:
            allowed = _allowed(self.dimensions[first], self.dimensions[second])
            for margin in self.start:
                if first in margin and second in margin:
                    line = [1] * len(margin)
                    line[margin.index(first)] = allowed.shape[0]
                    line[margin.index(second)] = allowed.shape[1]
                    turned = allowed if first < second else allowed.T
                    at = self.positions(margin)
                    real = np.broadcast_to(turned.reshape(line), at.shape)
                    found[at.ravel()] &= real.ravel()
        return found

    def unknown(self) -> Bools:
        """Cells that are unknown in one of their dimensions."""
        found = np.zeros(self.size, np.bool_)
        for margin in self.start:
            at = self.positions(margin)
            for axis, place in enumerate(margin):
                if self.dimensions[place].unknown:
                    found[np.moveaxis(at, axis, 0)[self.dimensions[place].unknown - 1]] = True
        return found

    def text(self, positions: Ints) -> dict[str, pa.Array]:
        """The value of each dimension, by its name, at ``positions``."""
        margins = list(self.start)
        starts = np.array(list(self.start.values()))
        block = np.searchsorted(starts, positions, side="right") - 1
        indices = np.zeros((len(self.dimensions), len(positions)), np.int64)
        for number in np.unique(block):
            mine = block == number
            margin = margins[number]
            if margin:
                flat = positions[mine] - starts[number]
                for place, index in zip(
                    margin, np.unravel_index(flat, self.values(margin)), strict=True
                ):
                    indices[place, mine] = index + 1
        return {
            dimension.name: pa.array((ALL, *dimension.values[1:]), pa.string()).take(
                pa.array(index)
            )
            for dimension, index in zip(self.dimensions, indices, strict=True)
        }


def layout(
    dimensions: tuple[Dimension, ...], margins: Sequence[Sequence[str]], most: int
) -> Layout:
    """Blocks for the named margins and all their subsets.

    Raises:
        DeliveryError: there are more than ``most`` cells.
    """
    names = [dimension.name for dimension in dimensions]
    closed = {
        subset
        for margin in margins
        for size in range(len(margin) + 1)
        for subset in combinations(sorted(names.index(name) for name in margin), size)
    }
    start: dict[Margin, int] = {}
    size = 0
    for margin in sorted(closed, key=lambda one: (len(one), one)):
        start[margin] = size
        size += math.prod(len(dimensions[place].values) - 1 for place in margin)
    if size > most:
        raise DeliveryError(
            "RELEASE-SIZE",
            f"{size:,} cells are more than the {most:,} that can be proved safe: name margins of "
            "fewer dimensions, or coarser ones",
        )
    return Layout(dimensions, start, size)


def _allowed(one: Dimension, other: Dimension) -> Bools:
    """Which values of ``one`` come with which of ``other``; ``unknown`` comes with any."""
    allowed = np.zeros((len(one.values) - 1, len(other.values) - 1), np.bool_)
    allowed[one.index - 1, other.index - 1] = True
    if one.unknown:
        allowed[one.unknown - 1] = True
    return allowed
