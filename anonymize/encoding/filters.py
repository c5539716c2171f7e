"""Bloom filters of values: similar values give filters that share bits, and no key is in them.

A cryptographic long-term key per field (CLK; Schnell, Bachteler, Reiher 2009): every n-gram sets a
few bits at places that only the key knows. Against frequency and pattern-mining attacks some bits
of every record are turned at random (BLIP; Schnell and Borgs 2016), for each record anew, so that
equal values have different filters. The noise is a keyed function of record and value: the same
record delivered again has the same noise, so that nobody can average it away over deliveries (a
memoised randomised response; Erlingsson, Pihur, Korolova 2014, section 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from anonymize.encoding.features import grams
from anonymize.encoding.hud import HASHED, HASHED_KINDS
from schemas.linkage import FILTER_BITS, KINDS

WORDS = FILTER_BITS // 64

#: Filters: rows of words of 64 bit, ``WORDS`` for one field. What is unknown has no bit set.
Filters = npt.NDArray[np.uint64]

VALUES, _NOISY = 1 << 15, 1 << 12  # at a time: what they need stays in the cache


def filters(distinct: pa.Array, kind: str, key: bytes) -> Filters:
    """A filter for each normalised value; of a hash of HUD's nothing but equality can be told, and
    it has none."""
    made = np.zeros((len(distinct), WORDS), np.uint64)
    if kind in HASHED_KINDS:
        distinct = pc.if_else(pc.starts_with(distinct, HASHED), "", distinct)
    if kind in WHOLE:
        known = np.flatnonzero(pc.not_equal(distinct, "").to_numpy(zero_copy_only=False))
        contents = [b"=" + value.encode() for value in distinct.take(pa.array(known)).to_pylist()]
        made[known] = _masks(contents, KINDS[kind].bits, key)
        return made
    masks = Masks(lambda keys: _masks(list(map(_as_bytes, keys)), KINDS[kind].bits, key), WORDS)
    for start in range(0, len(distinct), VALUES):
        part = slice(start, start + VALUES)
        for group in grams(kind, distinct[part]):
            known = start + np.flatnonzero(group.counts)
            if not len(known):
                continue
            ends = np.cumsum(group.counts)[known - start]
            starts = np.append(0, ends[:-1])
            made[known] |= np.bitwise_or.reduceat(masks.of(group.keys), starts, axis=0)
    return made


#: Kinds whose values are alike only if equal.
WHOLE = ("sex", "category")


class Masks:
    """The bits each gram sets, by its key; made once for each gram."""

    def __init__(self, make: Callable[[list[int]], Filters], width: int) -> None:
        self._make = make
        self._known = pa.array([], pa.int64())
        self._table = np.zeros((0, width), np.uint64)

    def of(self, keys: npt.NDArray[np.int64]) -> Filters:
        encoded = pa.array(keys).dictionary_encode()
        new = encoded.dictionary.filter(
            pc.invert(pc.is_in(encoded.dictionary, value_set=self._known))
        )
        if len(new):
            self._known = pa.concat_arrays([self._known, new])
            self._table = np.vstack([self._table, self._make(new.to_pylist())])
        places = np.asarray(pc.index_in(encoded.dictionary, value_set=self._known))
        found: Filters = self._table.take(places[np.asarray(encoded.indices)], axis=0)
        return found


def _as_bytes(gram: int) -> bytes:
    return gram.to_bytes(8, "little")


def _masks(contents: list[bytes], bits: int, key: bytes) -> Filters:
    """Of each content ``bits`` bits, at places from a keyed hash; some may meet."""
    digests = (hashlib.blake2b(one, key=key, digest_size=2 * bits).digest() for one in contents)
    words = np.frombuffer(b"".join(digests), "<u2").astype(np.int64) % FILTER_BITS
    return as_filters(list(words.reshape(len(contents), bits)), FILTER_BITS)


def as_filters(places: Sequence[npt.NDArray[np.int64]], bits: int) -> Filters:
    """Filters of ``bits`` with these bits set."""
    table = np.zeros((len(places), bits), np.uint8)
    rows = np.repeat(np.arange(len(places)), [len(one) for one in places])
    table[rows, np.concatenate([np.empty(0, np.int64), *places])] = 1
    made: Filters = np.packbits(table, axis=1, bitorder="little").view(np.uint64)
    return made


def turned(made: Filters, flip: int, key: bytes, records: npt.NDArray[np.uint64]) -> Filters:
    """``made`` with each bit of a known value turned with probability ``flip`` / 256.

    Args:
        key: of this field and purpose.
        records: a number for each row; rows of one number have the same noise under one key.
    """
    if not flip:
        return made
    noise = _Noise(made.shape[1], flip, key)
    found = np.empty_like(made)
    for start in range(0, len(made), _NOISY):
        rows = slice(start, start + _NOISY)
        np.bitwise_xor(made[rows], noise.of(records[rows]), out=found[rows])
        found[rows][np.bitwise_or.reduce(list(made[rows].T)) == 0] = 0
    return found


class _Noise:
    """``width`` words a record whose bits are 1 with probability ``flip`` / 256.

    Eight random words make one: from the lowest binary digit of ``flip`` on, OR where it is 1 and
    AND where it is 0 halves the distance to it.
    """

    def __init__(self, width: int, flip: int, key: bytes) -> None:
        self._digits = [bool(flip >> n & 1) for n in range((flip & -flip).bit_length() - 1, 8)]
        # AES-256 of record and place: a pseudorandom function of both.
        self._cipher = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305 - a PRF
        self._blocks = np.empty((_NOISY, width // 2, 2), np.uint64)
        self._random = np.empty((_NOISY * width + 2), np.uint64)  # a block more, for the cipher
        self._noise = np.empty((_NOISY, width), np.uint64)

    def of(self, records: npt.NDArray[np.uint64]) -> Filters:
        """The noise of at most ``_NOISY`` records; overwritten with the next."""
        blocks, noise = self._blocks[: len(records)], self._noise[: len(records)]
        width = noise.shape[1]
        random = self._random[: noise.size].reshape(noise.shape)
        blocks[..., 0] = records[:, None]
        blocks[..., 1] = np.arange(width // 2)
        noise[:] = 0
        for digit in self._digits:
            self._cipher.update_into(blocks.view(np.uint8).data, self._random.view(np.uint8).data)
            (np.bitwise_or if digit else np.bitwise_and)(noise, random, out=noise)
            blocks[..., 1] += np.uint64(width // 2)
        return noise


def as_arrow(made: Filters) -> pa.Array:
    """Filters as fixed-size binary, null where the value is unknown."""
    width = made.shape[1] * 8
    known = made.any(axis=1)
    buffers = [pa.array(known).buffers()[1], pa.py_buffer(np.ascontiguousarray(made))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(made), buffers)


def from_arrow(column: pa.Array) -> Filters:
    """Back from ``as_arrow``."""
    words = column.type.byte_width // 8
    content = np.frombuffer(column.buffers()[1], np.uint64).reshape(-1, words)
    made: Filters = content[column.offset : column.offset + len(column)].copy()
    made[column.is_null().to_numpy(zero_copy_only=False)] = 0
    return made
