"""The last steps on the agency node: the package is sealed; when it is loaded, all is destroyed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from schemas.contract import Contract
from schemas.odcs import contract as contract_named
from schemas.report import Finding
from tributary import places
from tributary.settings import Settings
from tributary.steps.receiving import newest
from tributary.steps.working import COUNTS


def _counts(outgoing: Path) -> list[dict[str, Any]]:
    """What each partition counted while it was de-identified."""
    paths = sorted((outgoing / COUNTS).glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _made_unknown(contract: Contract, counts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings about values that were there and that de-identification could not turn into any.

    A recoded value is not among them: that a code list turns 99 into unknown is its purpose.
    """
    found: Counter[str] = Counter()
    for part in counts:
        found.update(part["unknown"])
    return [
        Finding("VALUE-UNKNOWN", table.name, field.name, count, ()).as_json()
        for table in contract.tables
        for field in table.kept
        if field.deidentification.operator != "recode"
        and (count := found[f"{table.name}.{field.name}"])
    ]


def seal(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Sign the de-identified delivery as one package and put it into the hub's inbox."""
    from anonymize import package
    from anonymize.gate.counts import gate_line
    from anonymize.manifest import Manifest
    from connectors.zones.raw import RawZone
    from schemas.delivery import codes_digest

    contract, vault = contract_named(name), places.open_vault(settings)
    zone = RawZone.open(settings.node.raw, delivery_id, vault)
    report = dict(zone.read_verdict().report)
    outgoing = settings.node.outgoing / delivery_id
    counts = _counts(outgoing)
    report["rules"] = [*report["rules"], *_made_unknown(contract, counts)]
    report["gate"] = gate_line(part.get("gate") for part in counts)
    refused = report["status"] == "refused"
    manifest = Manifest(
        delivery_id=delivery_id,
        node=settings.node.name,
        agency=contract.agency,
        contract=contract.name,
        contract_version=contract.version,
        contract_digest=contract.digest,
        codes_digest=codes_digest(contract),
        key_epoch=contract.key_epoch,
        code_version=version("tributary"),
        plaintext_sha256=report.pop("plaintext_sha256"),
        status=report.pop("status"),
        scope=report.pop("scope"),
        report=report,
        suppressed={} if refused else places.suppression_list(settings, name).found(zone, contract),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    key = package.signing_key(settings.node.signing_file)
    package.seal(outgoing, settings.hub.inbox, manifest, contract, key)
    return {"delivery_id": delivery_id}


def dispose(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Destroy the delivery's keys, then its files; the landed file as the contract says."""
    from connectors.zones import landed, landing, raw
    from connectors.zones.durable import remove

    contract, vault = contract_named(name), places.open_vault(settings)
    raw.destroy(settings.node.raw, delivery_id, vault)
    remove(settings.node.outgoing / delivery_id)
    if contract.retention.landing_days and vault.exists(delivery_id, landing.ZONE):
        path = newest(settings, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(delivery_id, encoding="ascii")
        landed.enter(settings.node.landed, name, delivery_id, done=True)
    else:
        landing.destroy(settings.node.landing, delivery_id, vault)
        landed.forget(settings.node.landed, name, delivery_id)
    return {"delivery_id": delivery_id}
