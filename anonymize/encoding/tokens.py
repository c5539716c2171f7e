"""Block tokens: keyed, of parts of two fields or more, the same for records that may be one person.

A part is hashed (keyed BLAKE2b) under a key of its own, once for each distinct value; the hashes of
a block's parts are hashed together (AES-CMAC), row by row, under the key of that block. Whoever
lacks the agreement's key can neither make nor turn back a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.encoding.row_codes import coded_rows
from anonymize.keyed_hash import hash_words
from schemas.linkage import NAMES, LinkageSchema, Part

#: A token of 64 bit; 0 where a part is unknown. Among 10^7 records two meet by chance with
#: probability 3 * 10^-6.
Tokens = npt.NDArray[np.uint64]


def part_hashes(values: pa.Array, part: str, key: bytes) -> Tokens:
    """Keyed hashes of values of one part, of which many may be the same; 0 for none."""
    parts = values.dictionary_encode()
    hashed = hash_words(parts.dictionary, _key_of(part, key))
    hashed[pc.equal(parts.dictionary, "").to_numpy(zero_copy_only=False)] = 0
    found: Tokens = hashed[np.asarray(parts.indices)]
    return found


def composite(columns: Sequence[Tokens], label: str, key: bytes) -> Tokens:
    """One token a row, of the hashes of its parts; 0 where one is unknown."""
    tokens = np.empty(len(columns[0]), np.uint64)
    for rows, codes in coded_rows(columns, _key_of(label, key)):
        known = np.logical_and.reduce([column[rows] != 0 for column in columns])
        np.multiply(codes[:, 0], known, out=tokens[rows])
    return tokens


def _key_of(label: str, key: bytes) -> bytes:
    return hashlib.blake2b(label.encode("utf-8"), key=key, digest_size=32).digest()


def block_name(block: Sequence[Part]) -> str:
    return "+".join(f"{part.column}.{part.name}" for part in block)


def swapped(block: Sequence[Part], schema: LinkageSchema) -> tuple[Part, ...] | None:
    """The block with given name and surname in each other's place; None where it has neither."""
    columns = {kind: column for column, kind in schema.kinds.items() if kind in NAMES}
    if len(columns) < len(NAMES):
        return None
    given, surname = (columns[kind] for kind in NAMES)
    other: Mapping[str, str] = {given: surname, surname: given}
    if not any(part.column in other for part in block):
        return None
    return tuple(Part(other.get(part.column, part.column), part.name) for part in block)
