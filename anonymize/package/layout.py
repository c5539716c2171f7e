"""How a package is laid out, and what both sides ask of it."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from typing import Final

import pyarrow as pa

from anonymize.gate.counts import is_clean
from anonymize.manifest import LINKAGE, TABLES, WITHHELD, Manifest
from schemas.errors import PackageError

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
#: Where a member of each kind stands: kind, table and partition.
MEMBER: Final = re.compile(
    rf"({TABLES}|{WITHHELD}|{LINKAGE})/([A-Za-z0-9_]{{1,64}})/[A-Za-z0-9_]{{1,32}}\.parquet"
)
#: Limits that no honest package comes near.
MAX_MANIFEST_BYTES: Final = 64 << 20
MAX_MEMBERS: Final = 100_000


def contract_in(path: Path) -> str | None:
    """The contract a package says it is of, unverified; none where it cannot be read."""
    try:
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or first.size > MAX_MANIFEST_BYTES:
                return None
            content = tar.extractfile(first)
            return None if content is None else str(json.loads(content.read())["contract"])
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError):
        return None


def require_gate(manifest: Manifest) -> None:
    """Nothing is sealed, and nothing taken, that was not searched for what must not leave."""
    if not is_clean(manifest.report.get("gate")):
        raise PackageError(
            f"delivery {manifest.delivery_id} did not go through the leak gate as a whole; "
            "the node has to run its de-identification again"
        )


def mapped(path: Path) -> pa.Buffer:
    """A file's bytes, read only where they are used."""
    return pa.memory_map(str(path)).read_buffer()
