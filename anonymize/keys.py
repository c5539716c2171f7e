"""Keys of the privacy step: one per purpose, agency, domain and epoch, from one root secret.

Equal values of two agencies, or of two domains of one agency, get different tokens. A new epoch
changes every token. Nothing is ever hashed without a key: an unkeyed hash of a name or a number can
be turned back by trying all of them.
"""

from __future__ import annotations

from pathlib import Path

from connectors.zones.secret import derive_key, read_secret, require_strong
from schemas.errors import PrivacyError


class KeyRing:
    """Derives keys by HKDF-SHA256 (RFC 5869).

    Args:
        secret: root secret, at least 32 random bytes; it stays on the agency node.
        epoch: version of the keys, as the contract names it (``keyEpoch``).

    Raises:
        SettingsError: the secret is too short or plainly not random.
    """

    def __init__(self, secret: bytes, epoch: str) -> None:
        self._secret = require_strong(secret, "the root secret of the tokens")
        self.epoch = epoch

    @classmethod
    def from_file(cls, path: Path, epoch: str) -> KeyRing:
        """A key ring whose secret is in ``path``, readable by its owner alone, raw or as hex."""
        return cls(read_secret(path), epoch)

    def __repr__(self) -> str:
        return f"KeyRing(epoch={self.epoch!r})"

    def __reduce__(self) -> tuple[object, ...]:
        raise PrivacyError("a key ring is not passed between processes; open its file there")

    def derive(self, purpose: str, agency: str, domain: str) -> bytes:
        """The 32-byte key for ``purpose`` (``pseudonym``), within ``agency`` and ``domain``.

        Raises:
            PrivacyError: a part is blank; the key would not be what it seems.
        """
        parts = (purpose, agency, domain, self.epoch)
        if not all(part.strip() for part in parts):
            raise PrivacyError("a key needs a purpose, an agency, a domain and an epoch")
        return derive_key(self._secret, *parts)
