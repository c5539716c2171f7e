"""Weights with what names say together (``together``), learned from all pairs of some records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anonymize.encoding.encode import Encoded
from linkage.blocking import Candidates, candidates
from linkage.compare import Combinations, Compared, combinations, compare
from linkage.together import bend, told_apart
from linkage.weights import Shares, Weights, posterior

#: Records of a side whose pairs are all looked at.
_ALL_OF = 5_000


def bent(
    weights: Weights,
    sides: tuple[Encoded, Encoded | None],
    pairs: Candidates,
    found: Combinations,
    strangers: tuple[Compared, Shares],
    random: np.random.Generator,
) -> Weights:
    """With what names say together, learned from all pairs of some records."""
    kinds = sides[0].schema.kinds
    some, few = found, sides
    if pairs.blocks:
        few = _few(sides[0], random), _few(sides[1], random) if sides[1] is not None else None
        met = candidates(*few)
        other = few[0] if few[1] is None else few[1]
        some = combinations(compare(few[0], other, (met.left, met.right)))
    apart = told_apart(strangers[0], kinds)
    share = weights.share

    def told(of: Combinations) -> tuple[Shares, Shares]:
        said, likely = weights.names(of.compared), posterior(weights.of(of.compared), share)
        which = of.which[told_apart(of.compared, kinds)[of.which]]
        return said[which], likely[which]

    said, likely = told(some)
    known = _pairs_of(few) * float(strangers[1][apart].sum() / strangers[1].sum())
    return replace(weights, bend=bend(told(found), (said, 1 - likely), known))


def _pairs_of(sides: tuple[Encoded, Encoded | None]) -> float:
    one, other = sides
    return len(one) ** 2 / 2 if other is None else float(len(one) * len(other))


def _few(side: Encoded, random: np.random.Generator) -> Encoded:
    return side.take(np.sort(random.permutation(len(side))[:_ALL_OF]))
