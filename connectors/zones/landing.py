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
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyrage

from connectors.zones.durable import make_private, remove, sync, write_file
from connectors.zones.parts import (
    PART_BYTES,
    LandedFile,
    Part,
    part_name,
    read_index,
    write_index,
)
from connectors.zones.vault import Vault, safe_id
from schemas.errors import PrivacyError

ZONE = "landing"
_INCOMING = ".incoming-"


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
        self._hash, self._buffer, self._parts = hashlib.sha256(), bytearray(), list[Part]()
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
        write_file(self._directory / part_name(len(self._parts)), sealed)
        self._parts.append(Part(len(plain), len(sealed), hashlib.sha256(plain).hexdigest()))

    def commit(self, delivery_id: str, sha256: str) -> None:
        target = self._root / safe_id(delivery_id)
        with _locked(self._root):
            if _is_intact(target, delivery_id, self._vault):
                self.discard()
                return
            remove(target)
            secret = str(self._identity).encode("ascii")
            write_index(self._directory, delivery_id, secret, sha256, self._parts)
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
    _, parts = read_index(directory, delivery_id, secret)
    return io.BufferedReader(LandedFile(directory, delivery_id, secret, parts), 1 << 18)


def plaintext_sha256(root: Path, delivery_id: str, vault: Vault) -> str:
    """SHA-256 of the delivery as it came.

    Raises:
        PrivacyError: as ``open_landing``.
    """
    found, _ = read_index(root / safe_id(delivery_id), delivery_id, vault.open(delivery_id, ZONE))
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


def _is_intact(directory: Path, delivery_id: str, vault: Vault) -> bool:
    if not directory.exists() or not vault.exists(delivery_id, ZONE):
        return False
    try:
        read_index(directory, delivery_id, vault.open(delivery_id, ZONE))
    except PrivacyError:
        return False
    return True


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One process at a time makes, names or sweeps directories under ``root``."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
