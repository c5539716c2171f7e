"""How alike the encodings of two records are, field by field, in a few levels.

Dice's coefficient of two filters, with the bits that were turned at random taken out of it: of two
filters of M bits, turned with probability f, the expected Hamming distance is h(1-2f)^2 + 2f(1-f)M
and the expected number of ones a(1-2f) + fM, where h and a are those of the filters as they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymize.encoding.encode import RARE, Encoded
from anonymize.encoding.filters import Filters
from linkage.hashed import said_by_tokens
from schemas.linkage import CLK, NAMES, LinkageSchema

#: Lower ends of the classes above 0. Filters of unlike values share up to a third of their bits.
_EDGES = (0.35, 0.5, 0.65, 0.8, 0.95)
_DATE_EDGES = (0.3, 0.5, 0.68, 0.8, 0.95)
#: Class to level. Levels 3 and 4 are those of values that are nearly equal and both common: Maria
#: and Mario are more often two names than one that was misspelt, whose misspelling is rare.
_LEVEL_OF = np.array([0, 1, 2, 5, 6, 7], np.int8)
_BOTH_COMMON = 2
LEVELS = 8
#: Rarity class up to which a value is common: one record in 2^9.5 = 724 has it.
_COMMON = 9
#: Level of a pair of which one value is unknown.
UNKNOWN = -1
SWAP = "swapped names"
#: By how much crosswise comparison must be better, and what its better half must reach.
_SWAP_GAIN, _SWAP_LEAST = 0.3, 0.65
_CHUNK = 1 << 15  # pairs at a time: what they need stays in the cache
_MIXING = np.uint64(0x9E3779B97F4A7C15)

Levels = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]
Similarity = npt.NDArray[np.float32]
#: Filters, and how many bits are set in each.
_Counted: TypeAlias = tuple[Filters, Similarity]
#: Dice's coefficient of rows of filters, and where both values are known.
_Alike: TypeAlias = tuple[Similarity, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Compared:
    """Levels by field for each pair, the rarity class of what they agree on (0: unknown), and what
    tokens say of fields that came hashed (``linkage.hashed``)."""

    levels: Mapping[str, Levels]
    rarity: Mapping[str, npt.NDArray[np.float32]]
    hashed: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Combinations:
    """What comparisons say, each combination once: millions of pairs have some ten thousand.

    Attributes:
        which: combination of each pair.
        times: how many pairs have each.
    """

    compared: Compared
    which: npt.NDArray[np.int32]
    times: npt.NDArray[np.float64]


def compare(left: Encoded, right: Encoded, pairs: tuple[Rows, Rows]) -> Compared:
    """Compare row ``pairs[0][n]`` of ``left`` with row ``pairs[1][n]`` of ``right``."""
    schema = left.schema
    if schema.mode == CLK:
        return Compared({CLK: _hundredths(left, right, pairs)}, {})
    names = [*schema.kinds, *([SWAP] if _names(schema) else [])]
    rare = [column for column, kind in schema.kinds.items() if kind in RARE]
    count = len(pairs[0])
    levels = {name: np.empty(count, np.int8) for name in names}
    rarity = {name: np.zeros(count, np.float32) for name in rare}
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        _compare_chunk(left, right, (pairs[0][part], pairs[1][part]), part, levels, rarity)
    same_date = np.zeros(count, bool)
    for name, kind in schema.kinds.items():
        if kind == "date":
            same_date |= levels[name] == LEVELS - 1
    return Compared(levels, rarity, said_by_tokens(left, right, pairs, same_date))


def _hundredths(left: Encoded, right: Encoded, pairs: tuple[Rows, Rows]) -> Levels:
    """Where one filter is all that is known of a record: a level for each hundredth of Dice's
    coefficient, 0 to 100."""
    levels = np.empty(len(pairs[0]), np.int8)
    mine, theirs = left.filters[CLK], right.filters[CLK]
    for start in range(0, len(levels), _CHUNK):
        part = slice(start, start + _CHUNK)
        alike = dice(
            mine.take(pairs[0][part], axis=0),
            theirs.take(pairs[1][part], axis=0),
            left.schema.flip,
        )
        levels[part] = np.round(np.clip(alike, 0, 1) * 100)
    return levels


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
    of_left = {column: _counted(left.filters[column].take(i, axis=0)) for column in schema.kinds}
    of_right = {column: _counted(right.filters[column].take(j, axis=0)) for column in schema.kinds}
    for column in schema.kinds:
        alike[column], known[column] = _alike(of_left[column], of_right[column], schema.flip)
    crossed: npt.NDArray[np.bool_] = np.zeros(len(i), bool)
    pair = _names(schema)
    if pair:
        given, surname = pair
        across = (
            _alike(of_left[given], of_right[surname], schema.flip),
            _alike(of_left[surname], of_right[given], schema.flip),
        )
        crossed, told = _crosswise(across, pair, alike, known)
        levels[SWAP][part] = np.where(told, crossed, UNKNOWN)
    common = {}
    for column in rarity:
        mine = left.rarity[column][i].astype(np.float32)
        theirs: Similarity = right.rarity[column][j].astype(np.float32)
        if pair and column in pair:
            other = pair[1] if column == pair[0] else pair[0]
            theirs[crossed] = right.rarity[other][j[crossed]]
        # Of a small delivery no rarity is told (-1): what the other side says of the value counts.
        common[column] = (np.minimum(mine, theirs) >= 0) & (np.maximum(mine, theirs) <= _COMMON)
        mine, theirs = np.where(mine < 0, theirs, mine), np.where(theirs < 0, mine, theirs)
        # Of nearly equal values the rarer may be a misspelling, which says nothing of the name.
        equal = alike[column] >= _EDGES[-1]
        told = np.where(equal, (mine + theirs) / np.float32(2), np.minimum(mine, theirs))
        rarity[column][part] = np.where(known[column] & (mine >= 0), told, 0)
    for column, kind in schema.kinds.items():
        edges = np.asarray(_DATE_EDGES if kind == "date" else _EDGES, np.float32)
        level = _LEVEL_OF[np.searchsorted(edges, alike[column], side="right")]
        if column in common:
            level[common[column] & ((level == LEVELS - 3) | (level == LEVELS - 2))] -= _BOTH_COMMON
        levels[column][part] = np.where(known[column], level, UNKNOWN)


def _crosswise(
    across: tuple[_Alike, _Alike],
    names: tuple[str, str],
    alike: dict[str, Similarity],
    known: dict[str, npt.NDArray[np.bool_]],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether given name and surname agree better crosswise, and whether that can be told. One name
    may be unknown on one side.

    Where they do, ``alike`` and ``known`` are changed to that, and of the two names only the worse
    is told: that one agrees crosswise is what is told already.

    Args:
        across: the left given name beside the right surname, and the left surname beside the right
            given name.
    """
    cross = [similarity * both for similarity, both in across]
    there = [both for _, both in across]
    told = (known[names[0]] | known[names[1]]) & (there[0] | there[1])
    straight = sum(alike[name] * known[name] for name in names)
    crossed = told & (cross[0] + cross[1] > straight + _SWAP_GAIN)
    crossed &= np.maximum(*cross) > _SWAP_LEAST
    first_is_worse = cross[0] < cross[1]
    for at, worse in ((0, first_is_worse), (1, ~first_is_worse)):
        alike[names[at]] = np.where(crossed, cross[at], alike[names[at]]).astype(np.float32)
        known[names[at]] = np.where(crossed, there[at] & worse, known[names[at]])
    return crossed, told


def known_filters(filters: Filters) -> npt.NDArray[np.bool_]:
    """Which values are known: a filter without a bit is of none."""
    found: npt.NDArray[np.bool_] = np.any(filters, axis=1)
    return found


def combinations(compared: Compared) -> Combinations:
    """``compared`` without saying anything twice."""
    levels, rarity, hashed = compared.levels, compared.rarity, compared.hashed
    first, which, times = patterns([*levels.values(), *rarity.values(), *hashed.values()])
    once = Compared(
        {name: column[first] for name, column in levels.items()},
        {name: column[first] for name, column in rarity.items()},
        {name: column[first] for name, column in hashed.items()},
    )
    return Combinations(once, which, times.astype(float))


def patterns(
    columns: Sequence[npt.NDArray[np.generic]],
) -> tuple[Rows, npt.NDArray[np.int32], Rows]:
    """Combinations of what columns say: where each stands first, which of them each pair has, and
    how many pairs have it."""
    code = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        if column.dtype == np.int8:
            said = (column + 1).astype(np.uint64)
        else:
            said = np.asarray(pa.array(column).dictionary_encode().indices).astype(np.uint64)
        # By an odd number in 64 bits: of 10^6 combinations, two meet once in 10^7 runs.
        code = code * _MIXING + said
    encoded = pa.array(code).dictionary_encode()
    which = np.asarray(encoded.indices)
    counts = np.bincount(which, minlength=len(encoded.dictionary))
    first = np.empty(len(counts), np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]
    return first, which, counts


def dice(first: Filters, second: Filters, flip: int) -> Similarity:
    """Dice's coefficient of rows of filters, freed of the noise; about 0 to 1."""
    return _alike(_counted(first), _counted(second), flip)[0]


def _counted(filters: Filters) -> _Counted:
    return filters, _bits(filters)


def _alike(first: _Counted, second: _Counted, flip: int) -> _Alike:
    (mine, ones), (theirs, others) = first, second
    found = _freed(_bits(mine ^ theirs), ones + others, flip, 64 * mine.shape[1])
    return found, (ones > 0) & (others > 0)


def _bits(filters: Filters) -> Similarity:
    """How many bits are set in each row; faster by columns than numpy's sum of short rows."""
    counted = np.bitwise_count(filters)
    found = counted[:, 0].astype(np.float32)
    for column in range(1, counted.shape[1]):
        found += counted[:, column]
    return found


def dice_of_all(first: Similarity, second: Similarity, flip: int) -> Similarity:
    """The same of every row of ``first`` with every row of ``second``, filters as 0 and 1;
    0 where a value is unknown."""
    mine, theirs = first.sum(axis=1), second.sum(axis=1)
    ones = mine[:, None] + theirs[None, :]
    found = _freed(ones - 2 * (first @ second.T), ones, flip, first.shape[1])
    found[mine == 0, :] = 0
    found[:, theirs == 0] = 0
    return found


def _freed(apart: Similarity, ones: Similarity, flip: int, bits: int) -> Similarity:
    f = flip / 256
    scale = 1 - 2 * f
    freed = (apart - np.float32(2 * f * (1 - f) * bits)) / np.float32(scale**2)
    both = (ones - np.float32(2 * f * bits)) / np.float32(scale)
    found: Similarity = 1 - freed / np.maximum(both, 1)
    return found


def _names(schema: LinkageSchema) -> tuple[str, str] | None:
    """The columns of given name and surname, where the schema has one of each."""
    by_kind = {kind: column for column, kind in schema.kinds.items() if kind in NAMES}
    if len(by_kind) < len(NAMES):
        return None
    return by_kind[NAMES[0]], by_kind[NAMES[1]]
