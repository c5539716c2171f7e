"""The node's secrets, made once where the warehouse is embedded; deployments bring their own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from schemas.errors import SettingsError
from tributary.settings import Settings


def ensure_secrets(settings: Settings) -> bool:
    """Make the secrets that a first run on this machine lacks; returns whether it made any.

    A secret is made only while the home directory is new. Tokens made under another secret would
    turn every known record into a new one, silently, so a lost secret is an error. Where agencies
    have a node each, the linkage secret is one they made together, and none is made here.

    Raises:
        SettingsError: a secret is missing where one was used before, or in a deployment.
    """
    node = settings.node
    wanted = (node.kek_file, node.secret_file, node.linkage_secret_file, node.signing_file)
    missing = [path for path in wanted if not path.exists()]
    if not missing:
        return False
    if not settings.is_embedded or settings.node.vault.exists():
        names = ", ".join(str(path) for path in missing)
        raise SettingsError(f"missing secret: {names}; put back the file this node used before")
    # The hub's; in a deployment it is asked for where a contract wants cell noise.
    _write(settings.hub.release_secret_file, secrets.token_bytes(32))
    _write(node.kek_file, secrets.token_bytes(32))
    _write(node.secret_file, secrets.token_bytes(32))
    _write(node.linkage_secret_file, secrets.token_bytes(32))
    _write_signing_pair(node.signing_file, settings.hub.trusted / f"{node.name}.pub")
    return True


def _write_signing_pair(private: Path, public: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    _write(public, key.public_key().public_bytes_raw())
    _write(private, key.private_bytes_raw())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
