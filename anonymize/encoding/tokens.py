"""Block tokens: keyed, of parts of two fields or more, the same for records that may be one person.

A part is hashed under the key of its agreement (keyed BLAKE2b) once for each distinct value; the
parts of a block are then chained through AES-256, one block cipher call each, which is a keyed
permutation: whoever lacks the key can neither make nor turn back a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from schemas.linkage import NAMES, LinkageSchema, Part

#: A token of 64 bit; 0 where a part is unknown. Among 10^7 records two meet by chance with
#: probability 3 * 10^-6.
Tokens = npt.NDArray[np.uint64]


def part_hashes(distinct: Sequence[str], part: str, key: bytes) -> Tokens:
    """Keyed hashes of values of one part; 0 for none."""
    person = hashlib.blake2b(part.encode("utf-8"), key=key, digest_size=32).digest()
    digests = b"".join(
        hashlib.blake2b(value.encode("utf-8"), key=person, digest_size=8).digest()
        for value in distinct
    )
    found = np.frombuffer(digests, np.uint64).copy()
    found[[not value for value in distinct]] = 0
    return found


def composite(columns: Sequence[Tokens], label: str, key: bytes) -> Tokens:
    """One token a row, of the hashes of its parts; 0 where one is unknown."""
    known = np.logical_and.reduce([column != 0 for column in columns])
    tag = hashlib.blake2b(label.encode("utf-8"), key=key, digest_size=8).digest()
    state = np.full(len(columns[0]), np.frombuffer(tag, np.uint64)[0])
    encryptor = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305 - a keyed
    # permutation of single blocks that are all different is what is wanted here
    for column in columns:
        blocks = np.stack([state, column], axis=1)
        out = np.frombuffer(encryptor.update(blocks.tobytes()), np.uint64)
        state = out[::2].copy()
    state[~known] = 0
    return state


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
