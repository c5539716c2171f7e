"""How agreements of strangers hang together: fields are less independent than is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.compare import SWAP, UNKNOWN, Levels

Shares = npt.NDArray[np.float64]

#: Random pairs that a dependence is not believed on, and the level from which values are alike.
_FEW, _ALIKE = 5.0, 3


@dataclass(frozen=True)
class Given:
    """How the levels of a field depend on those of another among strangers.

    Strangers who share a surname share a given name more often than others do: both come from one
    culture. ``excess`` is the logarithm of how much more often, by level of the other field and of
    this one; the last row and column, for unknown, are 0.
    """

    on: str
    excess: Shares


def dependences(
    strangers: Mapping[str, Levels], u: Mapping[str, Shares], apart: Shares
) -> dict[str, Given]:
    """The tree of strongest dependences between fields: each depends on one at most.

    Args:
        strangers: levels by field of random pairs.
        apart: how many pairs each of these stands for, by as much as they are two persons.
    """
    joint = {
        (one, other): _joint((strangers[one], strangers[other]), (u[one], u[other]), apart)
        for one in strangers
        for other in strangers
        if one != other and SWAP not in (one, other)
    }
    tree: dict[str, Given] = {}
    inside = {next(iter(strangers))}
    while edges := [edge for edge in joint if edge[0] in inside and edge[1] not in inside]:
        best = max(edges, key=lambda edge: joint[edge][0])
        tree[best[1]] = Given(best[0], joint[best][1])
        inside.add(best[1])
    return tree


def _joint(
    levels: tuple[Levels, Levels], u: tuple[Shares, Shares], apart: Shares
) -> tuple[float, Shares]:
    """How much two fields tell of each other at their alike levels, and their excess."""
    shape = len(u[0]), len(u[1])
    known = (levels[0] != UNKNOWN) & (levels[1] != UNKNOWN)
    cells = levels[0][known].astype(np.int64) * shape[1] + levels[1][known]
    seen = np.bincount(cells, apart[known], shape[0] * shape[1]).reshape(shape)
    expected = np.outer(*u) * apart[known].sum()
    # Where few are expected, what was seen may be chance.
    excess = np.log((seen + _FEW) / (expected + _FEW))
    alike = slice(_ALIKE, None)
    strength = float((seen * excess)[alike, alike].sum())
    padded = np.zeros((shape[0] + 1, shape[1] + 1))
    padded[:-1, :-1] = excess
    return strength, padded
