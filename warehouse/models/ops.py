"""``ops``: the ledger of deliveries. Counts, rule codes, hashes and dates; never a value."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import TIERS
from warehouse.models import base
from warehouse.models.base import Base, Moment

_DELIVERY = "ops.delivery.delivery_id"


class Delivery(Base):
    """One delivery under one contract version, code lists and key epoch.

    ``as_of`` is the day the source made the export, where the format tells; an older export never
    overwrites a newer one. ``facts`` are the receipt's value-free statements; ``gate`` says what
    the node's leak gate searched, null where the delivery was refused.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(None, "agency", "feed", "loaded_at"),
        base.one_of("status", base.DELIVERY_STATUSES),
        {"schema": "ops"},
    )

    delivery_id: Mapped[str] = mapped_column(Text, primary_key=True)
    agency: Mapped[str] = mapped_column(Text)
    feed: Mapped[str] = mapped_column(Text)
    contract: Mapped[str] = mapped_column(Text)
    contract_version: Mapped[str] = mapped_column(Text)
    contract_digest: Mapped[str] = mapped_column(Text)
    code_version: Mapped[str] = mapped_column(Text)
    key_epoch: Mapped[str] = mapped_column(Text)
    plaintext_sha256: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    full_refresh: Mapped[bool]
    trusted: Mapped[bool]
    scope_start: Mapped[date | None]
    scope_end: Mapped[date | None]
    as_of: Mapped[date | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    gate: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    received_at: Mapped[Moment]
    loaded_at: Mapped[Moment]


class DeliveryTable(Base):
    """Rows of one table of a delivery: ``rows_in = accepted + quarantined + refused``."""

    __tablename__ = "delivery_table"
    __table_args__ = (
        CheckConstraint("rows_in = accepted + quarantined + refused", name="adds_up"),
        CheckConstraint("loaded <= accepted", name="loaded"),
        *base.not_negative("accepted", "quarantined", "refused"),
        {"schema": "ops"},
    )

    delivery_id: Mapped[str] = mapped_column(
        ForeignKey(_DELIVERY, ondelete="CASCADE"), primary_key=True
    )
    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    rows_in: Mapped[int]
    accepted: Mapped[int]
    quarantined: Mapped[int]
    refused: Mapped[int]
    loaded: Mapped[int]


class DeliveryRule(Base):
    """A rule a delivery broke in one place; ``rows`` holds the first row numbers."""

    __tablename__ = "delivery_rule"
    __table_args__ = (
        base.one_of("tier", TIERS),
        *base.not_negative("count"),
        {"schema": "ops"},
    )

    delivery_id: Mapped[str] = mapped_column(
        ForeignKey(_DELIVERY, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    tier: Mapped[str] = mapped_column(Text)
    table_name: Mapped[str | None] = mapped_column(Text)
    field: Mapped[str | None] = mapped_column(Text)
    count: Mapped[int]
    rows: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class DeliveryChange(Base):
    """What a delivery did to one table of ``core``, in rows."""

    __tablename__ = "delivery_change"
    __table_args__ = (
        *base.not_negative("inserted", "replaced", "deleted", "stale"),
        {"schema": "ops"},
    )

    delivery_id: Mapped[str] = mapped_column(
        ForeignKey(_DELIVERY, ondelete="CASCADE"), primary_key=True
    )
    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    inserted: Mapped[int]
    replaced: Mapped[int]
    deleted: Mapped[int]
    stale: Mapped[int]
