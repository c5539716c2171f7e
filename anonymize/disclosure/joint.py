"""Common tables behind several margins: what narrows a hidden cell though no margin says it.

Margins of one table are sums of one table of counts that are not negative, and a reader may look
for that. Tables of a and b, b and c, and c and a may agree on a, b and c each and still not be
sums of one table of all three; few hold it possible where most of their cells are empty.

Not all dimensions need be looked at together. Let dimensions be joined where a margin has both;
close every ring of them by further joins, until each ring of more than three has a shortcut. Then
there is one table behind all margins if and only if there are tables of the cliques that agree
where they overlap (S. L. Lauritzen, Graphical Models, Oxford 1996, sections 2.1 and 4.4; for
bounds of cells A. Dobra and S. E. Fienberg, PNAS 97 (2000) 11885-11892). Of each clique only cells
are written down that may count somebody: no margin shows that there is nobody.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from anonymize.disclosure.dimensions import Bools, Ints

Places = tuple[int, ...]

#: Cells of one common table; with more of them, most are possible and little is narrowed.
MOST = 3_000
#: Cells looked at on the way.
MOST_ON_THE_WAY = 4_000_000
#: Cells that can be numbered at all.
MOST_NUMBERED = 2**62


@dataclass(frozen=True)
class Joint:
    """A common table of some dimensions.

    Attributes:
        places: the dimensions, rising.
        index: of each record the number of its cell.
        size: cells.
        parts: margin -> of each cell the number of its whole in that margin.
    """

    places: Places
    index: Ints
    size: int
    parts: dict[Places, Ints]

    def counted(self, rows: Ints | None = None) -> Ints:
        """Records in every cell; of ``rows`` alone if given."""
        index = self.index if rows is None else self.index[rows]
        return np.bincount(index, minlength=self.size).astype(np.int64)


def joints(
    values: Sequence[int],
    indices: Sequence[Ints],
    margins: Collection[Places],
    possible: Mapping[Places, Bools],
    most: int = MOST,
) -> tuple[Joint, ...]:
    """The common tables behind margins; of a clique that is too large, of its rings of three.

    Args:
        values: of each dimension, how many it has.
        indices: of each dimension, of each record the number of its value.
        margins: those that are released, and their subsets.
        possible: of each margin, which cells may count somebody.
    """
    found: list[Joint] = []
    for clique in cliques(possible, values):
        for places in (clique, *_rings(clique, possible, values)):
            left = 3 * most - sum(one.size for one in found)
            if _inside(places, margins) or any(set(places) <= set(one.places) for one in found):
                continue
            cells = _support(places, values, possible, min(most, left))
            if cells is not None and len(cells):
                found.append(_joint(places, values, indices, margins, cells))
    return tuple(found)


def _rings(clique: Places, margins: Collection[Places], values: Sequence[int]) -> Iterator[Places]:
    """Rings of three dimensions, the smallest tables first."""
    pairs = {pair for margin in margins for pair in combinations(sorted(margin), 2)}
    rings = [ring for ring in combinations(clique, 3) if pairs.issuperset(combinations(ring, 2))]
    yield from sorted(rings, key=lambda one: _product(one, values))


def cliques(margins: Collection[Places], values: Sequence[int]) -> list[Places]:
    """Cliques of the dimensions once every ring has a shortcut.

    Dimensions are taken out one by one, the one with the smallest table of its neighbours first;
    these are joined with each other.
    """
    near: dict[int, set[int]] = {place: set() for margin in margins for place in margin}
    for margin in margins:
        for place in margin:
            near[place] |= set(margin) - {place}
    found: list[set[int]] = []
    while near:
        least = min(near, key=lambda place: (_product({place} | near[place], values), place))
        around = near.pop(least)
        for place in around:
            near[place] = (near[place] | around) - {place, least}
        if not any(around | {least} <= other for other in found):
            found.append(around | {least})
    return [tuple(sorted(one)) for one in found]


def _product(places: Collection[int], values: Sequence[int]) -> int:
    return math.prod(values[place] for place in places)


def _inside(places: Collection[int], margins: Collection[Places]) -> bool:
    return any(set(places) <= set(margin) for margin in margins)


def _support(
    clique: Places, values: Sequence[int], possible: Mapping[Places, Bools], most: int
) -> Ints | None:
    """Cells that no margin rules out, shape (cells, dimensions); None where they are too many."""
    if _product(clique, values) > MOST_NUMBERED:
        return None
    have: list[int] = []
    cells = np.zeros((1, 0), np.int64)
    while len(have) < len(clique):
        rest = [place for place in clique if place not in have]
        place = max(rest, key=lambda one: (_links(one, have, possible), -values[one]))
        if len(cells) * values[place] > MOST_ON_THE_WAY:
            return None
        new = np.tile(np.arange(values[place]), len(cells))
        cells = np.column_stack([np.repeat(cells, values[place], axis=0), new])
        have.append(place)
        for margin, mask in possible.items():
            if place in margin and set(margin) <= set(clique):
                cells = cells[_allowed(cells, have, margin, mask)]
    return cells[:, [have.index(place) for place in clique]] if len(cells) <= most else None


def _links(place: int, have: Sequence[int], possible: Collection[Places]) -> int:
    return len({one for margin in possible if place in margin for one in margin if one in have})


def _allowed(cells: Ints, have: Sequence[int], margin: Places, mask: Bools) -> Bools:
    known = [place for place in margin if place in have]
    seen = np.asarray(mask.any(axis=tuple(at for at, one in enumerate(margin) if one not in have)))
    return np.asarray(seen[tuple(cells[:, have.index(place)] for place in known)])


def _joint(
    clique: Places,
    values: Sequence[int],
    indices: Sequence[Ints],
    margins: Collection[Places],
    cells: Ints,
) -> Joint:
    def number(columns: Sequence[Ints], places: Places) -> Ints:
        """Of each row the number of its combination of values."""
        flat = np.zeros(len(columns[0]), np.int64)
        for column, place in zip(columns, places, strict=True):
            flat = flat * values[place] + column
        return flat

    inside = [margin for margin in margins if set(margin) <= set(clique)]
    order = number(list(cells.T), clique)
    sort = np.argsort(order)
    mine = number([indices[place] for place in clique], clique)
    index = sort[np.searchsorted(order[sort], mine)]
    parts = {
        margin: number([cells[:, clique.index(place)] for place in margin], margin)
        for margin in inside
        if not any(set(margin) < set(other) for other in inside)
    }
    return Joint(clique, index, len(cells), parts)
