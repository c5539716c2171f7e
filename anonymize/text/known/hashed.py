"""Sets of words and of pairs of words by their 64-bit hashes: some ten bytes a person.

The hash is pandas' own (SipHash): the same in every process, and of a whole array at once. Two of
10^6 words have the same with a probability below 10^-6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pandas.util import hash_array

from anonymize.text.known.folding import spelling

Hashes = npt.NDArray[np.uint64]
_ASCII = 128
Values: TypeAlias = Iterable[str] | pa.Array | pa.ChunkedArray

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


def strings(values: Values) -> pa.Array:
    """An Arrow array of strings, whatever holds them."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.cast(pa.string())
    return pa.array(values if isinstance(values, list) else list(values), pa.string())


def table(change: Callable[[str], str]) -> npt.NDArray[np.uint8]:
    """What ``mapped`` makes of each byte: of an ASCII sign what ``change`` says, others stay."""
    signs = [ord(change(chr(code))) if code < _ASCII else code for code in range(256)]
    return np.array(signs, dtype=np.uint8)


def mapped(values: pa.Array, signs: npt.NDArray[np.uint8]) -> pa.Array:
    """Each value with its bytes changed by a ``table``, all at once; a null is empty."""
    offsets, letters = _bytes(pc.fill_null(values, ""))
    return _strings_of(offsets, signs[letters])


def _without_signs(values: pa.Array) -> pa.Array:
    """Values of a table that makes a blank of each sign, without the blanks."""
    offsets, letters = _bytes(values)
    kept = letters != ord(" ")
    places = np.concatenate([[0], np.cumsum(kept)])
    return _strings_of(places[offsets], letters[kept])


def _bytes(values: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Where each value begins, and the last ends, in the bytes of all."""
    if not len(values):
        return np.zeros(1, np.int32), np.empty(0, np.uint8)
    _, starts, data = values.buffers()
    offsets = np.frombuffer(starts, np.int32)[values.offset : values.offset + len(values) + 1]
    letters = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return offsets - offsets[0], letters[offsets[0] : offsets[-1]]


def _strings_of(offsets: npt.NDArray[np.integer], letters: npt.NDArray[np.uint8]) -> pa.Array:
    starts = pa.py_buffer(offsets.astype(np.int32))
    return pa.StringArray.from_buffers(len(offsets) - 1, starts, pa.py_buffer(letters))


def spellings(values: Values) -> pa.Array:
    """``spelling`` of each value."""
    given = strings(values)
    found = _without_signs(mapped(given, _SPELLING))
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


def pairs(names: Values, left_out: frozenset[str]) -> Hashes:
    """Sorted hashes of every two words of one name, whichever comes first.

    Args:
        left_out: folded words that no pair has where the name has two others: particles and
            titles. Single letters never count.
    """
    given = strings(names).drop_null()
    plain = pc.string_is_ascii(given)
    ascii_names = mapped(given.filter(plain), _SPELLING)
    others = given.filter(pc.invert(plain))
    lists = pa.concat_arrays(
        [pc.ascii_split_whitespace(ascii_names), pc.split_pattern_regex(others, _NO_WORD)]
    )
    owners = pc.list_parent_indices(lists).to_numpy()
    words = pc.list_flatten(lists).dictionary_encode()
    plain = spellings(words.dictionary)
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


_SPELLING = table(lambda sign: sign.lower() if sign.isalnum() else " ")


class Sieve:
    """Says at once of most hashes that no array holds them."""

    def __init__(self, arrays: Iterable[Hashes]) -> None:
        self._bits = np.zeros(_FILTER, dtype=bool)
        for hashes in arrays:
            self._bits[hashes & _LOW] = True

    def __call__(self, asked: Hashes) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self._bits[asked & _LOW]
        return found
