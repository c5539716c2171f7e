"""The landing zone: a delivery as it came, encrypted with age before it touches the disk.

A delivery is a directory of age files of 8 MiB plaintext each, so that it can be read from any
position with bounded memory, and a sealed index that fixes their order, sizes and hashes::

    <root>/<delivery id>/part-000000.age, part-000001.age, ..., index
    <root>/.incoming-<random>/            a delivery being written; its key is in memory alone

age lets anyone who has the public key write a valid file, hence the index: it is sealed with
AES-256-GCM under a key derived from the delivery's own, bound to the delivery id.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.zones.durable import make_private, remove, sync, write_file
from connectors.zones.secret import derive_key, joined
from connectors.zones.vault import Vault, safe_id
from schemas.errors import PrivacyError

ZONE = "landing"
#: Plaintext bytes of every part but the last.
PART_BYTES = 8 << 20
#: Decrypted parts an open delivery keeps: a zip is read at its end and somewhere before it.
PARTS_KEPT = 3
_INCOMING = ".incoming-"
_INDEX = "index"
_NONCE_BYTES = 12


@dataclass(frozen=True)
class _Part:
    """One age file: plaintext bytes, encrypted bytes, SHA-256 of the plaintext."""

    plain: int
    sealed: int
    sha256: str


@dataclass(frozen=True)
class StagedDelivery:
    """A delivery that is written but has no name yet.

    Attributes:
        sha256: SHA-256 of the plaintext, from which the delivery id is made.
        bytes: plaintext bytes.
    """

    sha256: str
    bytes: int
    _writer: LandingWriter = field(repr=False)

    def commit(self, delivery_id: str) -> None:
        """Give the delivery its name. The same delivery landed before and intact is kept."""
        self._writer.commit(delivery_id, self.sha256)

    def discard(self) -> None:
        """Remove what was written."""
        self._writer.discard()


class LandingWriter:
    """Encrypts a delivery part by part into a nameless directory.

    The private key is in memory until ``commit``, so what a crash leaves is unreadable.
    """

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root, self._vault = make_private(root), vault
        self._identity = pyrage.x25519.Identity.generate()
        self._recipients = [self._identity.to_public()]
        self._hash, self._buffer, self._parts = hashlib.sha256(), bytearray(), list[_Part]()
        with _locked(root):
            self._directory = root / f"{_INCOMING}{secrets.token_hex(8)}"
            self._directory.mkdir(mode=0o700)
            self._handle = os.open(self._directory, os.O_RDONLY)
            # Held while this process lives: tells ``sweep`` that the directory is in use.
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the delivery."""
        self._hash.update(chunk)
        self._buffer += chunk
        while len(self._buffer) >= PART_BYTES:
            self._write_part(bytes(self._buffer[:PART_BYTES]))
            del self._buffer[:PART_BYTES]

    def finish(self) -> StagedDelivery:
        """Write what is left."""
        if self._buffer:
            self._write_part(bytes(self._buffer))
            self._buffer.clear()
        size = sum(part.plain for part in self._parts)
        return StagedDelivery(self._hash.hexdigest(), size, self)

    def _write_part(self, plain: bytes) -> None:
        sealed = pyrage.encrypt(plain, self._recipients)
        write_file(self._directory / _part_name(len(self._parts)), sealed)
        self._parts.append(_Part(len(plain), len(sealed), hashlib.sha256(plain).hexdigest()))

    def commit(self, delivery_id: str, sha256: str) -> None:
        target = self._root / safe_id(delivery_id)
        with _locked(self._root):
            if _is_intact(target, delivery_id, self._vault):
                self.discard()
                return
            remove(target)
            secret = str(self._identity).encode("ascii")
            _write_index(self._directory, delivery_id, secret, sha256, self._parts)
            self._vault.create(delivery_id, ZONE, secret)
            self._directory.rename(target)
            sync(self._root)
        os.close(self._handle)

    def discard(self) -> None:
        remove(self._directory)
        os.close(self._handle)


def store(stream: BinaryIO, vault: Vault, root: Path) -> StagedDelivery:
    """Encrypt ``stream`` into the landing zone at ``root``.

    The caller names it (``commit``) or drops it (``discard``). An error in ``stream`` leaves
    nothing behind.
    """
    writer = LandingWriter(root, vault)
    try:
        while chunk := stream.read(1 << 20):
            writer.feed(chunk)
        return writer.finish()
    except BaseException:
        writer.discard()
        raise


def open_landing(root: Path, delivery_id: str, vault: Vault) -> io.BufferedReader:
    """The plaintext of a delivery as a seekable stream, decrypted in memory while it is read.

    Raises:
        PrivacyError: the key was destroyed, or the files are not the ones that were written.
            Reading raises it too, where a part turns out to have been changed.
    """
    secret = vault.open(delivery_id, ZONE)
    directory = root / safe_id(delivery_id)
    _, parts = _read_index(directory, delivery_id, secret)
    return io.BufferedReader(_LandedFile(directory, delivery_id, secret, parts), 1 << 18)


def plaintext_sha256(root: Path, delivery_id: str, vault: Vault) -> str:
    """SHA-256 of the delivery as it came.

    Raises:
        PrivacyError: as ``open_landing``.
    """
    found, _ = _read_index(root / safe_id(delivery_id), delivery_id, vault.open(delivery_id, ZONE))
    return found


def destroy(root: Path, delivery_id: str, vault: Vault) -> None:
    """Destroy a landed delivery: its key first, then its files. May be repeated."""
    vault.destroy(delivery_id, ZONE)
    remove(root / safe_id(delivery_id))


def sweep(root: Path) -> int:
    """Remove what stopped processes left half-written; returns how many deliveries that were.

    Deliveries another process is writing right now are let alone.
    """
    swept = 0
    with _locked(make_private(root)):
        for directory in sorted(root.glob(f"{_INCOMING}*")):
            handle = os.open(directory, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(directory)
                swept += 1
            except BlockingIOError:
                continue
            finally:
                os.close(handle)
    return swept


class _LandedFile(io.RawIOBase):
    """Random access over the parts; keeps the last few decrypted."""

    def __init__(
        self, directory: Path, delivery_id: str, secret: bytes, parts: tuple[_Part, ...]
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
            sealed = (self._directory / _part_name(number)).read_bytes()
            plain: bytes = pyrage.decrypt(sealed, [self._identity])
        except (OSError, pyrage.DecryptError):
            raise _damaged(self._delivery_id) from None
        if hashlib.sha256(plain).hexdigest() != expected.sha256:
            raise _damaged(self._delivery_id)
        return plain

    def close(self) -> None:
        self._kept.clear()
        super().close()


def _write_index(
    directory: Path, delivery_id: str, secret: bytes, sha256: str, parts: list[_Part]
) -> None:
    content = {"sha256": sha256, "parts": [[p.plain, p.sealed, p.sha256] for p in parts]}
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _index_cipher(secret).encrypt(
        nonce, json.dumps(content).encode(), joined(_INDEX, delivery_id)
    )
    write_file(directory / _INDEX, nonce + sealed)


def _read_index(directory: Path, delivery_id: str, secret: bytes) -> tuple[str, tuple[_Part, ...]]:
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
    parts = tuple(_Part(*entry) for entry in index["parts"])
    expected = {_part_name(number): part.sealed for number, part in enumerate(parts)}
    if there != {**expected, _INDEX: len(content)}:
        raise _damaged(delivery_id)
    return index["sha256"], parts


def _is_intact(directory: Path, delivery_id: str, vault: Vault) -> bool:
    if not directory.exists() or not vault.exists(delivery_id, ZONE):
        return False
    try:
        _read_index(directory, delivery_id, vault.open(delivery_id, ZONE))
    except PrivacyError:
        return False
    return True


def _index_cipher(secret: bytes) -> AESGCM:
    return AESGCM(derive_key(secret, "landing index"))


def _part_name(number: int) -> str:
    return f"part-{number:06d}.age"


def _damaged(delivery_id: str) -> PrivacyError:
    return PrivacyError(
        f"the landed files of delivery {delivery_id} are missing, changed or not its own; "
        "have the delivery sent again"
    )


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One process at a time makes, names or sweeps directories under ``root``."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
