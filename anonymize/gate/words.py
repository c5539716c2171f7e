"""Words of many texts at once, and a hash of every run of words written together.

``John Smith`` and ``john.smith`` hold the same words; ``(415) 555-0134`` and ``415.555.0134`` spell
the same number. So a run of words is known by its letters and digits alone: its hash is that of its
words written as one. Prefix sums of a polynomial modulo 2^64 give the hash of any run in constant
time, and numpy does it for all words at once.

Equal runs have equal hashes; unequal ones meet with a probability of about 2^-60.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.text.known.folding import fold
from anonymize.text.spans import TYPES

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

#: Bytes between two words that may still be read together.
GAP = 8
#: What no run reaches across: the end of a text, or a stand-in.
BREAK = " " * (GAP + 1)
#: Bytes of text whose words are held at once.
CHUNK_BYTES = 1 << 20

_STAND_IN = rf"<(?:{'|'.join(TYPES)})(?:_[0-9]+)?>"
_STAND_INS = re.compile(_STAND_IN)
_BASE = 0x9E3779B97F4A7C15


def folded(texts: pa.Array) -> pa.Array:
    """Every text in the letters of ``fold``, without the stand-ins of what was masked."""
    plain = pc.ascii_lower(pc.replace_substring_regex(texts, _STAND_IN, BREAK))
    other = pc.invert(pc.fill_null(pc.string_is_ascii(texts), True))
    if not pc.any(other, min_count=0).as_py():
        return plain
    found = [
        BREAK.join(map(fold, _STAND_INS.split(one))) for one in texts.filter(other).to_pylist()
    ]
    return pc.replace_with_mask(plain, other, pa.array(found, pa.string()))


@dataclass(frozen=True)
class Words:
    """Words of some texts, in order.

    Attributes:
        texts: number of texts.
        text: number of the text each word stands in.
        first, end: where its letters begin and end among all letters of the texts.
        follows: whether the word stands close to the one before it, in the same text.
        letters: of all words, as bytes of UTF-8.
    """

    texts: int
    text: Places
    first: Places
    end: Places
    follows: Marks
    letters: npt.NDArray[np.uint8]
    _sums: Hashes

    def __len__(self) -> int:
        return len(self.text)

    @property
    def single(self) -> Hashes:
        """Hash of every word."""
        return self.hashes(self.first, self.end)

    def hashes(self, start: Places, end: Places) -> Hashes:
        """Hash of the letters from ``start`` up to ``end``."""
        found: Hashes = (self._sums[end] - self._sums[start]) * _POWERS(len(self._sums))[1][start]
        return found

    def spelled(self, number: int) -> str:
        """One word."""
        return self.letters[self.first[number] : self.end[number]].tobytes().decode("utf-8")

    def runs(self, longest: int) -> Iterator[tuple[Places, Hashes]]:
        """Runs of 1, 2, ... ``longest`` words: the number of the first word, and the hash."""
        at = np.arange(len(self))
        for more in range(longest):
            at = at[at + more < len(self)]
            at = at[self.follows[at + more]] if more else at
            if not len(at):
                return
            yield at, self.hashes(self.first[at], self.end[at + more])


def joined(first: Hashes, second: Hashes, length: Places) -> Hashes:
    """Hash of two runs written together; ``length`` is that of the first, in letters."""
    found: Hashes = first + second * _POWERS(int(length.max(initial=0)) + 1)[0][length]
    return found


def words(texts: pa.Array) -> Words:
    """Words of folded texts; a null has none."""
    ended = pc.binary_join_element_wise(pc.fill_null(texts, ""), "", BREAK)
    _, offsets, content = ended.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[: len(ended) + 1].astype(np.int64)
    letters = np.frombuffer(content, dtype=np.uint8)[: bounds[-1]]
    inside = _IN_WORD[letters]
    edges = np.flatnonzero(np.diff(inside, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    follows = np.zeros(len(starts), dtype=bool)
    follows[1:] = starts[1:] - ends[:-1] <= GAP
    end = np.cumsum(ends - starts)
    letters = letters[inside]
    sums = np.zeros(len(letters) + 1, dtype=np.uint64)
    np.cumsum(letters * _POWERS(len(sums))[0][:-1], out=sums[1:])
    text = np.searchsorted(bounds, starts, side="right") - 1
    return Words(len(texts), text, end - (ends - starts), end, follows, letters, sums)


def chunks(texts: pa.Array) -> Iterator[tuple[int, pa.Array]]:
    """Slices of about ``CHUNK_BYTES``, each with the number of its first text."""
    ends = np.cumsum(pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False))
    start = 0
    while start < len(texts):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + CHUNK_BYTES, side="right")))
        yield start, texts.slice(start, stop - start)
        start = stop


def _in_word() -> Marks:
    table = np.zeros(256, dtype=bool)
    table[[*b"abcdefghijklmnopqrstuvwxyz0123456789"]] = True
    table[128:] = True  # ``fold`` leaves no sign beyond ASCII but letters
    return table


_IN_WORD = _in_word()


class _Powers:
    """Powers of the base and of its inverse modulo 2^64, as many as were ever asked for."""

    def __init__(self) -> None:
        self._made = np.ones((2, 0), dtype=np.uint64)

    def __call__(self, count: int) -> npt.NDArray[np.uint64]:
        if self._made.shape[1] < count:
            made = np.ones((2, max(count, 2 * CHUNK_BYTES)), dtype=np.uint64)
            made[:, 1:] = [[_BASE], [pow(_BASE, -1, 1 << 64)]]
            self._made = np.multiply.accumulate(made, axis=1)
        return self._made[:, :count]


_POWERS = _Powers()
