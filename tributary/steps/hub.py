"""The steps on the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.odcs import contract as contract_named
from schemas.odcs import contracts
from tributary import places
from tributary.settings import Settings


def prepare(settings: Settings) -> None:
    """Make what a first run on this machine lacks: secrets, and the embedded warehouse's tables."""
    from tributary.secrets import ensure_secrets
    from warehouse.agreements import record_all
    from warehouse.bootstrap import prepare as bring_up_to_date

    ensure_secrets(settings)
    found = places.warehouse(settings)
    bring_up_to_date(found)
    record_all(found, contracts().values())


def load(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Verify the package and load it, in one transaction.

    Returns:
        ``{"status", "rows"}``: rows of ``core`` that were inserted or replaced.
    """
    from anonymize.package import open_package
    from warehouse.load import Limits
    from warehouse.load import load as run

    contract = contract_named(name)
    package = open_package(
        _package(settings, delivery_id), places.trusted(settings), contract, delivery_id
    )
    limits = Limits(memory=settings.memory_limit)
    done = run(package, contract, places.warehouse(settings), settings.hub.staging, limits)
    rows = sum(change.inserted + change.replaced for change in done.changes.values())
    return {"status": done.status, "rows": rows}


def receipt(settings: Settings, name: str, delivery_id: str, status: str) -> dict[str, Any]:
    """Write the delivery's receipt into the feed's drop folder; the package is removed.

    Args:
        status: what ``load`` reported.

    Returns:
        ``{"status", "receipt"}``: the receipt's path.
    """
    from warehouse.receipt import receipt as out_of_ledger

    duplicate = status == "duplicate"
    found = out_of_ledger(places.warehouse(settings), delivery_id, duplicate=duplicate)
    written = places.drop_folder(settings, name).put_receipt(delivery_id, found)
    _package(settings, delivery_id).unlink(missing_ok=True)
    return {"status": found["status"], "receipt": str(written)}


def link(settings: Settings, say: Callable[[str], None] = lambda _step: None) -> dict[str, Any]:
    """Link what has come since the last run with all that stands (``warehouse.linking``).

    Returns:
        ``{"runs", "records_new", "matches", "review", "merges", "splits"}``: counts; a run for each
        linkage schema and epoch in which anything was new.
    """
    from warehouse.linking.run import link_persons

    done = [run.counts for run in link_persons(places.warehouse(settings), say)]
    counted = ("records_new", "matches", "review", "merges", "splits")
    return {"runs": len(done)} | {name: sum(getattr(c, name) for c in done) for name in counted}


def _package(settings: Settings, delivery_id: str) -> Path:
    return settings.hub.inbox / f"{delivery_id}.tar"
