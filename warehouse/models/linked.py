"""``linked``: what follows from the records of more than one agency; and the ledger of link runs.

Stewards and the publisher alone read ``linked``. ``core`` is not touched when records are linked,
so that an agency learns nothing from its own rows.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models import base
from warehouse.models.base import Base, Moment

#: ``removed`` and ``rotated`` name no key: nothing says whose record went.
CHANGES = ("merge", "split", "removed", "rotated")


class PersonRecord(Base):
    """The person a victim of ``core`` (``record_key`` is its key there) is a record of."""

    __tablename__ = "person_record"
    __table_args__ = (Index(None, "person_key"), {"schema": "linked"})

    record_key: Mapped[UUID] = mapped_column(primary_key=True)
    person_key: Mapped[UUID]
    agency: Mapped[str] = mapped_column(Text)
    linked_at: Mapped[Moment] = mapped_column(server_default=func.now())


class PersonChange(Base):
    """Records of ``person_key`` went over to ``into_key``: all or most (merge) or some (split).

    A record changes its key in no other way, but when all keys are rotated.
    """

    __tablename__ = "person_change"
    __table_args__ = (
        base.one_of("kind", CHANGES),
        CheckConstraint(
            "(kind IN ('merge', 'split')) = (person_key IS NOT NULL AND into_key IS NOT NULL)",
            name="keys",
        ),
        {"schema": "linked"},
    )

    change_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    changed_at: Mapped[Moment] = mapped_column(server_default=func.now())
    kind: Mapped[str] = mapped_column(Text)
    person_key: Mapped[UUID | None]
    into_key: Mapped[UUID | None]
    run_id: Mapped[int | None] = mapped_column(BigInteger)


class LinkRun(Base):
    """What one link run did under one schema and epoch: counts and shares, nothing of a record.

    ``records_*`` hold fakes too, which the linker cannot tell. ``review`` counts pairs below the
    threshold that a person would have to look at. Recall is expected between ``least_recall``, if
    all is there that pairs below the band and blocks are expected to have missed, and
    ``expected_recall``. ``score_histogram`` is that of ``linkage.quality``, ``drift`` the largest
    between any two agencies; ``most_frequent_token`` is how many records of an agency share one.
    """

    __tablename__ = "link_run"
    __table_args__ = (
        *base.shares("expected_precision", "expected_recall", "least_recall"),
        {"schema": "ops"},
    )

    run_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment]
    schema_name: Mapped[str] = mapped_column(Text)
    schema_version: Mapped[int]
    epoch: Mapped[str] = mapped_column(Text)
    records_new: Mapped[int] = mapped_column(BigInteger)
    records_standing: Mapped[int] = mapped_column(BigInteger)
    pairs: Mapped[int] = mapped_column(BigInteger)
    matches: Mapped[int] = mapped_column(BigInteger)
    review: Mapped[int] = mapped_column(BigInteger)
    merges: Mapped[int] = mapped_column(BigInteger)
    splits: Mapped[int] = mapped_column(BigInteger)
    expected_precision: Mapped[float]
    expected_recall: Mapped[float]
    least_recall: Mapped[float]
    drift: Mapped[float]
    drift_alarm: Mapped[bool]
    score_histogram: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    most_frequent_token: Mapped[int] = mapped_column(BigInteger)


class LinkScores(Base):
    """How a run's scores between two agencies, or within one, are spread: what the next run between
    them is compared with."""

    __tablename__ = "link_scores"
    __table_args__ = ({"schema": "ops"},)

    run_id: Mapped[int] = mapped_column(
        ForeignKey("ops.link_run.run_id", ondelete="CASCADE"), primary_key=True
    )
    one: Mapped[str] = mapped_column(Text, primary_key=True)
    other: Mapped[str] = mapped_column(Text, primary_key=True)
    histogram: Mapped[list[int]] = mapped_column(ARRAY(Integer))
