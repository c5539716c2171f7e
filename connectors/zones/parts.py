"""The files of one landed delivery: age files in order, and the sealed index that fixes them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.zones.durable import write_file
from connectors.zones.secret import derive_key, joined
from schemas.errors import PrivacyError

#: Plaintext bytes of every part but the last.
PART_BYTES: Final = 8 << 20
#: Decrypted parts an open delivery keeps: a zip is read at its end and somewhere before it.
PARTS_KEPT: Final = 3
_INDEX: Final = "index"
_NONCE_BYTES: Final = 12


@dataclass(frozen=True)
class Part:
    """One age file: plaintext bytes, encrypted bytes, SHA-256 of the plaintext."""

    plain: int
    sealed: int
    sha256: str


class LandedFile(io.RawIOBase):
    """Random access over the parts; keeps the last few decrypted."""

    def __init__(
        self, directory: Path, delivery_id: str, secret: bytes, parts: tuple[Part, ...]
    ) -> None:
        self._directory, self._delivery_id, self._parts = directory, delivery_id, parts
        self._identity = pyrage.x25519.Identity.from_str(secret.decode("ascii"))
        self._size = sum(part.plain for part in parts)
        self._position = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        number, offset = divmod(self._position, PART_BYTES)
        piece = self._part(number)[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _part(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        if len(self._kept) >= PARTS_KEPT:
            self._kept.popitem(last=False)
        self._kept[number] = self._decrypt(number)
        return self._kept[number]

    def _decrypt(self, number: int) -> bytes:
        expected = self._parts[number]
        try:
            sealed = (self._directory / part_name(number)).read_bytes()
            plain: bytes = pyrage.decrypt(sealed, [self._identity])
        except (OSError, pyrage.DecryptError):
            raise _damaged(self._delivery_id) from None
        if hashlib.sha256(plain).hexdigest() != expected.sha256:
            raise _damaged(self._delivery_id)
        return plain

    def close(self) -> None:
        self._kept.clear()
        super().close()


def write_index(
    directory: Path, delivery_id: str, secret: bytes, sha256: str, parts: list[Part]
) -> None:
    """Seal the index for ``delivery_id`` beside its parts; ``sha256`` is the plaintext's."""
    content = {"sha256": sha256, "parts": [[p.plain, p.sealed, p.sha256] for p in parts]}
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _index_cipher(secret).encrypt(
        nonce, json.dumps(content).encode(), joined(_INDEX, delivery_id)
    )
    write_file(directory / _INDEX, nonce + sealed)


def read_index(directory: Path, delivery_id: str, secret: bytes) -> tuple[str, tuple[Part, ...]]:
    """Plaintext hash, and parts in their order; exactly their files are there, in their sizes."""
    try:
        content = (directory / _INDEX).read_bytes()
        plain = _index_cipher(secret).decrypt(
            content[:_NONCE_BYTES], content[_NONCE_BYTES:], joined(_INDEX, delivery_id)
        )
        there = {path.name: path.stat().st_size for path in directory.iterdir()}
    except (OSError, InvalidTag, ValueError):
        raise _damaged(delivery_id) from None
    index = json.loads(plain)
    parts = tuple(Part(*entry) for entry in index["parts"])
    expected = {part_name(number): part.sealed for number, part in enumerate(parts)}
    if there != {**expected, _INDEX: len(content)}:
        raise _damaged(delivery_id)
    return index["sha256"], parts


def _index_cipher(secret: bytes) -> AESGCM:
    return AESGCM(derive_key(secret, "landing index"))


def part_name(number: int) -> str:
    """The file of the part ``number``, counted from 0."""
    return f"part-{number:06d}.age"


def _damaged(delivery_id: str) -> PrivacyError:
    return PrivacyError(
        f"the landed files of delivery {delivery_id} are missing, changed or not its own; "
        "have the delivery sent again"
    )
