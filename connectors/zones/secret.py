"""Secrets read from files, and keys derived from them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.errors import SettingsError

#: Bytes of every root secret and every derived key (AES-256, HMAC-SHA256).
KEY_BYTES = 32
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")


def read_secret(path: Path) -> bytes:
    """Read a secret of at least 32 bytes, written raw or as hex digits.

    Raises:
        SettingsError: the file is missing, anyone but its owner can read or write it, or its
            content is too short or plainly not random. The message never holds the content.
    """
    advice = f"create it with: (umask 077; openssl rand -hex {KEY_BYTES} > {path})"
    try:
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read(1 << 16)
    except OSError:
        raise SettingsError(f"the secret file {path} cannot be read; {advice}") from None
    if mode & 0o077:
        raise SettingsError(f"the secret file {path} is open to others; run: chmod 600 {path}")
    if _HEX.fullmatch(content.strip()):
        content = bytes.fromhex(content.strip().decode("ascii"))
    return require_strong(content, f"the secret file {path}", advice)


def require_strong(content: bytes, what: str, advice: str = "use 32 random bytes") -> bytes:
    """Return ``content`` if it can be a secret.

    Raises:
        SettingsError: it is shorter than 32 bytes, or so uniform that it was never random.
    """
    if len(content) < KEY_BYTES:
        raise SettingsError(f"{what} holds fewer than {KEY_BYTES} bytes; {advice}")
    # 32 random bytes hold fewer than 16 different ones in about 1 of 10^13 cases.
    if len(set(content)) < KEY_BYTES // 4:
        raise SettingsError(f"{what} is not random; {advice}")
    return content


def derive_key(secret: bytes, *purpose: str) -> bytes:
    """32 bytes for one purpose: HKDF-SHA256 (RFC 5869) over ``secret``.

    The parts of ``purpose`` are length-prefixed, so that no two lists of parts run together into
    the same key.
    """
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=joined("tributary/v1", *purpose)).derive(
        secret
    )


def joined(*parts: str) -> bytes:
    """Parts as bytes that can be split in one way only (4-byte length before each)."""
    encoded = [part.encode("utf-8") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
