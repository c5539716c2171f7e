"""The vault: one random data key per delivery and zone, kept outside the zones.

Destroying a delivery's key makes everything encrypted under it unreadable at once, also in backups
and on media that cannot be overwritten (crypto-shredding). The key file holds the data key wrapped
by the node's key-encryption key with AES-256-GCM, bound to the delivery and the zone.
"""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.zones.durable import make_private, sync, write_file
from connectors.zones.secret import KEY_BYTES, joined, read_secret, require_strong
from schemas.errors import PrivacyError, SettingsError

ZONES = ("landing", "raw")
_NONCE_BYTES = 12
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def safe_id(delivery_id: str) -> str:
    """Return ``delivery_id`` if it can name a directory and nothing else.

    Raises:
        PrivacyError: it could lead elsewhere.
    """
    if not _ID.fullmatch(delivery_id):
        raise PrivacyError("a delivery id holds letters, digits, - and _ only")
    return delivery_id


class Vault:
    """Data keys in one directory.

    Opening a vault switches core dumps off for the process: a dump would hold keys and rows.

    Args:
        directory: private directory of the key files; best on a volume that is not backed up.
        kek: key-encryption key, 32 random bytes.
    """

    def __init__(self, directory: Path, kek: bytes) -> None:
        if len(require_strong(kek, "the key-encryption key")) != KEY_BYTES:
            raise SettingsError(f"the key-encryption key must have {KEY_BYTES} bytes")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._directory = make_private(directory)
        self._cipher = AESGCM(kek)

    @classmethod
    def from_file(cls, directory: Path, kek_file: Path) -> Vault:
        """A vault whose key-encryption key is in ``kek_file``, outside of ``directory``."""
        return cls(directory, read_secret(kek_file))

    def __repr__(self) -> str:
        return f"Vault({self._directory})"

    def create(self, delivery_id: str, zone: str, secret: bytes | None = None) -> bytes:
        """Keep a data key (32 random bytes unless given) and return it.

        A key that stands already is replaced: what was encrypted under it becomes unreadable.
        """
        secret = os.urandom(KEY_BYTES) if secret is None else secret
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = self._cipher.encrypt(nonce, secret, joined(delivery_id, zone))
        write_file(self._path(delivery_id, zone), nonce + wrapped)
        return secret

    def open(self, delivery_id: str, zone: str) -> bytes:
        """The data key.

        Raises:
            PrivacyError: it was destroyed or never made, or does not belong to this vault.
        """
        content = self._read(delivery_id, zone)
        if content is None:
            raise PrivacyError(
                f"the {zone} key of delivery {delivery_id} was destroyed, so its {zone} files can "
                "no longer be read; the delivery has to be sent again"
            )
        nonce, wrapped = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, wrapped, joined(delivery_id, zone))
        except (InvalidTag, ValueError):
            raise PrivacyError(
                f"the {zone} key of delivery {delivery_id} cannot be unwrapped: the node's "
                "key-encryption key is another one, or the key file was changed"
            ) from None

    def exists(self, delivery_id: str, zone: str) -> bool:
        return self._read(delivery_id, zone) is not None

    def destroy(self, delivery_id: str, zone: str) -> None:
        """Destroy the key for good; none there is well too."""
        path = self._path(delivery_id, zone)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return
        # Overwritten for the file systems where that still means something.
        path.write_bytes(bytes(size))
        sync(path)
        path.unlink(missing_ok=True)
        sync(self._directory)

    def _read(self, delivery_id: str, zone: str) -> bytes | None:
        try:
            content = self._path(delivery_id, zone).read_bytes()
        except FileNotFoundError:
            return None
        # Zeros alone are what a destruction leaves that was stopped half-way.
        return content if any(content) else None

    def _path(self, delivery_id: str, zone: str) -> Path:
        if zone not in ZONES:
            raise PrivacyError(f"there is no zone {zone}; known are {', '.join(ZONES)}")
        return self._directory / f"{safe_id(delivery_id)}.{zone}.key"
