"""Publishes: records to cubes, cubes through disclosure control, products into ``mart``.

Everything is read from one snapshot and written in one transaction: members see the old release
or the new one, whole. A release that the gate stops is entered in the ledger and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from psycopg import IsolationLevel
from psycopg.rows import dict_row

from anonymize.disclosure.release import Released
from schemas.contract import Contract
from schemas.errors import PermanentError
from warehouse.database import Warehouse, translated
from warehouse.publish import gate, store
from warehouse.publish.budget import reserver
from warehouse.publish.classes import with_classes
from warehouse.publish.cubes import cubes, records
from warehouse.publish.gate import Finding
from warehouse.publish.methods import Made, Terms, made
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
    """What is published from, as it stood at one moment; ``told`` and ``decided`` by cube are what
    earlier releases told (``store.last_told``, ``store.decided_before``)."""

    records: Mapping[str, pa.Table]
    told: Mapping[str, Released]
    decided: Mapping[str, tuple[Released, ...]]
    deliveries: tuple[str, ...]
    agencies: tuple[str, ...]


def publish(
    warehouse: Warehouse,
    contracts: Mapping[str, Contract],
    now: datetime,
    *,
    allow_loss: bool = False,
    secret_file: Path | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> Published:
    """Publish a new release of every product.

    Args:
        contracts: those in force.
        allow_loss: publish although far fewer records are there than the last time.
        secret_file: of the secret of cell noise, for contracts that ask for it.
        progress: is told each step.

    Raises:
        TransientError, PermanentError: the database, or a product's query.
        PrivacyError: the privacy budget of the year is spent.
    """
    terms = Terms(tuple(contracts.values()), secret_file, reserver(warehouse), now)
    with (
        translated("publishing"),
        _in_turn(warehouse),
        warehouse.connect(Role.PUBLISHER) as connection,
    ):
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.autocommit = False
        progress("records")
        attempt = _Release(connection, contracts, _snapshot(connection, contracts))
        found = attempt.gate(now, allow_loss)
        if any(finding.stops for finding in found):
            return attempt.refused(found)
        progress("disclosure control")
        attempt.control(terms)
        found += gate.disclosure({name: one.released for name, one in attempt.made.items()})
        if any(finding.stops for finding in found):
            return attempt.refused(found)
        progress("products")
        return attempt.published(found)


@contextmanager
def _in_turn(warehouse: Warehouse) -> Iterator[None]:
    """Wait until nobody else publishes.

    In a transaction of its own: the snapshot that is published from must be taken after the wait,
    so that the release before is in it.
    """
    with warehouse.connect(Role.PUBLISHER) as turn, turn.transaction():
        turn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def _snapshot(connection: Connection, contracts: Mapping[str, Contract]) -> _Snapshot:
    deliveries, agencies = store.sources(connection)
    told = {name: store.last_told(connection, cube) for name, cube in cubes().items()}
    decided = {name: store.decided_before(connection, cube) for name, cube in cubes().items()}
    return _Snapshot(
        {name: records(connection, cube, contracts) for name, cube in cubes().items()},
        {name: one for name, one in told.items() if one is not None},
        decided,
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
    ) -> None:
        self._connection = connection
        self._contracts = contracts
        self._snapshot = snapshot
        self._code_version = version("tributary")
        self.made: Mapping[str, Made] = MappingProxyType({})

    def control(self, terms: Terms) -> None:
        """Make every cube fit to be published."""
        decided, snapshot = self._snapshot.decided, self._snapshot.records
        self.made = {
            name: made(cube, snapshot[name], terms, decided[name]) for name, cube in cubes().items()
        }

    def refused(self, found: list[Finding]) -> Published:
        number = self._enter("refused", found)
        return Published(number, "refused", self._cubes(), MappingProxyType({}), tuple(found))

    def published(self, found: list[Finding]) -> Published:
        number = self._enter("published", found)
        rows = MappingProxyType(self._write(number))
        return Published(number, "published", self._cubes(), rows, tuple(found))

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
        units = {name: {"units": len(table)} for name, table in self._snapshot.records.items()}
        noted = {name: {**one.notes, **one.released.summary} for name, one in self.made.items()}
        return {**units, **noted}

    def gate(self, now: datetime, allow_loss: bool) -> list[Finding]:
        """What can be told before anything is drawn; noise would spend privacy budget."""
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
        ]

    def _write(self, number: int) -> dict[str, int]:
        every = products()
        released = {name: one.released for name, one in self.made.items()}
        rows = projected(every, cubes(), released, self._snapshot.told)
        for name, product in every.items():
            if product.source == "warehouse":
                rows[name] = self._queried(product)
        rows = with_classes(rows, self._contracts.values())
        for name, product in every.items():
            store.replace_rows(self._connection, number, product, rows[name])
        for name, cube in cubes().items():
            store.keep_cells(self._connection, number, cube, released[name])
        store.change_over(
            self._connection,
            number,
            self._snapshot.agencies,
            self._code_version,
            len(self._snapshot.deliveries),
        )
        return {name: len(rows[name]) for name in every}

    def _queried(self, product: Product) -> pa.Table:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(product.query).fetchall()
        names = [column.name for column in product.columns]
        if rows and list(rows[0]) != names:
            raise PermanentError(f"product {product.name}: its query gives other columns")
        return pa.table({name: [row[name] for row in rows] for name in names})
