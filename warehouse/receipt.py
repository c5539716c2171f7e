"""The receipt of a delivery, out of the ledger: what was accepted and what to fix. No values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.catalogue import rule
from schemas.errors import ContractError, PermanentError
from schemas.report import merged
from warehouse.database import Warehouse, translated
from warehouse.models import Delivery, DeliveryChange, DeliveryRule, DeliveryTable
from warehouse.roles import Role


def receipt(
    warehouse: Warehouse, delivery_id: str, *, duplicate: bool = False, role: Role = Role.LOADER
) -> dict[str, Any]:
    """The receipt of one delivery, as JSON.

    Args:
        duplicate: report the status ``duplicate``: the delivery came again and changed nothing;
            the counts are those of the first time.

    Raises:
        PermanentError: the ledger does not know the delivery.
    """
    with translated("reading the ledger"), Session(warehouse.engine(role)) as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            raise PermanentError(f"the ledger has no delivery {delivery_id}")
        return {
            "delivery_id": delivery.delivery_id,
            "contract": delivery.contract,
            "status": "duplicate" if duplicate else delivery.status,
            "tables": _tables(session, delivery_id),
            "rules": _rules(session, delivery_id),
            "changes": _changes(session, delivery_id),
            "gate": delivery.gate,
            "facts": dict(delivery.facts),
            "contract_version": delivery.contract_version,
            "code_version": delivery.code_version,
            "plaintext_sha256": delivery.plaintext_sha256,
            "received_at": delivery.received_at.isoformat(),
            "loaded_at": delivery.loaded_at.isoformat(),
        }


def _tables(session: Session, delivery_id: str) -> dict[str, dict[str, int]]:
    query = select(DeliveryTable).where(DeliveryTable.delivery_id == delivery_id)
    return {
        one.table_name: {
            "rows_in": one.rows_in,
            "accepted": one.accepted,
            "quarantined": one.quarantined,
            "refused": one.refused,
            "loaded": one.loaded,
        }
        for one in session.scalars(query.order_by(DeliveryTable.table_name))
    }


def _rules(session: Session, delivery_id: str) -> list[dict[str, Any]]:
    query = select(DeliveryRule).where(DeliveryRule.delivery_id == delivery_id)
    found = [
        {
            "code": one.code,
            "tier": one.tier,
            "table": one.table_name,
            "field": one.field,
            "count": one.count,
            "rows": list(one.rows),
            **_words(one.code),
        }
        for one in session.scalars(query.order_by(DeliveryRule.position))
    ]
    return [dict(one) for one in merged(found)]


def _words(code: str) -> dict[str, str]:
    # A rule may have left the catalogue since the delivery was checked.
    try:
        known = rule(code)
    except ContractError:
        return {"says": "This rule is no longer in the catalogue.", "fix": ""}
    return {"says": known.says, "fix": known.fix}


def _changes(session: Session, delivery_id: str) -> dict[str, dict[str, int]]:
    query = select(DeliveryChange).where(DeliveryChange.delivery_id == delivery_id)
    return {
        one.table_name: {
            "inserted": one.inserted,
            "replaced": one.replaced,
            "deleted": one.deleted,
            "stale": one.stale,
        }
        for one in session.scalars(query.order_by(DeliveryChange.table_name))
    }
