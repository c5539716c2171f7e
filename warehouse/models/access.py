"""``ops.access_log``: who opened, published, withdrew or expunged what. Ids, never a value."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Identity, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import Base, Moment


class Access(Base):
    """One deed, noted by ``ops.log_access``; ``role`` is the name the session logged in with."""

    __tablename__ = "access_log"
    __table_args__ = (
        CheckConstraint("action ~ '^[a-z][a-z_.]{0,63}$'", name="action"),
        CheckConstraint("object ~ '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,199}$'", name="object"),
        {"schema": "ops"},
    )

    access_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[Moment] = mapped_column(server_default=text("clock_timestamp()"))
    role: Mapped[str] = mapped_column(Text, server_default=text("session_user"))
    action: Mapped[str] = mapped_column(Text)
    object: Mapped[str] = mapped_column(Text)
