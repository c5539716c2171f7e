"""A warehouse for tests: one embedded server a session, emptied for every test.

``pytest_plugins = ["tests.fixtures_warehouse"]`` in ``tests/conftest.py`` makes them available.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from anonymize.encoding.columns import Epoch
from anonymize.manifest import Manifest
from anonymize.outputs import output_schema, withheld_schema
from schemas.contract import Contract, Table
from tests.contracts import contract as small_contract
from tests.contracts import field as one_field
from tributary import places, steps
from tributary.settings import Settings, settings
from warehouse.bootstrap import prepare
from warehouse.database import Warehouse
from warehouse.load import Loaded, load
from warehouse.models import Base
from warehouse.roles import Role
from warehouse.server import EmbeddedServer

# --- the server -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server(home_of_servers: Path) -> Iterator[EmbeddedServer]:
    """A running embedded server with all migrations."""
    made = EmbeddedServer(home_of_servers / "pg", home_of_servers / "secrets")
    with stopping(made):
        prepare(made.start())
        yield made


@pytest.fixture(scope="session")
def home_of_servers() -> Iterator[Path]:
    """A directory another system user may pass through.

    pytest's own is not: each of its runs closes it to other users again, under a running server.
    """
    with tempfile.TemporaryDirectory(prefix="tributary-test-") as home:
        yield Path(home)


@contextmanager
def stopping(server: EmbeddedServer) -> Iterator[None]:
    """Stop ``server`` at the end, even if the tests are killed."""
    guard = stopped_with_us(server)
    try:
        yield
    finally:
        server.stop()
        guard.kill()
        guard.wait()


def stopped_with_us(server: EmbeddedServer) -> subprocess.Popen[bytes]:
    """A guard that stops ``server`` when this process is gone: its standard input then ends."""
    stop = f"cat >/dev/null; kill -INT $(head -1 {server.data}/postmaster.pid)"
    return subprocess.Popen(
        ["sh", "-c", stop],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture
def warehouse(server: EmbeddedServer) -> Warehouse:
    """The warehouse, empty."""
    return emptied(server)


def emptied(server: EmbeddedServer) -> Warehouse:
    """The warehouse without a row in any table."""
    found = server.warehouse()
    tables = ", ".join(f'{t.schema}."{t.name}"' for t in Base.metadata.sorted_tables)
    with found.connect(Role.OWNER) as connection:
        connection.execute(f"TRUNCATE {tables}")
    return found


# --- an installation ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation of its own: secrets, zones, and its embedded server running."""
    found = settings({"TRIBUTARY_HOME": str(tmp_path_factory.mktemp("home"))})
    steps.prepare(found)
    guard = stopped_with_us(places.embedded_server(found))
    yield found
    places.embedded_server(found).stop()
    guard.kill()
    guard.wait()


def rows(warehouse: Warehouse, query: str, *, role: Role = Role.LOADER) -> list[tuple[Any, ...]]:
    with warehouse.connect(role) as connection:
        return connection.execute(query).fetchall()


def dump(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of ``core`` and ``ops``, sorted: equal dumps mean that nothing changed."""
    found = {}
    with warehouse.connect(Role.STEWARD) as connection:
        for table in Base.metadata.sorted_tables:
            if table.schema in ("core", "ops"):
                query = f'SELECT t::text FROM {table.schema}."{table.name}" t ORDER BY 1'
                found[table.name] = connection.execute(query).fetchall()
    return found


# --- packages without a node ----------------------------------------------------------------------


def token(unit: str, number: int) -> str:
    """A token as the privacy step makes them: 32 lower-case hex digits."""
    return hashlib.blake2b(f"{unit} {number}".encode(), digest_size=16).hexdigest()


@dataclass
class StubPackage:
    """Stands in for a verified package: tables as Arrow, withheld tokens, a manifest."""

    manifest: Manifest
    tables: Mapping[str, pa.Table]
    held_back: Mapping[str, pa.Table] = field(default_factory=dict)
    linkage: Sequence[tuple[Epoch, pa.RecordBatch]] = ()

    def encodings(self) -> Iterable[tuple[Epoch, pa.RecordBatch]]:
        return self.linkage

    def read(self, name: str) -> Iterable[pa.RecordBatch]:
        return self.tables[name].to_batches(65_536) if name in self.tables else []

    def withheld(self, name: str) -> Iterable[pa.RecordBatch]:
        return self.held_back[name].to_batches() if name in self.held_back else []


MAPPING = """
CREATE VIEW core.event AS
SELECT enrollment_token AS event_token, 'enrollment' AS event_type, EntryDate AS event_month,
       ReferralSource AS referral_source
FROM source."Enrollment" WHERE NOT coalesce(DateDeleted, false);

CREATE VIEW core.victim AS
SELECT client_token AS victim_token, 'client' AS victim_role, Gender AS gender
FROM source."Client" WHERE NOT coalesce(DateDeleted, false);

CREATE VIEW core.victim_event AS
SELECT client_token AS victim_token, enrollment_token AS event_token, 'client' AS role
FROM source."Enrollment" WHERE NOT coalesce(DateDeleted, false);

CREATE VIEW core.service AS
SELECT enrollment_token AS event_token, client_token AS victim_token,
       TypeProvided AS service_code, DateProvided AS service_month, 'provided' AS direction
FROM source."Services";

CREATE VIEW core.deleted AS
SELECT 'event' AS unit, enrollment_token AS token FROM source."Enrollment" WHERE DateDeleted
UNION ALL
SELECT 'victim', client_token FROM source."Client" WHERE DateDeleted;
"""

TABLES = (
    Table(
        "Client",
        (
            one_field("PersonalID", "pseudonym", domain="client", output="client_token",
                      primary_key=True),
            one_field("Gender"),
            one_field("DateDeleted", "presence"),
        ),
        loads="victim",
    ),
    Table(
        "Enrollment",
        (
            one_field("EnrollmentID", "pseudonym", domain="enrollment", output="enrollment_token",
                      primary_key=True),
            one_field("PersonalID", "pseudonym", domain="client", output="client_token"),
            one_field("EntryDate", "period", to="month"),
            one_field("ReferralSource"),
            one_field("DateDeleted", "presence"),
        ),
        loads="event",
    ),
    Table(
        "Services",
        (
            one_field("EnrollmentID", "pseudonym", domain="enrollment", output="enrollment_token"),
            one_field("PersonalID", "pseudonym", domain="client", output="client_token"),
            one_field("TypeProvided"),
            one_field("DateProvided", "period", to="month"),
        ),
    ),
)  # fmt: skip


def feed_contract(**given: Any) -> Contract:
    """Clients, their enrolments, and services of these."""
    return small_contract(*TABLES, **{"mapping_sql": MAPPING, **given})


@dataclass
class Delivery:
    """A delivery in the terms of the tests; ``package`` turns it into what the loader takes.

    ``clients`` maps a client's number to a gender, ``enrolments`` an enrolment's number to its
    client and month, ``services`` lists enrolment, client and code. Numbers in ``deleted_*`` come
    with DateDeleted, those in ``quarantined_*`` did not pass the checks.
    """

    clients: Mapping[int, str | None] = field(default_factory=dict)
    enrolments: Mapping[int, tuple[int, str | None]] = field(default_factory=dict)
    services: Sequence[tuple[int, int, str]] = ()
    deleted_clients: Sequence[int] = ()
    deleted_enrolments: Sequence[int] = ()
    quarantined_clients: Sequence[int] = ()
    quarantined_enrolments: Sequence[int] = ()
    #: quarantined enrolment rows of which not even the key could be read
    unread_enrolments: int = 0
    name: str = "delivery-1"
    plaintext: str | None = None
    status: str = "accepted"
    full_refresh: bool = False
    changes_only: bool = False
    trusted: bool = True
    start: str | None = "2026-01-01"
    end: str | None = "2026-12-31"
    as_of: str | None = None
    rules: Sequence[Mapping[str, Any]] = ()
    #: as ``tests.linked_people.encodings`` makes them
    linkage: Sequence[tuple[Epoch, pa.RecordBatch]] = ()

    def package(self, contract: Contract) -> StubPackage:
        deliver_clients = [*self.clients, *self.deleted_clients]
        deliver_enrolments = [*self.enrolments, *self.deleted_enrolments]
        columns: dict[str, list[list[Any]]] = {
            "Client": [
                [token("client", one) for one in deliver_clients],
                [self.clients.get(one) for one in deliver_clients],
                [one in self.deleted_clients for one in deliver_clients],
            ],
            "Enrollment": [
                [token("enrollment", one) for one in deliver_enrolments],
                [token("client", self._client_of(one)) for one in deliver_enrolments],
                [self._month_of(one) for one in deliver_enrolments],
                [None for _ in deliver_enrolments],
                [one in self.deleted_enrolments for one in deliver_enrolments],
            ],
            "Services": [
                [token("enrollment", one[0]) for one in self.services],
                [token("client", one[1]) for one in self.services],
                [one[2] for one in self.services],
                [None for _ in self.services],
            ],
        }
        quarantined = {
            "Client": len(self.quarantined_clients),
            "Enrollment": len(self.quarantined_enrolments) + self.unread_enrolments,
        }
        tables = {
            table.name: pa.table(columns[table.name], schema=output_schema(table))
            for table in contract.tables
        }
        return StubPackage(
            manifest(contract, self, tables, quarantined),
            tables,
            {
                "Client": _tokens(contract, "Client", "client", self.quarantined_clients),
                "Enrollment": _tokens(
                    contract, "Enrollment", "enrollment", self.quarantined_enrolments
                ),
            },
            self.linkage,
        )

    def _client_of(self, enrolment: int) -> int:
        return self.enrolments[enrolment][0] if enrolment in self.enrolments else 0

    def _month_of(self, enrolment: int) -> date | None:
        month = self.enrolments[enrolment][1] if enrolment in self.enrolments else None
        return date.fromisoformat(month) if month else None


def _tokens(contract: Contract, table: str, unit: str, numbers: Sequence[int]) -> pa.Table:
    schema = withheld_schema(contract.table(table))
    return pa.table([[token(unit, one) for one in numbers]], schema=schema)


def manifest(
    contract: Contract,
    delivery: Delivery,
    tables: Mapping[str, pa.Table],
    quarantined: Mapping[str, int],
) -> Manifest:
    counts = {}
    for name, table in tables.items():
        set_aside = quarantined.get(name, 0)
        counts[name] = {
            "rows_in": table.num_rows + set_aside,
            "accepted": table.num_rows,
            "quarantined": set_aside,
            "refused": 0,
            "loaded": 0,
        }
    return Manifest(
        delivery_id=delivery.name,
        node="test-node",
        agency=contract.agency,
        contract=contract.name,
        contract_version=contract.version,
        contract_digest=contract.digest,
        codes_digest="c" * 64,
        key_epoch=contract.key_epoch,
        code_version="test",
        plaintext_sha256=delivery.plaintext or delivery.name,
        status=delivery.status,  # type: ignore[arg-type]
        scope={
            "full_refresh": delivery.full_refresh,
            "changes_only": delivery.changes_only,
            "trusted": delivery.trusted,
            "start": delivery.start,
            "end": delivery.end,
            "as_of": delivery.as_of,
        },
        report={"tables": counts, "rules": list(delivery.rules), "facts": {"rows": 1}},
        created="2026-07-01T00:00:00+00:00",
    )


@dataclass
class Loads:
    """Loads deliveries into the test's warehouse."""

    warehouse: Warehouse
    workspace: Path
    contract: Contract

    def __call__(self, delivery: Delivery, contract: Contract | None = None) -> Loaded:
        chosen = contract or self.contract
        package: Any = delivery.package(chosen)
        return load(package, chosen, self.warehouse, self.workspace)

    def events(self) -> dict[int, tuple[Any, ...]]:
        """(delivery, stale) per enrolment in ``core.event``, by the number its token stands for."""
        return self._units("event", "enrollment")

    def victims(self) -> dict[int, tuple[Any, ...]]:
        return self._units("victim", "client")

    def links(self) -> set[tuple[int, int]]:
        """(client, enrolment) pairs of ``core.victim_event``."""
        clients = self._numbers("victim", "client")
        enrolments = self._numbers("event", "enrollment")
        found = rows(self.warehouse, "SELECT victim_key, event_key FROM core.victim_event")
        return {(clients[victim], enrolments[event]) for victim, event in found}

    def services(self) -> list[tuple[int, str]]:
        enrolments = self._numbers("event", "enrollment")
        found = rows(self.warehouse, "SELECT event_key, service_code FROM core.service")
        return sorted((enrolments[event], code) for event, code in found)

    def notes(self, delivery: str) -> dict[str, int]:
        """Counts of the rules the ledger holds for a delivery, by code."""
        return dict(
            rows(
                self.warehouse,
                "SELECT code, sum(count)::int FROM ops.delivery_rule "
                f"WHERE delivery_id = '{delivery}' GROUP BY code",
            )
        )

    def _units(self, unit: str, domain: str) -> dict[int, tuple[Any, ...]]:
        numbers = self._numbers(unit, domain)
        found = rows(self.warehouse, f"SELECT {unit}_key, delivery_id, stale FROM core.{unit}")
        return {numbers[key]: tuple(rest) for key, *rest in found}

    def _numbers(self, unit: str, domain: str) -> dict[Any, int]:
        known = {token(domain, number): number for number in range(1000)}
        query = "SELECT record_key, encode(token, 'hex') FROM linkage.source_token"
        found = rows(self.warehouse, f"{query} WHERE unit = '{unit}'", role=Role.OWNER)
        return {key: known[value] for key, value in found}


@pytest.fixture
def loads(warehouse: Warehouse, tmp_path: Path) -> Loads:
    return Loads(warehouse, tmp_path / "workspace", feed_contract())


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def no_orphans(warehouse: Warehouse) -> None:
    """Every part has its event and victim, every row its delivery and agency."""
    parts = (
        *("victim_event", "offense", "event_indicator", "event_text"),
        *("perpetrator_count", "service"),
    )
    for part in parts:
        lost = f"SELECT count(*) FROM core.{part} LEFT JOIN core.event e USING (event_key)"
        assert rows(warehouse, f"{lost} WHERE e.event_key IS NULL") == [(0,)], part
    for part in ("victim_event", "service"):
        lost = f"SELECT count(*) FROM core.{part} p LEFT JOIN core.victim v USING (victim_key)"
        missing = "WHERE v.victim_key IS NULL AND p.victim_key IS NOT NULL"
        assert rows(warehouse, f"{lost} {missing}") == [(0,)], part
    for table in ("event", "victim", *parts):
        lost = f"SELECT count(*) FROM core.{table} LEFT JOIN ops.delivery d USING (delivery_id)"
        assert rows(warehouse, f"{lost} WHERE d.delivery_id IS NULL") == [(0,)], table
        lost = f"SELECT count(*) FROM core.{table} LEFT JOIN core.reporting_entity e USING (agency)"
        assert rows(warehouse, f"{lost} WHERE e.agency IS NULL") == [(0,)], table
