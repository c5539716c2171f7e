"""Who sealed a package: Ed25519 signatures of the nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.zones.secret import KEY_BYTES, read_secret
from schemas.errors import SettingsError

#: Goes before what is signed: no signature of anything else is one of a package.
CONTEXT: Final = b"tributary package v1\n"


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The node's signing key: a private file of 32 random bytes, raw or as hex.

    Raises:
        SettingsError: the file is missing, readable by others, or not random.
    """
    seed = read_secret(path)
    if len(seed) != KEY_BYTES:  # the start of a PEM file is no secret
        raise SettingsError(f"the signing key {path} must be {KEY_BYTES} random bytes, not PEM")
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key(key: Ed25519PrivateKey) -> bytes:
    """What a hub has to know of a node: 32 bytes, not secret."""
    return key.public_key().public_bytes_raw()
