"""The steps of a delivery, shared by the DAGs and the command line.

    receive -> validate -> deidentify (per partition) -> encode -> seal      on the agency node
    load -> receipt                                                on the hub
    link, over all feeds                                           on the hub
    dispose                                                        on the agency node

Each step takes a contract name and a delivery id, and returns only references and counts: what it
returns is stored by Airflow. Each can be repeated: it finds its own earlier work by the delivery
id and either keeps it, if it is whole, or replaces it.

Heavy rooms are imported inside the steps, because a DAG file imports this module when it is parsed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from schemas.contract import Contract
from schemas.errors import ContractError, DeliveryError, PrivacyError
from schemas.odcs import contract as contract_named
from schemas.odcs import contracts
from schemas.report import Finding
from tributary import places
from tributary.settings import Settings

if TYPE_CHECKING:
    from connectors.validate import Verdict
    from connectors.zones.raw import RawZone
    from connectors.zones.vault import Vault

#: Where the counts of each partition's de-identification wait for ``seal``.
_COUNTS = "counts"


def prepare(settings: Settings) -> None:
    """Make what a first run on this machine lacks: secrets, and the embedded warehouse's tables."""
    from tributary.secrets import ensure_secrets
    from warehouse.agreements import record_all
    from warehouse.bootstrap import prepare as bring_up_to_date

    ensure_secrets(settings)
    found = places.warehouse(settings)
    bring_up_to_date(found)
    record_all(found, contracts().values())


# --- agency node -------------------------------------------------------------------------------


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
    contract.require_in_force(_today())
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
    contract.require_in_force(_today())
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
    newest = _newest(settings, name)
    return newest.read_text(encoding="ascii") if newest.exists() else None


def validate(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Check a landed delivery and write what its lane allows to the raw zone.

    Where the delivery held rows its lane forbids, the landed file's key is destroyed as soon as
    the allowed rows are written.

    Returns:
        ``{"status", "partitions"}``: at least one, as ``anonymize.deidentify`` plans them.
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
        verdict = check(contract, source, tables, _today(), settings.memory_limit)
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
    from anonymize.deidentify import Partition, plan

    found = () if status == "refused" else plan(zone, contract, settings.partition_rows)
    return [partition.as_json() for partition in found or (Partition("p00000", ()),)]


def deidentify(
    settings: Settings, name: str, delivery_id: str, partition: dict[str, Any]
) -> dict[str, Any]:
    """De-identify one partition; fails closed.

    Returns:
        ``{"rows"}``: rows written.
    """
    from anonymize.deidentify import Partition
    from anonymize.deidentify import deidentify as run
    from anonymize.keys import KeyRing
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
        make_private(outgoing / _COUNTS) / f"{planned.name}.json",
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


def _counts(outgoing: Path) -> list[dict[str, Any]]:
    """What each partition counted while it was de-identified."""
    paths = sorted((outgoing / _COUNTS).glob("*.json"))
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


# --- hub ---------------------------------------------------------------------------------------


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


# --- agency node, afterwards ---------------------------------------------------------------------


def dispose(settings: Settings, name: str, delivery_id: str) -> dict[str, Any]:
    """Destroy the delivery's keys, then its files; the landed file as the contract says."""
    from connectors.zones import landed, landing, raw
    from connectors.zones.durable import remove

    contract, vault = contract_named(name), places.open_vault(settings)
    raw.destroy(settings.node.raw, delivery_id, vault)
    remove(settings.node.outgoing / delivery_id)
    if contract.retention.landing_days and vault.exists(delivery_id, landing.ZONE):
        newest = _newest(settings, name)
        newest.parent.mkdir(parents=True, exist_ok=True)
        newest.write_text(delivery_id, encoding="ascii")
        landed.enter(settings.node.landed, name, delivery_id, done=True)
    else:
        landing.destroy(settings.node.landing, delivery_id, vault)
        landed.forget(settings.node.landed, name, delivery_id)
    return {"delivery_id": delivery_id}


def _newest(settings: Settings, name: str) -> Path:
    """Names the newest retained delivery of a feed."""
    return settings.node.landing.parent / "newest" / name


def _today() -> date:
    return datetime.now(UTC).date()
