"""Steps beside the deliveries: expungement, and what may no longer be kept.

    request_expungement          on the agency node, by hand: ids become tokens in a signed request
    expunge_waiting              on the hub: carries out every request that waits
    retain_node, retain_hub      once a day, each on its side of the wall

What they return holds counts and names of feeds; no id, no token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from schemas.contract import Contract
from schemas.errors import DeliveryError, PackageError
from schemas.odcs import contract as contract_named
from schemas.odcs import contracts
from tributary.places import drop_folder, open_vault, suppression_list, trusted, warehouse
from tributary.settings import Settings

#: How long a delivery stands whose run has not come to its end, so that it can be taken up again.
UNFINISHED_DAYS = 30
#: A directory of a load lives for its minutes.
_STAGING_DAYS = 1


# --- expungement -------------------------------------------------------------------------------


def request_expungement(
    settings: Settings, name: str, unit: str, lines: Iterable[str], by: Sequence[str] = ()
) -> dict[str, Any]:
    """On the node: ask the hub to expunge records, and destroy what the node holds of the feed.

    Everything of the feed that was landed goes: a record cannot be taken out of a sealed file.
    Deliveries that were still worked on have to be sent again.

    Args:
        name: contract.
        unit: ``victim`` or ``event``.
        lines: one record each (``anonymize.unit_ids``).
        by: the columns a line holds; by default those of the contract's first way.

    Returns:
        ``{"request_id", "asked", "destroyed"}``: distinct records, and deliveries destroyed.

    Raises:
        ContractError: the contract does not name records of that kind in this way.
        DeliveryError: there is no line, or one does not name a record.
    """
    from anonymize.keys import KeyRing
    from anonymize.package import signing_key
    from anonymize.requests import ExpungeRequest, hand_over
    from anonymize.unit_ids import identifiers, tokens, unit_key

    contract = contract_named(name)
    key = unit_key(contract, unit, by)
    parts = identifiers(contract, key, lines)
    if not len(parts[0]):
        raise DeliveryError("ID-LINE", "there is no line; nothing was expunged")
    keyring = KeyRing.from_file(settings.node.secret_file, contract.key_epoch)
    request = ExpungeRequest.of(
        contract, settings.node.name, unit, tokens(contract, key, parts, keyring)
    )
    # The list first: whatever stops the rest, what is delivered from now on is held against it.
    suppression_list(settings, name).add(contract, unit, key, parts)
    hand_over(request, settings.hub.requests, signing_key(settings.node.signing_file))
    return {
        "request_id": request.request_id,
        "asked": len(request.tokens),
        "destroyed": _destroy_landed(settings, name),
    }


def _destroy_landed(settings: Settings, name: str) -> int:
    from connectors.zones import landed

    found = [entry.delivery_id for entry in landed.entries(settings.node.landed, name)]
    for delivery_id in found:
        _destroy(settings, name, delivery_id)
    return len(found)


def _destroy(settings: Settings, name: str, delivery_id: str) -> None:
    """Destroy all the node holds of a delivery: keys first."""
    from connectors.zones import landed, landing, raw
    from connectors.zones.durable import remove

    vault = open_vault(settings)
    landing.destroy(settings.node.landing, delivery_id, vault)
    raw.destroy(settings.node.raw, delivery_id, vault)
    remove(settings.node.outgoing / delivery_id)
    landed.forget(settings.node.landed, name, delivery_id)


def expunge_waiting(settings: Settings) -> dict[str, Any]:
    """On the hub: carry out every request that waits.

    A request is removed once it is carried out, for it holds tokens. Its receipt, which names no
    one, goes into the feed's drop folder.

    Returns:
        ``{"requests"}``: the receipts' counts.

    Raises:
        PackageError: a request was refused; it stays where it is, and the others were carried out.
        TransientError, PermanentError: the database.
    """
    from anonymize.requests import waiting

    done, refused = [], 0
    for path in waiting(settings.hub.requests):
        try:
            done.append(_carry_out(settings, path))
        except PackageError:
            refused += 1
    if refused:
        raise PackageError(
            f"{refused} of {refused + len(done)} requests to expunge are not signed by a node that "
            f"may deliver, or damaged; look into {settings.hub.requests}, and hand them over again"
        )
    return {"requests": done}


def _carry_out(settings: Settings, path: Path) -> dict[str, Any]:
    from anonymize.requests import read_request
    from warehouse.expunge import expunge

    request = read_request(path, trusted(settings), contracts())
    done = expunge(warehouse(settings), request)
    packages = _discard_packages(settings, request.contract)
    receipt = {
        "contract": request.contract,
        "unit": request.unit,
        **done.as_json(),
        "packages_discarded": packages,
    }
    drop_folder(settings, request.contract).put_erasure(request.request_id, receipt)
    path.unlink(missing_ok=True)
    return receipt


def _discard_packages(settings: Settings, name: str) -> int:
    """Remove packages of a feed that were not loaded yet, and what a stopped load unpacked."""
    from anonymize.package import contract_in
    from connectors.zones.durable import remove

    found = [path for path in settings.hub.inbox.glob("*.tar") if contract_in(path) == name]
    for path in found:
        remove(settings.hub.staging / f"load-{path.stem}")
        path.unlink(missing_ok=True)
    return len(found)


# --- retention ---------------------------------------------------------------------------------


def retain_node(settings: Settings, *, trial: bool = False) -> dict[str, Any]:
    """On the node: destroy landed deliveries that are over their time, keys first.

    Args:
        trial: change nothing and count what would go.

    Returns:
        ``{"landed", "unfinished"}``: deliveries, by whether their run had come to its end.
    """
    from connectors.zones import landed

    now, known = datetime.now(UTC), contracts()
    counts = {"landed": 0, "unfinished": 0}
    for entry in list(landed.entries(settings.node.landed)):
        contract = known.get(entry.contract)
        days = contract.retention.landing_days if contract and entry.done else UNFINISHED_DAYS
        if not entry.older_than(days, now):
            continue
        counts["landed" if entry.done else "unfinished"] += 1
        if not trial:
            _destroy(settings, entry.contract, entry.delivery_id)
    return counts


def retain_hub(settings: Settings, *, trial: bool = False) -> dict[str, Any]:
    """On the hub: remove packages, records and ended feeds that are over their time.

    Returns:
        ``{"packages", "expired", "ended"}``: files, and rows by feed and table; on trial units.
    """
    from warehouse.retention import retain

    known = contracts()
    packages = list(_old_packages(settings, known.values()))
    leftovers = list(_older(settings.hub.staging.glob("load-*"), _STAGING_DAYS))
    if not trial:
        from connectors.zones.durable import remove

        for path in packages:
            path.unlink(missing_ok=True)
        for path in leftovers:
            remove(path)
    retired = retain(warehouse(settings), known.values(), datetime.now(UTC).date(), trial=trial)
    return {"packages": len(packages), **retired.as_json()}


def _old_packages(settings: Settings, known: Iterable[Contract]) -> Iterator[Path]:
    """Packages nobody loaded; one whose contract is not known goes with the earliest."""
    from anonymize.package import contract_in

    days = {contract.name: contract.retention.deidentified_days for contract in known}
    for path in settings.hub.inbox.glob("*.tar"):
        allowed = days.get(contract_in(path) or "", min(days.values(), default=0))
        yield from _older([path], allowed)


def _older(paths: Iterable[Path], days: int) -> Iterator[Path]:
    last = datetime.now(UTC) - timedelta(days=days)
    for path in paths:
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < last:
            yield path
