"""What was taken out of the warehouse, and what must not come back: counts, marks and dates."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models import base
from warehouse.models.base import Base, Moment
from warehouse.models.linkage import UNITS

ERASURE_REASONS = ("expungement", "retention", "agreement")
WITHDRAWAL_REASONS = ("expungement", "consent_withdrawn")


class Mark(Base):
    """SHA-256 of the token of an expunged unit: the one trace that stays, for the loader alone."""

    __tablename__ = "mark"
    __table_args__ = (
        base.one_of("unit", UNITS),
        CheckConstraint("octet_length(mark) = 32", name="mark"),
        {"schema": "suppression"},
    )

    agency: Mapped[str] = mapped_column(Text, primary_key=True)
    unit: Mapped[str] = mapped_column(Text, primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class AgreementTerm(Base):
    """How long a feed's agreement holds. From the day it ended, analysts and the publisher see no
    row of the feed; after the days of grace its rows are removed.

    ``terminated`` is the first day on which a terminated agreement no longer holds;
    ``deconfliction``: the agency may ask other police agencies, and be named to them.
    """

    __tablename__ = "agreement"
    __table_args__ = (*base.not_negative("grace_days"), {"schema": "ops"})

    agency: Mapped[str] = mapped_column(Text, primary_key=True)
    feed: Mapped[str] = mapped_column(Text, primary_key=True)
    agreement_id: Mapped[str] = mapped_column(Text)
    expires: Mapped[date]
    terminated: Mapped[date | None]
    grace_days: Mapped[int]
    deconfliction: Mapped[bool] = mapped_column(server_default=text("false"))


class Erasure(Base):
    """One removal: how many units were asked for and found, and how many rows of which table went.

    ``erasure_id`` is that of the request where one was made.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        base.one_of("reason", ERASURE_REASONS),
        *base.not_negative("asked", "found"),
        {"schema": "ops"},
    )

    erasure_id: Mapped[str] = mapped_column(Text, primary_key=True)
    erased_at: Mapped[Moment] = mapped_column(server_default=text("now()"))
    agency: Mapped[str] = mapped_column(Text)
    feed: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    asked: Mapped[int]
    found: Mapped[int]
    removed: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ReleaseWithdrawal(Base):
    """From ``requested_at`` on, no earlier release that drew on the agency is shown any more.

    A trigger withdraws them as the row is written; ``releases`` counts them.
    """

    __tablename__ = "release_withdrawal"
    __table_args__ = (base.one_of("reason", WITHDRAWAL_REASONS), {"schema": "ops"})

    withdrawal_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    requested_at: Mapped[Moment] = mapped_column(server_default=text("now()"))
    agency: Mapped[str] = mapped_column(Text)
    feed: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    releases: Mapped[int] = mapped_column(server_default=text("0"))
