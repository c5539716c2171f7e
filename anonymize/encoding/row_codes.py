"""Keyed codes of rows of numbers: AES-CMAC (NIST SP 800-38B, RFC 4493), all rows at once.

What needs a code for every record and block is hashed already, so that a row is one to a few blocks
of AES: the n-th blocks of all rows go through the cipher in one call, ten times as fast as a hash
a row. The tests hold it against the CMAC of ``cryptography``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

#: Codes, one row of 128 bit as two little-endian words for each message.
Codes = npt.NDArray[np.uint64]

_ROWS = 1 << 14  # rows at a time: what they need stays in the cache


def row_codes(columns: Sequence[npt.NDArray[np.uint64]], key: bytes) -> Codes:
    """The code of each row of one or more columns of words (little-endian).

    Args:
        key: of AES, 16 or 32 bytes.
    """
    made = np.empty((len(columns[0]), 2), np.uint64)
    for rows, codes in coded_rows(columns, key):
        made[rows] = codes
    return made


def coded_rows(
    columns: Sequence[npt.NDArray[np.uint64]], key: bytes
) -> Iterator[tuple[slice, Codes]]:
    """The codes of some rows after the other; they are overwritten with the next."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - CMAC's own
    last = _mask(cipher.update(bytes(16)), full=len(columns) % 2 == 0)
    blocks = np.empty((_ROWS, 2), np.uint64)
    state = np.empty((_ROWS + 1, 2), np.uint64)  # a block more, as the cipher wants it
    for start in range(0, len(columns[0]), _ROWS):
        rows = slice(start, start + _ROWS)
        count = len(columns[0][rows])
        block, codes = blocks[:count], state[:count]
        for first in range(0, len(columns), 2):
            mask = last if first + 2 >= len(columns) else np.zeros_like(last)
            for place in range(2):
                column = columns[first + place][rows] if first + place < len(columns) else 0
                np.bitwise_xor(column, mask[place], out=block[:, place])
            if first:
                block ^= codes
            cipher.update_into(block.view(np.uint8).data, state.view(np.uint8).data)
        yield rows, codes


def _mask(encrypted_zero: bytes, full: bool) -> npt.NDArray[np.uint64]:
    """What the last block is mixed with: K1 where it is full; where it is half, K2 and the bit that
    ends the message."""
    subkey = _doubled(int.from_bytes(encrypted_zero, "big"))
    if not full:
        subkey = _doubled(subkey) ^ (0x80 << 56)  # the first bit of the block's second half
    return np.frombuffer(subkey.to_bytes(16, "big"), np.uint64)


def _doubled(value: int) -> int:
    """Times x in the field of 2^128 elements, as RFC 4493 makes its subkeys."""
    carry = value >> 127
    return (value << 1) & ((1 << 128) - 1) ^ (0x87 if carry else 0)
