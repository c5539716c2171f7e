"""``mart``: one table a product, as ``warehouse/marts/<product>/product.yaml`` describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from warehouse.models import base
from warehouse.models.base import Base, Moment
from warehouse.publish.products import Product, products

RELEASE_STATUSES = ("published", "superseded", "withdrawn", "refused")

_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "integer": Integer(),
    "number": Double(),
    "boolean": Boolean(),
    "date": Date(),
    "timestamp": DateTime(timezone=True),
}


class Release(Base):
    """One attempt to publish, for stewards and auditors: from what, how much was hidden, why not.

    ``contracts`` maps a contract to its version and digest; ``cubes`` a cube to its units and the
    summary of its disclosure control; ``gate`` lists what the release gate found.
    """

    __tablename__ = "release"
    __table_args__ = (base.one_of("status", RELEASE_STATUSES), {"schema": "ops"})

    release_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    created_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(Text)
    code_version: Mapped[str] = mapped_column(Text)
    contracts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    deliveries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cubes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    gate: Mapped[list[Any]] = mapped_column(JSONB)


class ReleaseCell(Base):
    """One cell of a released cube as the steward sees it. ``cell`` maps dimensions to values;
    ``decided`` is what disclosure control lets be told, ``shown`` what is published, which is the
    same but for noise; ``lower`` and ``upper`` are what a hidden count can be. ``known`` maps
    agencies to the records of it they know; ``known_shown`` to those of what is shown."""

    __tablename__ = "release_cell"
    __table_args__ = ({"schema": "linked"},)

    release_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    cube: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    cell: Mapped[dict[str, Any]] = mapped_column(JSONB)
    count: Mapped[int]
    decided: Mapped[int | None]
    shown: Mapped[int | None]
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    lower: Mapped[int | None]
    upper: Mapped[int | None]
    known: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    known_shown: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class MartRelease(Base):
    """What every member may know of a release; ``agencies`` are those whose records are in it."""

    __tablename__ = "release"
    __table_args__ = (base.one_of("status", RELEASE_STATUSES), {"schema": "mart"})

    release_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    published_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    code_version: Mapped[str] = mapped_column(Text)
    agencies: Mapped[list[str]] = mapped_column(ARRAY(Text))
    deliveries: Mapped[int]


class PrivacySpend(Base):
    """What one release with differential privacy cost everybody in ``data`` in a year; entries are
    never changed. An entry without its release is one that failed after it was reserved."""

    __tablename__ = "privacy_spend"
    __table_args__ = (
        CheckConstraint("epsilon > 0 AND epsilon < 'Infinity'", name="epsilon"),
        {"schema": "ops"},
    )

    spend_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    spent_at: Mapped[Moment] = mapped_column(server_default=text("clock_timestamp()"))
    data: Mapped[str] = mapped_column(Text)
    year: Mapped[int]
    release: Mapped[str] = mapped_column(Text)
    epsilon: Mapped[float] = mapped_column(Double)


def _table(product: Product) -> Table:
    columns = (
        Column(one.name, _TYPES[one.type], nullable=not _required(product, one.name))
        for one in product.columns
    )
    return Table(
        product.name,
        Base.metadata,
        Column("release_id", BigInteger, primary_key=True, autoincrement=False),
        Column("row", Integer, primary_key=True, autoincrement=False),
        *columns,
        schema="mart",
    )


def _required(product: Product, column: str) -> bool:
    return product.own_agency and column == "agency"


#: The table of each product.
MARTS = {name: _table(product) for name, product in products().items()}
