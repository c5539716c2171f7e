"""The steps on the agency node that see raw rows: validation, de-identification, encoding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from schemas.contract import Contract
from schemas.errors import PrivacyError
from schemas.odcs import contract as contract_named
from tributary import places
from tributary.settings import Settings
from tributary.steps.receiving import today

if TYPE_CHECKING:
    from connectors.validate import Verdict
    from connectors.zones.raw import RawZone
    from connectors.zones.vault import Vault

#: Where the counts of each partition's de-identification wait for ``seal``.
COUNTS = "counts"


def validate(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Check a landed delivery and write what its lane allows to the raw zone.

    Where the delivery held rows its lane forbids, the landed file's key is destroyed as soon as
    the allowed rows are written.

    Returns:
        ``{"status", "partitions"}``: at least one, as ``anonymize.partitions`` plans them.
    """
    from connectors.validate import validate as check
    from connectors.zones import landing
    from connectors.zones.raw import RawZone, StoredVerdict

    contract, vault = contract_named(name), places.open_vault(settings)
    if (done := _finished(settings, delivery_id, vault)) is not None:
        return {"status": done[1], "partitions": _partitions(settings, contract, *done)}
    zone = RawZone.create(settings.node.raw, delivery_id, vault)
    with (
        landing.open_landing(settings.node.landing, delivery_id, vault) as source,
        zone.writers() as tables,
    ):
        verdict = check(contract, source, tables, today(), settings.memory_limit)
    sha256 = landing.plaintext_sha256(settings.node.landing, delivery_id, vault)
    report = {**_as_stored(verdict), "plaintext_sha256": sha256}
    zone.write_verdict(StoredVerdict(report, verdict.quarantined))
    if verdict.report.lane_violated:
        landing.destroy(settings.node.landing, delivery_id, vault)
    partitions = _partitions(settings, contract, zone, verdict.status)
    return {"status": verdict.status, "partitions": partitions}


def _as_stored(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON, for the steps after it."""
    return {
        **verdict.report.as_json(),
        "status": verdict.status,
        "lane_violated": verdict.report.lane_violated,
        "scope": verdict.report.scope.as_json(),
    }


def _finished(settings: Settings, delivery_id: str, vault: Vault) -> tuple[RawZone, str] | None:
    """The raw zone and status of a delivery whose validation came to its end before."""
    from connectors.zones.raw import ZONE, RawZone

    if not vault.exists(delivery_id, ZONE):
        return None
    zone = RawZone.open(settings.node.raw, delivery_id, vault)
    try:
        return zone, str(zone.read_verdict().report["status"])
    except PrivacyError:
        return None


def _partitions(
    settings: Settings, contract: Contract, zone: RawZone, status: str
) -> list[dict[str, Any]]:
    from anonymize.partitions import Partition, plan

    found = () if status == "refused" else plan(zone, contract, settings.partition_rows)
    return [partition.as_json() for partition in found or (Partition("p00000", ()),)]


def deidentify(
    settings: Settings, name: str, delivery_id: str, partition: dict[str, Any]
) -> dict[str, Any]:
    """De-identify one partition; fails closed.

    Returns:
        ``{"rows"}``: rows written.
    """
    from anonymize.deidentify import deidentify as run
    from anonymize.keys import KeyRing
    from anonymize.partitions import Partition
    from anonymize.policy import bind
    from connectors.zones.durable import make_private, write_file
    from connectors.zones.raw import RawZone

    contract = contract_named(name)
    policy = bind(contract, KeyRing.from_file(settings.node.secret_file, contract.key_epoch))
    zone = RawZone.open(settings.node.raw, delivery_id, places.open_vault(settings))
    outgoing = settings.node.outgoing / delivery_id
    planned = Partition.from_json(partition)
    counts = run(zone, zone.read_verdict(), policy, planned, outgoing)
    write_file(
        make_private(outgoing / COUNTS) / f"{planned.name}.json",
        json.dumps(counts.as_json()).encode("utf-8"),
    )
    return {"rows": sum(counts.rows.values())}


def encode(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Encode the delivery's persons for linkage, where its contract links any.

    Returns:
        ``{"persons", "forms", "fakes"}``: counts; zeros where nobody is encoded.
    """
    contract = contract_named(name)
    if contract.linkage is None:
        return {"persons": 0, "forms": 0, "fakes": 0}
    from anonymize.encoding.delivery import encode_delivery
    from anonymize.keys import KeyRing
    from connectors.zones.raw import RawZone
    from connectors.zones.secret import read_secret

    zone = RawZone.open(settings.node.raw, delivery_id, places.open_vault(settings))
    counts = encode_delivery(
        zone,
        zone.read_verdict(),
        contract,
        KeyRing.from_file(settings.node.secret_file, contract.key_epoch),
        read_secret(settings.node.linkage_secret_file),
        delivery_id,
        settings.node.outgoing / delivery_id,
    )
    return counts.as_json()
