"""Passwords of the database roles: one file per role, readable by its owner alone.

A file per role lets a deployment give each process only the role it acts as (a Docker secret, a
file of another system user). Nothing else in the project stores a database password.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from schemas.errors import SettingsError

R = TypeVar("R", bound=str)

#: Bytes of randomness in a password; 43 characters of the URL-safe alphabet.
_RANDOM_BYTES = 32


@dataclass(frozen=True)
class Credentials:
    """The password files in ``directory``."""

    directory: Path = field(repr=False)

    def password(self, role: str) -> str:
        """The password of ``role``.

        Raises:
            SettingsError: there is no file for it, or others may read the file.
        """
        path = self.directory / role
        try:
            mode = path.stat().st_mode
            found = path.read_text(encoding="ascii").strip()
        except OSError:
            raise SettingsError(
                f"no password for database role {role}: expected the file {path}; "
                "prepare the warehouse first"
            ) from None
        if mode & 0o077:
            raise SettingsError(f"{path} is readable by others; run chmod 600 on it")
        return found

    def ensure(self, roles: Iterable[R]) -> tuple[R, ...]:
        """Invent the passwords that are missing; returns the roles that got a new one."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        missing = tuple(role for role in roles if not (self.directory / role).exists())
        for role in missing:
            self._write(role, secrets.token_urlsafe(_RANDOM_BYTES))
        return missing

    def _write(self, role: str, password: str) -> None:
        # mkstemp creates the file with mode 0600; the rename makes it appear whole or not at all.
        handle, name = tempfile.mkstemp(dir=self.directory, prefix=".new-")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(password + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.directory / role)
