"""Bloom filters of values: similar values give filters that share bits, and no key is in them.

A cryptographic long-term key per field (CLK; Schnell, Bachteler, Reiher 2009): every n-gram sets a
few bits at places that only the key knows. Against frequency and pattern-mining attacks some bits
of every record are turned at random (BLIP; Schnell and Borgs 2016), for each record anew, so that
equal values have different filters. The noise comes from a key stream, so that the same records
under the same key give the same bits.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from anonymize.encoding.features import grams
from schemas.linkage import FILTER_BITS, KINDS

WORDS = FILTER_BITS // 64

#: Filters: rows of ``WORDS`` words of 64 bit. A value that is unknown has no bit set.
Filters = npt.NDArray[np.uint64]


def filters(distinct: list[str], kind: str, key: bytes) -> Filters:
    """A filter for each value; values are normalised."""
    bits = KINDS[kind].bits
    masks: dict[str, int] = {}
    rows: list[int] = []
    ends = np.zeros(len(distinct) + 1, np.int64)
    for number, value in enumerate(distinct):
        found = grams(kind, value) if value else ()
        rows += [masks.setdefault(gram, len(masks)) for gram in found]
        ends[number + 1] = len(rows)
    made = np.zeros((len(distinct), WORDS), np.uint64)
    if not rows:
        return made
    table = np.stack([_mask(gram, bits, key) for gram in masks])
    known = np.flatnonzero(np.diff(ends))
    made[known] = np.bitwise_or.reduceat(table[rows], ends[known], axis=0)
    return made


def _mask(gram: str, bits: int, key: bytes) -> Filters:
    """The bits one n-gram sets: places from a keyed hash, ``bits`` of them (some may meet)."""
    digest = hashlib.blake2b(gram.encode("utf-8"), key=key, digest_size=2 * bits).digest()
    places = np.frombuffer(digest, "<u2").astype(np.uint64) % np.uint64(FILTER_BITS)
    mask = np.zeros(WORDS, np.uint64)
    np.bitwise_or.at(mask, places >> np.uint64(6), np.uint64(1) << (places & np.uint64(63)))
    return mask


def turned(made: Filters, flip: int, key: bytes, first: int) -> Filters:
    """``made`` with each bit of a known value turned with probability ``flip`` / 256.

    Args:
        key: of this field and purpose; with ``first`` it decides the noise.
        first: number of the first row within the delivery: every row has noise of its own.
    """
    if not flip or not len(made):
        return made
    known = made.any(axis=1)
    noise = _noise(len(made), flip, key, first)
    noise[~known] = 0
    found: Filters = made ^ noise
    return found


def _noise(rows: int, flip: int, key: bytes, first: int) -> Filters:
    """Words whose bits are 1 with probability ``flip`` / 256.

    Eight random words make one: from the lowest binary digit of ``flip`` on, OR where it is 1 and
    AND where it is 0 halves the distance to it.
    """
    drawn = 8 - ((flip & -flip).bit_length() - 1)
    block = rows * WORDS
    noise = np.zeros(block, np.uint64)
    for digit in range(8 - drawn, 8):
        # A stream for each digit, at the place of the first row: batches do not change the noise.
        words = key_stream(key, digit, first * WORDS * 8, block * 8)
        noise = (noise | words) if flip >> digit & 1 else (noise & words)
    return noise.reshape(rows, WORDS)


def key_stream(key: bytes, stream: int, offset: int, length: int) -> npt.NDArray[np.uint64]:
    """``length`` bytes of AES-256-CTR, from ``offset`` on, as words; ``offset`` divides by 16."""
    counter = (stream << 96) + offset // 16
    cipher = Cipher(algorithms.AES256(key), modes.CTR(counter.to_bytes(16, "big")))
    padded = -(-length // 16) * 16
    content = cipher.encryptor().update(bytes(padded))
    return np.frombuffer(content, np.uint64)[: length // 8].copy()


def as_arrow(made: Filters) -> pa.Array:
    """Filters as fixed-size binary, null where the value is unknown."""
    width = WORDS * 8
    known = made.any(axis=1)
    buffers = [pa.array(known).buffers()[1], pa.py_buffer(np.ascontiguousarray(made))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(made), buffers)


def from_arrow(column: pa.Array) -> Filters:
    """Back from ``as_arrow``."""
    width = WORDS * 8
    content = np.frombuffer(column.buffers()[1], np.uint64).reshape(-1, WORDS)
    made: Filters = content[column.offset : column.offset + len(column)].copy()
    made[column.is_null().to_numpy(zero_copy_only=False)] = 0
    assert made.shape[1] * 8 == width  # noqa: S101 - by the column's type
    return made
