"""Candidate pairs: records that share a block token; of small files, all pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import Encoded
from anonymize.encoding.tokens import Tokens
from linkage.compare import Rows, dice_of_all

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
        return _all_pairs(left, right)
    shared = {
        name: one
        for name, tokens in _meeting(left, other).items()
        if (one := _shared(*tokens)).pairs
    }
    budget = max(PER_RECORD * max(len(left), len(other)), AT_LEAST)
    found, used = np.empty(0, np.int64), []
    for name in sorted(shared, key=lambda name: shared[name].pairs):
        one = shared[name]
        if len(found) + one.pairs > budget:
            continue
        found = np.union1d(found, _keys(one, len(other), within=right is None))
        used.append(name)
    return Candidates(found // len(other), found % len(other), tuple(used))


def _all_pairs(left: Encoded, right: Encoded | None) -> Candidates:
    """Of all pairs, those that agree on one telling field or are alike in two."""
    other = left if right is None else right
    telling = [name for name, kind in left.schema.kinds.items() if kind not in _TELLS_LITTLE]
    bits = {name: (_bits(left, name), _bits(other, name)) for name in telling}
    found = []
    step = max(_CHUNK // len(other), 1)
    for start in range(0, len(left), step):
        score = np.zeros((min(step, len(left) - start), len(other)), np.int8)
        for first, second in bits.values():
            alike = dice_of_all(first[start : start + step], second, left.schema.flip)
            score += alike >= _ALIKE
            score += alike >= _EQUAL
        i, j = np.nonzero(score >= 2)
        i += start
        found.append((i[i < j], j[i < j]) if right is None else (i, j))
    left_rows, right_rows = (np.concatenate(side) for side in zip(*found, strict=True))
    return Candidates(left_rows, right_rows, ())


def _bits(encoded: Encoded, name: str) -> npt.NDArray[np.float32]:
    """Filters as rows of 0 and 1."""
    content = np.ascontiguousarray(encoded.filters[name]).view(np.uint8)
    return np.unpackbits(content, axis=1).astype(np.float32)


def _meeting(left: Encoded, right: Encoded) -> Mapping[str, tuple[Tokens, Tokens]]:
    """Token columns that are compared: each block with itself, and straight with swapped names."""
    return {
        name: (left.tokens[name.removesuffix("~")], tokens) for name, tokens in right.tokens.items()
    }


def _shared(left: Tokens, right: Tokens) -> _Shared:
    orders, tokens, starts, counts = [], [], [], []
    for column in (left, right):
        rows = np.flatnonzero(column)
        order = rows[np.argsort(column[rows], kind="stable")]
        distinct, start, count = np.unique(column[order], return_index=True, return_counts=True)
        orders.append(order)
        tokens.append(distinct)
        starts.append(start)
        counts.append(count)
    _, first, second = np.intersect1d(tokens[0], tokens[1], assume_unique=True, return_indices=True)
    few = counts[0][first] * counts[1][second] <= LARGEST_BLOCK
    first, second = first[few], second[few]
    return _Shared(
        orders[0],
        orders[1],
        (starts[0][first], starts[1][second]),
        (counts[0][first], counts[1][second]),
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
    found: Rows = np.unique(left * width + right)
    return found
