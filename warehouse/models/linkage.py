"""``linkage``: what a random key of ``core`` stands for; the loader reaches it by function."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models import base
from warehouse.models.base import Base

#: Units with a key of their own.
UNITS = ("event", "victim")


class SourceToken(Base):
    """A keyed token of one unit at one agency (16 bytes), and the random key it has in ``core``.

    ``deleted_as_of`` is the export day of the delivery that deleted the unit: an older export that
    arrives later does not bring it back.
    """

    __tablename__ = "source_token"
    __table_args__ = (
        Index(
            "ix_source_token_deleted",
            "agency",
            "unit",
            "token",
            postgresql_where=text("deleted_as_of IS NOT NULL"),
        ),
        base.one_of("unit", UNITS),
        CheckConstraint("octet_length(token) = 16", name="token"),
        {"schema": "linkage"},
    )

    agency: Mapped[str] = mapped_column(Text, primary_key=True)
    unit: Mapped[str] = mapped_column(Text, primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    record_key: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    key_epoch: Mapped[str] = mapped_column(Text)
    first_delivery: Mapped[str] = mapped_column(Text)
    deleted_as_of: Mapped[date | None]
