"""The ledger of deliveries (schema ``ops``): what came, what was found, what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from anonymize.manifest import Manifest
from schemas.contract import Contract
from schemas.report import Finding
from warehouse.merge import Change
from warehouse.models import Delivery, DeliveryChange, DeliveryRule, DeliveryTable


def feed(contract: Contract) -> str:
    """The feed's name within its agency: ``hmis`` of ``county_coc.hmis``."""
    return contract.name.removeprefix(f"{contract.agency}.")


def find(session: Session, delivery_id: str) -> Delivery | None:
    return session.get(Delivery, delivery_id)


def predecessors(session: Session, delivery: Delivery) -> tuple[str, ...]:
    """Loaded deliveries of the same plaintext by the same feed, under another contract version."""
    return tuple(
        session.scalars(
            select(Delivery.delivery_id).where(
                *_loaded_of_feed(delivery),
                Delivery.plaintext_sha256 == delivery.plaintext_sha256,
                Delivery.delivery_id != delivery.delivery_id,
            )
        )
    )


def superseded(session: Session, delivery: Delivery) -> bool:
    """Whether a newer trusted full refresh of the feed covers the period of this full refresh.

    What such an older export holds and the newer one does not was deleted in between.
    """
    if not (delivery.full_refresh and delivery.as_of and delivery.scope_start):
        return False
    newer = select(Delivery.delivery_id).where(
        *_loaded_of_feed(delivery),
        Delivery.full_refresh,
        Delivery.trusted,
        Delivery.as_of > delivery.as_of,
        Delivery.scope_start <= delivery.scope_start,
        Delivery.scope_end >= delivery.scope_end,
    )
    return session.scalars(newer.limit(1)).first() is not None


def entry(contract: Contract, manifest: Manifest) -> Delivery:
    """The ledger's entry of a delivery, not yet stored."""
    scope = manifest.scope
    return Delivery(
        delivery_id=manifest.delivery_id,
        agency=contract.agency,
        feed=feed(contract),
        contract=contract.name,
        contract_version=manifest.contract_version,
        contract_digest=manifest.contract_digest,
        code_version=manifest.code_version,
        key_epoch=manifest.key_epoch,
        plaintext_sha256=manifest.plaintext_sha256,
        status=manifest.status,
        full_refresh=bool(scope.get("full_refresh", False)),
        trusted=bool(scope.get("trusted", False)),
        scope_start=_day(scope.get("start")),
        scope_end=_day(scope.get("end")),
        as_of=_day(scope.get("as_of")),
        facts=dict(manifest.report.get("facts", {})),
        gate=_gate(manifest),
        received_at=datetime.fromisoformat(
            str(manifest.report.get("received_at", manifest.created))
        ),
        loaded_at=datetime.now(UTC),
    )


def record(
    session: Session,
    delivery: Delivery,
    report: Mapping[str, Any],
    *,
    loaded: Mapping[str, int],
    found: Iterable[Finding] = (),
    changes: Mapping[str, Change] | None = None,
) -> None:
    """Store the entry with its counts and findings, in place of an older refusal.

    Args:
        report: ``IntakeReport.as_json()`` out of the manifest.
        loaded: rows loaded per table of the delivery; none where it was refused.
        found: what the loader found itself.
        changes: per table of ``core``.
    """
    key = delivery.delivery_id
    session.execute(delete(Delivery).where(Delivery.delivery_id == key))
    session.add(delivery)
    session.flush()
    session.add_all(
        DeliveryTable(
            delivery_id=key,
            table_name=name,
            rows_in=counts["rows_in"],
            accepted=counts["accepted"],
            quarantined=counts["quarantined"],
            refused=counts["refused"],
            loaded=loaded.get(name, 0),
        )
        for name, counts in report.get("tables", {}).items()
    )
    rules = [*report.get("rules", ()), *(finding.as_json() for finding in found)]
    session.add_all(
        DeliveryRule(
            delivery_id=key,
            position=position,
            code=one["code"],
            tier=one["tier"],
            table_name=one["table"],
            field=one["field"],
            count=one["count"],
            rows=list(one["rows"]),
        )
        for position, one in enumerate(rules)
    )
    session.add_all(
        DeliveryChange(
            delivery_id=key,
            table_name=name,
            inserted=change.inserted,
            replaced=change.replaced,
            deleted=change.deleted,
            stale=change.stale,
        )
        for name, change in (changes or {}).items()
    )


def _loaded_of_feed(delivery: Delivery) -> tuple[Any, ...]:
    return (
        Delivery.agency == delivery.agency,
        Delivery.feed == delivery.feed,
        Delivery.status != "refused",
    )


def _gate(manifest: Manifest) -> dict[str, Any] | None:
    line = manifest.report.get("gate")
    if manifest.status == "refused" or line is None:
        return None
    return {name: count for name, count in line.items() if name != "checked"}


def _day(text: object) -> date | None:
    return date.fromisoformat(str(text)) if text else None
