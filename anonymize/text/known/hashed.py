"""Sets of words and of pairs of words by their 64-bit hashes: some ten bytes a person.

The hash is pandas' own (SipHash): the same in every process, and of a whole array at once. Two of
10^6 words have the same with a probability below 10^-6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array

from anonymize.text.known.folding import spelling

Hashes = npt.NDArray[np.uint64]

_NO_WORD = r"[^\pL\pM\pN]+"
_MOST_WORDS = (
    5  # of a name any two of whose words are a pair; of longer ones, those near each other
)
_FILTER = 1 << 24
_LOW = np.uint64(_FILTER - 1)


def hashes_of(words: Sequence[str]) -> Hashes:
    """Hash of each folded word."""
    found: Hashes = hash_array(np.array(words, dtype=object), categorize=False)
    return found


def spellings(values: Iterable[str]) -> pa.Array:
    """``spelling`` of each value."""
    given = pa.array(values if isinstance(values, list) else list(values), pa.string())
    found = pc.replace_substring_regex(pc.ascii_lower(given), "[^a-z0-9]+", "")
    plain = pc.string_is_ascii(given)
    if pc.all(plain, min_count=0).as_py():
        return found
    others = pc.filter(given, pc.invert(plain)).to_pylist()
    folded = pa.array(map(spelling, others), pa.string())
    return pc.replace_with_mask(found, pc.invert(plain), folded)


def members(spelled: pa.Array, shortest: int) -> Hashes:
    """Sorted hashes of the spellings of ``shortest`` letters and digits or more."""
    long = pc.filter(spelled, pc.greater_equal(pc.utf8_length(spelled), shortest))
    return np.sort(hashes_of(long.to_numpy(zero_copy_only=False)))


def pairs(names: Iterable[str], left_out: frozenset[str]) -> Hashes:
    """Sorted hashes of every two words of one name, whichever comes first.

    Args:
        left_out: folded words that no pair has where the name has two others: particles and
            titles. Single letters never count.
    """
    lists = pc.split_pattern_regex(pa.array(list(names), pa.string()), _NO_WORD)
    owners = pc.list_parent_indices(lists).to_numpy()
    words = pc.list_flatten(lists).dictionary_encode()
    plain = spellings(words.dictionary.to_pylist())
    at = words.indices.to_numpy()
    counts = np.asarray(pc.greater(pc.utf8_length(plain), 1))[at]
    names = ~np.asarray(pc.is_in(plain, pa.array(sorted(left_out), pa.string())))[at] & counts
    # a name of particles but for one word (Le Thi Hoa) is told by them
    few = np.bincount(owners[names], minlength=len(lists)) < 2
    kept = names | (counts & few[owners])
    hashes = hashes_of(plain.to_numpy(zero_copy_only=False))[at][kept]
    owners = owners[kept]
    found = [np.empty(0, np.uint64)]
    for step in range(1, _MOST_WORDS):
        same = owners[:-step] == owners[step:]
        found.append((hashes[:-step] + hashes[step:])[same])
    return np.sort(np.concatenate(found))


def held(known: Hashes, asked: Hashes) -> npt.NDArray[np.bool_]:
    """Which of the hashes asked for a sorted array holds."""
    if not len(known):
        return np.zeros(len(asked), dtype=bool)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found: npt.NDArray[np.bool_] = known[at] == asked
    return found


class Sieve:
    """Says at once of most hashes that no array holds them."""

    def __init__(self, arrays: Iterable[Hashes]) -> None:
        self._bits = np.zeros(_FILTER, dtype=bool)
        for hashes in arrays:
            self._bits[hashes & _LOW] = True

    def __call__(self, asked: Hashes) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self._bits[asked & _LOW]
        return found
