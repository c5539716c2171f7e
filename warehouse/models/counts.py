"""``core.reported_count``: what agencies counted themselves that may give no records of persons."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from schemas.codes import code_list
from schemas.release import MIN_CELL
from warehouse.models import base
from warehouse.models.base import Base

#: By what counts are broken down; each has the code list ``counts_<name>``.
COUNTED_BY = ("age", "gender", "citizenship", "exploitation", "service")


class ReportedCount(Base):
    """How many persons an agency counted that may give no records of them.

    ``all`` where a count is not broken down by a column, so a period has its total besides the
    counts that are part of it. Persons are counted once within the agency and the period, and again
    by every other agency that serves them.
    """

    __tablename__ = "reported_count"
    __table_args__ = (
        *base.first_of_month("period_start"),
        CheckConstraint("months IN (1, 3)", name="months"),
        *(
            base.one_of(name, code_list(f"counts_{name}").members)
            for name in ("measure", *COUNTED_BY)
        ),
        CheckConstraint(f"count = 0 OR count >= {MIN_CELL}", name="count"),
        {"schema": "core"},
    )

    agency: Mapped[str] = mapped_column(Text, primary_key=True)
    feed: Mapped[str] = mapped_column(Text, primary_key=True)
    period_start: Mapped[date] = mapped_column(primary_key=True)
    months: Mapped[int] = mapped_column(SmallInteger)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    age: Mapped[str] = mapped_column(Text, primary_key=True)
    gender: Mapped[str] = mapped_column(Text, primary_key=True)
    citizenship: Mapped[str] = mapped_column(Text, primary_key=True)
    exploitation: Mapped[str] = mapped_column(Text, primary_key=True)
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int]
    delivery_id: Mapped[str] = mapped_column(Text)
