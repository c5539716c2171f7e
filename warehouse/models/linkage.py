"""``linkage``: what a random key of ``core`` stands for, encodings, and who is one person.

The loader reaches it by function. The linker reads encodings and writes the crosswalk; nobody else
sees any of it.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
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


class Space(Base):
    """Encodings that compare with each other: of one linkage schema, under one epoch's keys.

    The columns say how ``Encoding.content`` is laid out (``warehouse.encodings``); ``keys`` is the
    first delivery's key check: an agency with another secret would link to nobody, unseen.
    """

    __tablename__ = "space"
    __table_args__ = (
        UniqueConstraint("schema_digest", "epoch"),
        {"schema": "linkage"},
    )

    space_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    schema_name: Mapped[str] = mapped_column(Text)
    schema_version: Mapped[int]
    schema_digest: Mapped[str] = mapped_column(Text)
    epoch: Mapped[str] = mapped_column(Text)
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    blocks: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rare: Mapped[list[str]] = mapped_column(ARRAY(Text))
    keys: Mapped[str] = mapped_column(Text)


class Batch(Base):
    """Encodings of one delivery: rows, how many are of nobody, and records that were ``known``."""

    __tablename__ = "batch"
    __table_args__ = (
        Index(None, "agency", "feed"),
        CheckConstraint("fakes >= 0 AND fakes <= rows", name="fakes"),
        {"schema": "linkage"},
    )

    batch_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    space_id: Mapped[int]
    agency: Mapped[str] = mapped_column(Text)
    feed: Mapped[str] = mapped_column(Text)
    delivery_id: Mapped[str] = mapped_column(Text)
    as_of: Mapped[date | None]
    rows: Mapped[int]
    fakes: Mapped[int]
    known: Mapped[int] = mapped_column(server_default=text("0"))


class Fake(Base):
    """A record of nobody. Functions alone know which; the linker does not."""

    __tablename__ = "fake"
    __table_args__ = ({"schema": "linkage"},)

    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_key: Mapped[UUID] = mapped_column(primary_key=True)


class Encoding(Base):
    """One way a record is encoded, under one of its names; the newest alone.

    Never updated, only replaced: what is to be linked stands in ``Pending``.
    """

    __tablename__ = "encoding"
    __table_args__ = (*base.not_negative("alias"), {"schema": "linkage"})

    record_key: Mapped[UUID] = mapped_column(primary_key=True)
    space_id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int]
    alias: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Pending(Base):
    """A record to be linked: new, changed, or left by one it was linked with.

    ``mark`` is a new number whenever that happens, so that a run takes off what it has seen.
    """

    __tablename__ = "pending"
    __table_args__ = ({"schema": "linkage"},)

    record_key: Mapped[UUID] = mapped_column(primary_key=True)
    space_id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[int] = mapped_column(BigInteger, Identity(always=True))


class Pair(Base):
    """How much two records speak for being one person (above 0) or against it (below)."""

    __tablename__ = "pair"
    __table_args__ = (
        Index(None, "right_key"),
        CheckConstraint("left_key < right_key", name="order"),
        {"schema": "linkage"},
    )

    space_id: Mapped[int] = mapped_column(primary_key=True)
    left_key: Mapped[UUID] = mapped_column(primary_key=True)
    right_key: Mapped[UUID] = mapped_column(primary_key=True)
    score: Mapped[float] = mapped_column(REAL)


class Crosswalk(Base):
    """Which person a record is of. ``person_key`` is random."""

    __tablename__ = "crosswalk"
    __table_args__ = (Index(None, "person_key"), {"schema": "linkage"})

    record_key: Mapped[UUID] = mapped_column(primary_key=True)
    person_key: Mapped[UUID]


class StoredWeights(Base):
    """Weights a run learned (``linkage.weights``), from how many records; shares of levels."""

    __tablename__ = "weights"
    __table_args__ = ({"schema": "linkage"},)

    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    space_id: Mapped[int]
    records: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
