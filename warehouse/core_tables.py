"""What a mapping may give and the loader fills in, per table of ``core``; derived from the models.

A mapping names units by token (``event_token``, ``victim_token``); the loader puts the random key
in its place and adds agency, feed, delivery and staleness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Boolean, Column, Date, Double, Integer, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from warehouse.models import (
    Base,
    Event,
    EventIndicator,
    EventText,
    Filing,
    Offense,
    PerpetratorCount,
    ReportedCount,
    Service,
    Victim,
    VictimEvent,
)
from warehouse.models.linkage import UNITS

#: Key column of ``core`` -> the column a mapping gives in its place.
TOKENS = MappingProxyType({"event_key": "event_token", "victim_key": "victim_token"})
#: Filled by the loader.
ORIGIN = ("agency", "feed", "delivery_id")
_FILLED = (*ORIGIN, "stale")
#: The view that lists deleted units.
DELETED = "deleted"


@dataclass(frozen=True)
class Given:
    """A column a mapping gives. ``column`` is its name in ``core``; types are SQL's."""

    name: str
    column: str
    duckdb_type: str
    postgres_type: str
    required: bool

    @property
    def token(self) -> bool:
        return self.name != self.column


@dataclass(frozen=True)
class CoreTable:
    """One table of ``core`` as the loader sees it."""

    name: str
    given: tuple[Given, ...]

    @property
    def unit(self) -> str | None:
        """``event`` or ``victim`` where the table holds the units themselves."""
        return self.name if self.name in UNITS else None

    @property
    def tokens(self) -> tuple[Given, ...]:
        return tuple(one for one in self.given if one.token)

    @property
    def values(self) -> tuple[Given, ...]:
        return tuple(one for one in self.given if not one.token)


def _given(column: Column[Any]) -> Given:
    return Given(
        name=TOKENS.get(column.name, column.name),
        column=column.name,
        duckdb_type=_TYPES[type(column.type)][0],
        postgres_type=_TYPES[type(column.type)][1],
        required=not column.nullable,
    )


_TYPES = {
    Text: ("VARCHAR", "text"),
    Date: ("DATE", "date"),
    SmallInteger: ("SMALLINT", "smallint"),
    Integer: ("INTEGER", "integer"),
    Double: ("DOUBLE", "double precision"),
    Boolean: ("BOOLEAN", "boolean"),
    ARRAY: ("VARCHAR[]", "text[]"),
    Uuid: ("VARCHAR", "bytea"),
}


def _core_table(model: type[Base]) -> CoreTable:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - every model here is a table
    return CoreTable(table.name, tuple(_given(c) for c in table.columns if c.name not in _FILLED))


#: Units first, then what hangs on them.
CORE: Mapping[str, CoreTable] = MappingProxyType(
    {
        model.__tablename__: _core_table(model)
        for model in (
            Event,
            Victim,
            VictimEvent,
            Offense,
            EventIndicator,
            EventText,
            PerpetratorCount,
            Service,
            Filing,
            ReportedCount,
        )
    }
)
#: Tables whose rows are of no unit.
UNITLESS = ("filing", "reported_count")
#: Tables whose rows belong to an event and are replaced with it.
PARTS = tuple(name for name in CORE if name not in (*UNITS, *UNITLESS))
