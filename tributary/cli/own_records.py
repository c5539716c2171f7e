"""How an agency names its own records to a command: lines of standard input or of an age file.

Never an argument, which other users of the machine could read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import SettingsError

Ids = Annotated[
    str,
    typer.Option(
        metavar="FILE.age|-",
        help="Own records, one a line: an age file, or - for standard input.",
    ),
]
By = Annotated[
    str,
    typer.Option(help="Columns of a line, comma between; default: the contract's first way."),
]
Identity = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="age identity file that opens --ids."),
]


def lines(ids: str, identity: Path | None) -> Iterable[str]:
    """What ``--ids`` names.

    Raises:
        SettingsError: the file cannot be read or opened with the identity.
    """
    return sys.stdin if ids == "-" else _decrypted(Path(ids), identity)


def columns(by: str) -> list[str]:
    """What ``--by`` names."""
    return [name.strip() for name in by.split(",") if name.strip()]


def _decrypted(path: Path, identity: Path | None) -> Iterable[str]:
    """Lines of an age file; plain text is not taken.

    Raises:
        SettingsError: the file cannot be read or opened with the identity.
    """
    import pyrage

    if identity is None:
        raise SettingsError("an encrypted list needs --identity: the age key file that opens it")
    try:
        keys = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in identity.read_text(encoding="ascii").splitlines()
            if line.strip() and not line.startswith("#")
        ]
        return str(pyrage.decrypt(path.read_bytes(), keys), "utf-8").splitlines()
    except (OSError, ValueError, pyrage.IdentityError, pyrage.DecryptError):
        raise SettingsError(
            "the list cannot be opened: it must be a file encrypted with age to this identity, "
            "UTF-8 inside"
        ) from None
