"""The first step on the agency node: a delivery is taken into the landing zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from schemas.contract import Contract
from schemas.errors import ContractError, DeliveryError
from schemas.odcs import contract as contract_named
from tributary import places
from tributary.settings import Settings


def receive(settings: Settings, name: str, path: Path | None = None) -> dict[str, Any]:
    """Take one delivery into the landing zone, encrypted.

    Args:
        name: contract.
        path: a file to take, which is left where it is; without it, the oldest delivery waiting in
            the feed's drop folder, which is removed once it has landed.

    Returns:
        ``{"delivery_id", "waiting"}``; the id is null where nothing is waiting, and ``waiting``
        counts the deliveries that still are.

    Raises:
        ContractError: the agreement has ended, or the lane lets no rows in.
        DeliveryError: there is no file at ``path``.
    """
    contract = contract_named(name)
    contract.require_in_force(today())
    contract.require_rows()
    if path is not None:
        if not path.is_file():
            raise DeliveryError("FILE-MISSING", "the file to take is not there; name another")
        with path.open("rb") as source:
            return {"delivery_id": _land(settings, contract, source), "waiting": 0}
    folder = places.drop_folder(settings, name)
    folder.prepare()
    waiting = folder.waiting()
    if not waiting:
        return {"delivery_id": None, "waiting": 0}
    taken = folder.take(waiting[0])
    with taken.open("rb") as source:
        landed = _land(settings, contract, source)
    taken.unlink()
    return {"delivery_id": landed, "waiting": len(waiting) - 1}


def _land(settings: Settings, contract: Contract, source: BinaryIO) -> str:
    from connectors.zones import landed, landing
    from schemas.delivery import delivery_id

    landing.sweep(settings.node.landing)
    staged = landing.store(source, places.open_vault(settings), settings.node.landing)
    found = delivery_id(contract, staged.sha256)
    # entered first: what has landed is never without the feed whose rules say when it goes
    landed.enter(settings.node.landed, contract.name, found)
    staged.commit(found)
    return found


def receive_retained(settings: Settings, name: str) -> dict[str, Any]:
    """Land the newest retained delivery of a feed again, under the contract as it is now.

    Raises:
        ContractError: the agreement has ended, or no landed file is retained.
    """
    from connectors.zones import landing
    from connectors.zones.landing import ZONE

    contract, vault = contract_named(name), places.open_vault(settings)
    contract.require_in_force(today())
    contract.require_rows()
    found = retained(settings, name)
    if found is None or not vault.exists(found, ZONE):
        raise ContractError(
            f"contract {name} retains no landed file (landingDays: "
            f"{contract.retention.landing_days}); ask the agency to send the delivery again"
        )
    with landing.open_landing(settings.node.landing, found, vault) as source:
        return {"delivery_id": _land(settings, contract, source), "waiting": 0}


def retained(settings: Settings, name: str) -> str | None:
    """The newest retained delivery of a feed."""
    path = newest(settings, name)
    return path.read_text(encoding="ascii") if path.exists() else None


def newest(settings: Settings, name: str) -> Path:
    """Names the newest retained delivery of a feed."""
    return settings.node.landing.parent / "newest" / name


def today() -> date:
    return datetime.now(UTC).date()
