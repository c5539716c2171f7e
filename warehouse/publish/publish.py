"""Publishes: records to cubes, cubes through disclosure control, products into ``mart``.

Everything is read from one snapshot and written in one transaction: members see the old release
or the new one, whole. A release that the gate stops is entered in the ledger and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from psycopg import IsolationLevel
from psycopg.rows import dict_row

from anonymize.disclosure.release import Released, release
from schemas.contract import Contract
from schemas.errors import PermanentError
from warehouse.database import Warehouse, translated
from warehouse.publish import gate, store
from warehouse.publish.classes import with_classes
from warehouse.publish.cubes import cubes, records
from warehouse.publish.gate import Finding
from warehouse.publish.products import Product, products
from warehouse.publish.projections import projected
from warehouse.publish.store import Connection
from warehouse.roles import Role

#: Held while a release is made; any constant number.
_LOCK = 7_428_837


@dataclass(frozen=True)
class Published:
    """What came of it: ``published`` or ``refused``.

    Attributes:
        cubes: units and the summary of disclosure control, by cube.
        rows: rows of each product.
    """

    release_id: int
    status: str
    cubes: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, int]
    gate: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "release_id": self.release_id,
            "status": self.status,
            "cubes": {name: dict(one) for name, one in self.cubes.items()},
            "rows": dict(self.rows),
            "gate": [finding.as_json() for finding in self.gate],
        }


@dataclass(frozen=True)
class _Snapshot:
    """What is published from, as it stood at one moment."""

    records: Mapping[str, pa.Table]
    told: Mapping[str, Released]
    deliveries: tuple[str, ...]
    agencies: tuple[str, ...]


def publish(
    warehouse: Warehouse,
    contracts: Mapping[str, Contract],
    now: datetime,
    *,
    allow_loss: bool = False,
    progress: Callable[[str], None] = lambda _step: None,
) -> Published:
    """Publish a new release of every product.

    Args:
        contracts: those in force.
        allow_loss: publish although far fewer records are there than the last time.
        progress: is told each step.

    Raises:
        TransientError, PermanentError: the database, or a product's query.
    """
    with translated("publishing"), warehouse.connect(Role.PUBLISHER) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.autocommit = False
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        progress("records")
        snapshot = _snapshot(connection, contracts)
        progress("disclosure control")
        public = frozenset(one.agency for one in contracts.values() if one.publication.public)
        released = {
            name: release(snapshot.records[name], cube.request(public), _before(snapshot, name))
            for name, cube in cubes().items()
        }
        progress("products")
        return _Release(connection, contracts, snapshot, released).run(now, allow_loss)


def _before(snapshot: _Snapshot, cube: str) -> tuple[Released, ...]:
    return (snapshot.told[cube],) if cube in snapshot.told else ()


def _snapshot(connection: Connection, contracts: Mapping[str, Contract]) -> _Snapshot:
    deliveries, agencies = store.sources(connection)
    told = {name: store.last_told(connection, cube) for name, cube in cubes().items()}
    return _Snapshot(
        {name: records(connection, cube, contracts) for name, cube in cubes().items()},
        {name: one for name, one in told.items() if one is not None},
        deliveries,
        agencies,
    )


class _Release:
    """One release, inside its transaction."""

    def __init__(
        self,
        connection: Connection,
        contracts: Mapping[str, Contract],
        snapshot: _Snapshot,
        released: Mapping[str, Released],
    ) -> None:
        self._connection = connection
        self._contracts = contracts
        self._snapshot = snapshot
        self._released = released
        self._code_version = version("tributary")

    def run(self, now: datetime, allow_loss: bool) -> Published:
        found = self._gate(now, allow_loss)
        status = "refused" if any(finding.stops for finding in found) else "published"
        number = self._enter(status, found)
        rows = self._write(number) if status == "published" else {}
        return Published(number, status, self._cubes(), MappingProxyType(rows), tuple(found))

    def _enter(self, status: str, found: list[Finding]) -> int:
        by_version = {
            one.name: {"version": one.version, "digest": one.digest}
            for one in self._contracts.values()
        }
        return store.new_release(
            self._connection,
            status,
            self._code_version,
            by_version,
            self._snapshot.deliveries,
            self._cubes(),
            [finding.as_json() for finding in found],
        )

    def _cubes(self) -> dict[str, dict[str, Any]]:
        return {
            name: {"units": len(self._snapshot.records[name]), **one.summary}
            for name, one in self._released.items()
        }

    def _gate(self, now: datetime, allow_loss: bool) -> list[Finding]:
        newest = dict(
            self._connection.execute(
                "SELECT contract, max(received_at) FROM ops.delivery "
                "WHERE status <> 'refused' GROUP BY contract"
            ).fetchall()
        )
        last = self._connection.execute(
            "SELECT o.cubes, m.agencies FROM ops.release o JOIN mart.release m USING (release_id) "
            "WHERE o.status = 'published'"
        ).fetchone()
        before, agencies = last or ({}, [])
        units = {name: len(table) for name, table in self._snapshot.records.items()}
        return [
            *gate.coverage(self._contracts.values(), newest, now),
            *gate.agencies_lost(self._snapshot.agencies, agencies, allow_loss),
            *gate.losses(units, {name: one["units"] for name, one in before.items()}, allow_loss),
            *gate.disclosure(self._released),
        ]

    def _write(self, number: int) -> dict[str, int]:
        every = products()
        made = projected(every, cubes(), self._released, self._snapshot.told)
        for name, product in every.items():
            if product.source == "warehouse":
                made[name] = self._queried(product)
        made = with_classes(made)
        for name, product in every.items():
            store.replace_rows(self._connection, number, product, made[name])
        for name, cube in cubes().items():
            store.keep_cells(self._connection, number, cube, self._released[name])
        store.change_over(
            self._connection,
            number,
            self._snapshot.agencies,
            self._code_version,
            len(self._snapshot.deliveries),
        )
        return {name: len(made[name]) for name in every}

    def _queried(self, product: Product) -> pa.Table:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(product.query).fetchall()
        names = [column.name for column in product.columns]
        if rows and list(rows[0]) != names:
            raise PermanentError(f"product {product.name}: its query gives other columns")
        return pa.table({name: [row[name] for row in rows] for name in names})
