"""Blind deconfliction: that somebody asked, and whom he was told of; never about whom."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models import base
from warehouse.models.base import Base, Moment


class Deconfliction(Base):
    """One question of a police agency: how many of its records it asked about, how many were met
    by another agency. Which ones stands nowhere."""

    __tablename__ = "deconfliction"
    __table_args__ = (
        Index(None, "agency", "asked_at"),
        *base.not_negative("asked", "hits"),
        {"schema": "ops"},
    )

    request_id: Mapped[str] = mapped_column(Text, primary_key=True)
    asked_at: Mapped[Moment] = mapped_column(server_default=text("clock_timestamp()"))
    agency: Mapped[str] = mapped_column(Text)
    feed: Mapped[str] = mapped_column(Text)
    asked: Mapped[int]
    hits: Mapped[int]


class DeconflictionNotice(Base):
    """``other_agency`` asked about a person whom ``agency`` knows by ``record_key``: contact them.

    Goes with the record, and with any other record of the person.
    """

    __tablename__ = "deconfliction_notice"
    __table_args__ = ({"schema": "linked"},)

    record_key: Mapped[UUID] = mapped_column(primary_key=True)
    other_agency: Mapped[str] = mapped_column(Text, primary_key=True)
    agency: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Moment] = mapped_column(server_default=text("now()"))
