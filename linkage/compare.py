"""How alike the encodings of two records are, field by field, in a few levels.

Dice's coefficient of two filters, with the bits that were turned at random taken out of it: of two
filters of M bits, turned with probability f, the expected Hamming distance is h(1-2f)^2 + 2f(1-f)M
and the expected number of ones a(1-2f) + fM, where h and a are those of the filters as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymize.encoding.encode import RARE, Encoded
from anonymize.encoding.filters import Filters
from schemas.linkage import FILTER_BITS, NAMES, LinkageSchema

#: Lower ends of the levels above 0. Filters of unlike values share up to a third of their bits.
_EDGES = (0.35, 0.5, 0.65, 0.8, 0.95)
_DATE_EDGES = (0.3, 0.5, 0.68, 0.8, 0.95)
LEVELS = len(_EDGES) + 1
#: Level of a pair of which one value is unknown.
UNKNOWN = -1
SWAP = "swapped names"
#: By how much crosswise comparison must be better, and what its better half must reach.
_SWAP_GAIN, _SWAP_LEAST = 0.3, 0.65
_CHUNK = 1 << 19

Levels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]
Similarity = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Compared:
    """Levels by field for each pair, and the rarity class of what they agree on (0: unknown)."""

    levels: Mapping[str, Levels]
    rarity: Mapping[str, npt.NDArray[np.float32]]


def compare(left: Encoded, right: Encoded, pairs: tuple[Rows, Rows]) -> Compared:
    """Compare row ``pairs[0][n]`` of ``left`` with row ``pairs[1][n]`` of ``right``."""
    schema = left.schema
    names = [*schema.kinds, *([SWAP] if _names(schema) else [])]
    rare = [column for column, kind in schema.kinds.items() if kind in RARE]
    count = len(pairs[0])
    levels = {name: np.empty(count, np.int8) for name in names}
    rarity = {name: np.zeros(count, np.float32) for name in rare}
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        _compare_chunk(left, right, (pairs[0][part], pairs[1][part]), part, levels, rarity)
    return Compared(levels, rarity)


def _compare_chunk(
    left: Encoded,
    right: Encoded,
    pairs: tuple[Rows, Rows],
    part: slice,
    levels: dict[str, Levels],
    rarity: dict[str, npt.NDArray[np.float32]],
) -> None:
    schema, (i, j) = left.schema, pairs
    alike: dict[str, Similarity] = {}
    known: dict[str, npt.NDArray[np.bool_]] = {}
    for column in schema.kinds:
        first, second = left.filters[column][i], right.filters[column][j]
        known[column] = np.any(first, axis=1) & np.any(second, axis=1)
        alike[column] = dice(first, second, schema.flip)
    crossed: npt.NDArray[np.bool_] = np.zeros(len(i), bool)
    pair = _names(schema)
    if pair:
        given, surname = pair
        cross = (
            dice(left.filters[given][i], right.filters[surname][j], schema.flip),
            dice(left.filters[surname][i], right.filters[given][j], schema.flip),
        )
        both = known[given] & known[surname]
        crossed = both & (cross[0] + cross[1] > alike[given] + alike[surname] + _SWAP_GAIN)
        crossed &= np.maximum(*cross) > _SWAP_LEAST
        for column, turned in zip(pair, cross, strict=True):
            alike[column] = np.where(crossed, turned, alike[column]).astype(np.float32)
        levels[SWAP][part] = np.where(both, crossed, UNKNOWN)
    for column, kind in schema.kinds.items():
        edges = np.asarray(_DATE_EDGES if kind == "date" else _EDGES, np.float32)
        level = np.searchsorted(edges, alike[column], side="right").astype(np.int8)
        levels[column][part] = np.where(known[column], level, UNKNOWN)
    for column in rarity:
        mine = left.rarity[column][i].astype(np.float32)
        theirs: Similarity = right.rarity[column][j].astype(np.float32)
        if pair and column in pair:
            other = pair[1] if column == pair[0] else pair[0]
            theirs[crossed] = right.rarity[other][j[crossed]]
        rarity[column][part] = np.where(known[column], (mine + theirs) / np.float32(2), 0)


def dice(first: Filters, second: Filters, flip: int) -> Similarity:
    """Dice's coefficient of rows of filters, freed of the noise; about 0 to 1."""
    apart = np.bitwise_count(first ^ second).sum(axis=1, dtype=np.float32)
    ones = np.bitwise_count(first).sum(axis=1, dtype=np.float32)
    ones += np.bitwise_count(second).sum(axis=1, dtype=np.float32)
    return _freed(apart, ones, flip)


def dice_of_all(first: Similarity, second: Similarity, flip: int) -> Similarity:
    """The same of every row of ``first`` with every row of ``second``, filters as 0 and 1;
    0 where a value is unknown."""
    mine, theirs = first.sum(axis=1), second.sum(axis=1)
    ones = mine[:, None] + theirs[None, :]
    found = _freed(ones - 2 * (first @ second.T), ones, flip)
    found[mine == 0, :] = 0
    found[:, theirs == 0] = 0
    return found


def _freed(apart: Similarity, ones: Similarity, flip: int) -> Similarity:
    f = flip / 256
    scale = 1 - 2 * f
    freed = (apart - np.float32(2 * f * (1 - f) * FILTER_BITS)) / np.float32(scale**2)
    both = (ones - np.float32(2 * f * FILTER_BITS)) / np.float32(scale)
    found: Similarity = 1 - freed / np.maximum(both, 1)
    return found


def _names(schema: LinkageSchema) -> tuple[str, str] | None:
    """The columns of given name and surname, where the schema has one of each."""
    by_kind = {kind: column for column, kind in schema.kinds.items() if kind in NAMES}
    if len(by_kind) < len(NAMES):
        return None
    return by_kind[NAMES[0]], by_kind[NAMES[1]]
