"""All steps of one delivery, one after the other, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tributary import steps
from tributary.settings import Settings


def run_delivery(
    settings: Settings,
    name: str,
    path: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run one delivery and return its receipt.

    Args:
        name: contract.
        path: the delivery; without it, the newest landed file the contract retains.
        progress: is told the name of each step before it starts.
    """
    steps.prepare(settings)
    progress("receive")
    if path is None:
        found = steps.receive_retained(settings, name)["delivery_id"]
    else:
        found = steps.receive(settings, name, path)["delivery_id"]
    progress("validate")
    partitions = steps.validate(settings, name, found)["partitions"]
    progress("deidentify")
    for partition in partitions:
        steps.deidentify(settings, name, found, partition)
    progress("encode")
    steps.encode(settings, name, found)
    progress("seal")
    steps.seal(settings, name, found)
    progress("load")
    status = steps.load(settings, name, found)["status"]
    progress("receipt")
    written = steps.receipt(settings, name, found, status)["receipt"]
    progress("dispose")
    steps.dispose(settings, name, found)
    receipt: dict[str, Any] = json.loads(Path(written).read_text(encoding="utf-8"))
    return receipt
