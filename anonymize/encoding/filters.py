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

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from anonymize.encoding.features import grams
from anonymize.encoding.hud import HASHED, HASHED_KINDS
from schemas.linkage import FILTER_BITS, KINDS

WORDS = FILTER_BITS // 64

#: Filters: rows of ``WORDS`` words of 64 bit. A value that is unknown has no bit set.
Filters = npt.NDArray[np.uint64]

_VALUES, _NOISY = 1 << 15, 1 << 13  # at a time: what they need stays in the cache


def filters(distinct: pa.Array, kind: str, key: bytes) -> Filters:
    """A filter for each normalised value; of a hash of HUD's nothing but equality can be told, and
    it has none."""
    made = np.zeros((len(distinct), WORDS), np.uint64)
    if kind in HASHED_KINDS:
        distinct = pc.if_else(pc.starts_with(distinct, HASHED), "", distinct)
    if kind in _WHOLE:
        known = np.flatnonzero(pc.not_equal(distinct, "").to_numpy(zero_copy_only=False))
        contents = [b"=" + value.encode() for value in distinct.take(pa.array(known)).to_pylist()]
        made[known] = _masks(contents, KINDS[kind].bits, key)
        return made
    masks = _Masks(KINDS[kind].bits, key)
    for start in range(0, len(distinct), _VALUES):
        part = slice(start, start + _VALUES)
        for group in grams(kind, distinct[part]):
            known = start + np.flatnonzero(group.counts)
            if not len(known):
                continue
            ends = np.cumsum(group.counts)[known - start]
            starts = np.append(0, ends[:-1])
            made[known] |= np.bitwise_or.reduceat(masks.of(group.keys), starts, axis=0)
    return made


#: Kinds whose values are alike only if equal.
_WHOLE = ("sex", "category")


class _Masks:
    """The bits each gram sets; made once for each gram."""

    def __init__(self, bits: int, key: bytes) -> None:
        self._bits, self._key = bits, key
        self._known = pa.array([], pa.int64())
        self._table = np.zeros((0, WORDS), np.uint64)

    def of(self, keys: npt.NDArray[np.int64]) -> Filters:
        encoded = pa.array(keys).dictionary_encode()
        new = encoded.dictionary.filter(
            pc.invert(pc.is_in(encoded.dictionary, value_set=self._known))
        )
        if len(new):
            contents = [gram.to_bytes(8, "little") for gram in new.to_pylist()]
            self._known = pa.concat_arrays([self._known, new])
            self._table = np.vstack([self._table, _masks(contents, self._bits, self._key)])
        places = np.asarray(pc.index_in(encoded.dictionary, value_set=self._known))
        found: Filters = self._table[places[np.asarray(encoded.indices)]]
        return found


def _masks(contents: list[bytes], bits: int, key: bytes) -> Filters:
    """Of each content ``bits`` bits, at places from a keyed hash; some may meet."""
    digests = (hashlib.blake2b(one, key=key, digest_size=2 * bits).digest() for one in contents)
    places = np.frombuffer(b"".join(digests), "<u2").reshape(len(contents), bits) % FILTER_BITS
    table = np.zeros((len(contents), FILTER_BITS), np.uint8)
    np.put_along_axis(table, places.astype(np.int64), 1, axis=1)
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
    found = made.copy()
    for start in range(0, len(made), _NOISY):
        part = found[start : start + _NOISY]
        unknown = np.bitwise_or.reduce(list(part.T)) == 0
        part ^= _noise(records[start : start + _NOISY], flip, key)
        part[unknown] = 0
    return found


def _noise(records: npt.NDArray[np.uint64], flip: int, key: bytes) -> Filters:
    """Words whose bits are 1 with probability ``flip`` / 256.

    Eight random words make one: from the lowest binary digit of ``flip`` on, OR where it is 1 and
    AND where it is 0 halves the distance to it.
    """
    digits = range((flip & -flip).bit_length() - 1, 8)
    # AES-256 of record and place: a pseudorandom function of both.
    blocks = np.empty((len(digits), len(records), WORDS // 2, 2), np.uint64)
    blocks[..., 0] = records[:, None]
    blocks[..., 1] = np.arange(len(digits) * WORDS // 2).reshape(len(digits), 1, WORDS // 2)
    encryptor = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305 - a PRF
    words = np.frombuffer(encryptor.update(blocks.tobytes()), np.uint64)
    words = words.reshape(len(digits), len(records), WORDS)
    noise = np.zeros((len(records), WORDS), np.uint64)
    for digit, random in zip(digits, words, strict=True):
        if flip >> digit & 1:
            noise |= random
        else:
            noise &= random
    return noise


def as_arrow(made: Filters) -> pa.Array:
    """Filters as fixed-size binary, null where the value is unknown."""
    width = WORDS * 8
    known = made.any(axis=1)
    buffers = [pa.array(known).buffers()[1], pa.py_buffer(np.ascontiguousarray(made))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(made), buffers)


def from_arrow(column: pa.Array) -> Filters:
    """Back from ``as_arrow``."""
    content = np.frombuffer(column.buffers()[1], np.uint64).reshape(-1, WORDS)
    made: Filters = content[column.offset : column.offset + len(column)].copy()
    made[column.is_null().to_numpy(zero_copy_only=False)] = 0
    return made
