"""Deliveries out of an agency's drop folder.

    <drop>/<agency>/<feed>/incoming/   the agency writes here; a name ending in .part, .tmp or
                                       .filepart, or starting with a dot, is still being written
    <drop>/<agency>/<feed>/taken/      a delivery that is being worked on
    <drop>/<agency>/<feed>/receipts/   one receipt per delivery, for the agency to fetch

A delivery is taken by a rename, so that two workers never take the same one, and a worker that
died is followed by one that finds the delivery in ``taken``. Once the landing zone holds it
encrypted, the plain file is removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.contract import Contract
from schemas.errors import TransientError

_UNFINISHED = (".part", ".tmp", ".filepart")


@dataclass(frozen=True)
class DropFolder:
    """The drop folder of one feed."""

    root: Path

    @classmethod
    def of(cls, contract: Contract, drop: Path) -> DropFolder:
        agency, feed = contract.name.split(".")
        return cls(drop / agency / feed)

    @property
    def incoming(self) -> Path:
        return self.root / "incoming"

    @property
    def taken(self) -> Path:
        return self.root / "taken"

    @property
    def receipts(self) -> Path:
        return self.root / "receipts"

    def prepare(self) -> None:
        for folder in (self.incoming, self.taken, self.receipts):
            folder.mkdir(parents=True, exist_ok=True)

    def waiting(self) -> list[Path]:
        """Deliveries ready to be taken, oldest first; interrupted ones before new ones."""
        return [*_ready(self.taken), *_ready(self.incoming)]

    def take(self, delivery: Path) -> Path:
        """Move a waiting delivery out of the agency's reach.

        Raises:
            TransientError: it is gone, because another worker took it or the agency withdrew it.
        """
        if delivery.parent == self.taken:
            return delivery
        target = self.taken / delivery.name
        try:
            os.link(delivery, target)
            delivery.unlink()
        except FileExistsError:
            raise TransientError(
                f"{self.root}: a delivery of the same name is still being worked on"
            ) from None
        except FileNotFoundError:
            raise TransientError(f"{self.root}: the delivery is gone") from None
        return target

    def put_receipt(self, delivery_id: str, receipt: Mapping[str, Any]) -> Path:
        """Write a receipt so that a reader never sees half of one."""
        return self._put(f"{delivery_id}.receipt.json", receipt)

    def put_erasure(self, request_id: str, receipt: Mapping[str, Any]) -> Path:
        """Write the receipt of an expungement; it counts as no delivery."""
        return self._put(f"expunge-{request_id}.json", receipt)

    def put_answer(self, request_id: str, answer: Mapping[str, Any]) -> Path:
        """Write the answer to a question of deconfliction, for the node alone to fetch."""
        return self._put(f"deconflict-{request_id}.json", answer)

    def take_answer(self, request_id: str) -> dict[str, Any] | None:
        """The answer to a question; it is removed. None where there is none yet."""
        path = self.receipts / f"deconflict-{request_id}.json"
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        path.unlink()
        return found

    def _put(self, name: str, receipt: Mapping[str, Any]) -> Path:
        self.receipts.mkdir(parents=True, exist_ok=True)
        target = self.receipts / name
        unfinished = target.with_suffix(".tmp")
        unfinished.write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(target)
        return target


def _ready(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and path.suffix.lower() not in _UNFINISHED
    ]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))
