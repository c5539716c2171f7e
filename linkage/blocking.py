"""Candidate pairs: records that share a block token; of small files, all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from anonymize.encoding.tokens import Tokens
from linkage.clk import most_alike
from linkage.compare import Rows, dice_of_all
from schemas.linkage import CLK

#: Up to here all pairs are compared: blocking would only lose some.
ALL_PAIRS = 60_000_000
#: Candidates a run may have: for each record of the larger side, and at least.
PER_RECORD, AT_LEAST = 30, 4_000_000
#: A token shared by more pairs than this says nothing (a popular name and an unknown rest).
LARGEST_BLOCK = 10_000
#: Where all pairs are looked at: Dice's coefficients of values that are alike, and equal.
_ALIKE, _EQUAL = 0.65, 0.95
_TELLS_LITTLE = ("sex", "category", "year")
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Candidates:
    """Pairs of row numbers, each once; ``blocks`` are those that were used (none: all pairs)."""

    left: Rows
    right: Rows
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class _Shared:
    """Tokens that both sides have, and where their records stand."""

    left: Rows
    right: Rows
    starts: tuple[Rows, Rows]
    counts: tuple[Rows, Rows]

    @property
    def pairs(self) -> int:
        return int((self.counts[0] * self.counts[1]).sum())


def candidates(left: Encoded, right: Encoded | None) -> Candidates:
    """Pairs to compare. Without ``right``, pairs within ``left``, the lower row first.

    Blocks are used from the sharpest on as long as their pairs fit into the budget.
    """
    other = left if right is None else right
    if len(left) * len(other) <= ALL_PAIRS:
        if left.schema.mode == CLK:
            return Candidates(*most_alike(left, right), ())
        return _all_pairs(left, right)
    budget = max(PER_RECORD * max(len(left), len(other)), AT_LEAST)
    found: list[Rows] = []
    used: list[str] = []
    for shared, name in sorted(_meeting(left, other), key=lambda one: (one[0].pairs, one[1])):
        if not shared.pairs:
            continue
        if sum(map(len, found)) + shared.pairs > budget:
            found = [_distinct(found)]  # blocks give many pairs that others gave before
        if sum(map(len, found)) + shared.pairs <= budget:
            found.append(_keys(shared, len(other), within=right is None))
            used.append(name)
    keys = _distinct(found)
    return Candidates(keys // len(other), keys % len(other), tuple(used))


def sharing(
    left: Encoded, right: Encoded, pairs: tuple[Rows, Rows], blocks: Sequence[str]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Block to whether it holds each pair together; ``name~`` counts for ``name``."""
    held: dict[str, npt.NDArray[np.bool_]] = {}
    for block in blocks:
        name = block.removesuffix("~")
        mine = left.tokens[name][pairs[0]]
        same = (mine == right.tokens[block][pairs[1]]) & (mine != 0)
        held[name] = held[name] | same if name in held else same
    return held


def _distinct(parts: list[Rows]) -> Rows:
    if not parts:
        return np.empty(0, np.int64)
    keys = np.concatenate(parts)
    parts.clear()  # a run over millions of records needs the room
    keys.sort()
    found: Rows = keys[np.diff(keys, prepend=-1) != 0]
    return found


def _all_pairs(left: Encoded, right: Encoded | None) -> Candidates:
    """Of all pairs, those that agree on one telling field or are alike in two."""
    other = left if right is None else right
    telling = [name for name, kind in left.schema.kinds.items() if kind not in _TELLS_LITTLE]
    bits = {name: (_bits(left, name), _bits(other, name)) for name in telling}
    found = []
    step = max(_CHUNK // len(other), 1)
    for start in range(0, len(left), step):
        # Within one file, the rows before have met all others.
        across = start if right is None else 0
        score = np.zeros((min(step, len(left) - start), len(other) - across), np.int8)
        for first, second in bits.values():
            alike = dice_of_all(first[start : start + step], second[across:], left.schema.flip)
            score += alike >= _ALIKE
            score += alike >= _EQUAL
        i, j = np.nonzero(score >= 2)
        i, j = i + start, j + across
        found.append((i[i < j], j[i < j]) if right is None else (i, j))
    left_rows, right_rows = (np.concatenate(side) for side in zip(*found, strict=True))
    return Candidates(left_rows, right_rows, ())


def _bits(encoded: Encoded, name: str) -> npt.NDArray[np.float32]:
    """Filters as rows of 0 and 1."""
    content = np.ascontiguousarray(encoded.filters[name]).view(np.uint8)
    return np.unpackbits(content, axis=1).astype(np.float32)


def _meeting(left: Encoded, right: Encoded) -> list[tuple[_Shared, str]]:
    """Tokens that meet: those of each block, and straight ones with those of swapped names."""
    found = []
    for name, tokens in left.tokens.items():
        if name.endswith("~"):
            continue
        mine = in_order(tokens)
        for other in (name, f"{name}~"):
            if other in right.tokens:
                found.append((_shared(mine, in_order(right.tokens[other])), other))
    return found


@dataclass(frozen=True)
class InOrder:
    """Distinct tokens of a side; the records of one stand together in ``order``."""

    tokens: Tokens
    order: Rows
    starts: Rows
    counts: Rows


def in_order(column: Tokens) -> InOrder:
    """Tokens in order; records without one are left out."""
    rows = np.flatnonzero(column)
    order = rows[np.argsort(column[rows])]
    ordered = column[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=np.uint64(0)) != 0)
    return InOrder(ordered[starts], order, starts, np.diff(starts, append=len(ordered)))


def _shared(left: InOrder, right: InOrder) -> _Shared:
    place = np.searchsorted(right.tokens, left.tokens)
    place[place == len(right.tokens)] = 0
    first = np.flatnonzero(right.tokens[place] == left.tokens) if len(right.tokens) else place[:0]
    second = place[first]
    few = left.counts[first] * right.counts[second] <= LARGEST_BLOCK
    first, second = first[few], second[few]
    return _Shared(
        left.order,
        right.order,
        (left.starts[first], right.starts[second]),
        (left.counts[first], right.counts[second]),
    )


def _keys(shared: _Shared, width: int, *, within: bool) -> Rows:
    """The pairs of a block as single numbers, left row times ``width`` plus right row."""
    pairs = shared.counts[0] * shared.counts[1]
    block = np.repeat(np.arange(len(pairs)), pairs)
    place = np.arange(len(block)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    across = shared.counts[1][block]
    left = shared.left[shared.starts[0][block] + place // across]
    right = shared.right[shared.starts[1][block] + place % across]
    if within:
        left, right = np.minimum(left, right), np.maximum(left, right)
        left, right = left[left != right], right[left != right]
    found: Rows = left * width + right
    return found
