"""Operators on a value as a whole: keep it, say that there is one, or put a token in its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.keyed_hash import HASH_BYTES, keyed_hashes
from anonymize.operators.columns import over_distinct, text

#: Hex digits of a token: 128 bit, so that 10^12 distinct values meet with probability 10^-15.
TOKEN_LENGTH = 2 * HASH_BYTES


def keep(values: pa.Array) -> pa.Array:
    """The value itself."""
    return over_distinct(values, text)


def presence(values: pa.Array) -> pa.Array:
    """True where there is a value, false where it is blank."""
    return pc.is_valid(over_distinct(values, text))


def pseudonym(parts: Sequence[pa.Array], key: bytes) -> pa.Array:
    """A token for each row's parts: keyed BLAKE2b under ``key``, 128 bit in lower-case hex.

    The same person may be written in two Unicode forms, hence NFKC; Unicode promises that the form
    of a text stays what it is in all versions that know its characters. Each part carries its
    length, so that (``a``, ``bc``) and (``ab``, ``c``) differ. A blank part makes the token null:
    what is not known identifies nobody.
    """
    return over_distinct(_messages(parts), lambda distinct: _tokens(distinct, key))


def _messages(parts: Sequence[pa.Array]) -> pa.Array:
    """Parts as one text each row: every part as a netstring without its comma (``2:bc``)."""
    pieces = []
    for part in parts:
        normal = text(pc.utf8_normalize(part, form="NFKC"))
        pieces += [pc.cast(pc.binary_length(normal), pa.string()), normal]
    fields = [
        pc.binary_join_element_wise(*pieces[i : i + 2], ":") for i in range(0, len(pieces), 2)
    ]
    return pc.binary_join_element_wise(*fields, "") if len(fields) > 1 else fields[0]


def _tokens(messages: pa.Array, key: bytes) -> pa.Array:
    """Hashes of distinct messages as hex; null of a null."""
    digits = pa.py_buffer(keyed_hashes(messages, key).hex().encode("ascii"))
    offsets = np.arange(len(messages) + 1, dtype=np.int32) * TOKEN_LENGTH
    tokens = pa.StringArray.from_buffers(len(messages), pa.py_buffer(offsets), digits)
    return pc.if_else(messages.is_valid(), tokens, pa.scalar(None, pa.string()))
