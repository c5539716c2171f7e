"""Models and migrations say the same; the database keeps parts with their units."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, select
from sqlalchemy.orm import Session

from anonymize.operators.text import LONGEST_TEXT
from anonymize.text.indicators import KINDS
from tests.fixtures_warehouse import Delivery, Loads
from warehouse.database import Warehouse
from warehouse.models import Base, Event, PerpetratorCount, Service, Victim
from warehouse.models.base import TEXT_LENGTH
from warehouse.roles import Role

pytestmark = pytest.mark.e2e


def test_the_migrations_create_exactly_the_models(warehouse: Warehouse) -> None:
    with warehouse.engine(Role.OWNER).connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "version_table_schema": "ops", "compare_type": True},
        )
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_their_checks_are_the_same_too(warehouse: Warehouse) -> None:
    """Alembic does not compare checks: names by table, and the words of closed vocabularies."""
    with warehouse.engine(Role.OWNER).connect() as connection:
        inspector = inspect(connection)
        for table in Base.metadata.sorted_tables:
            wanted = {
                str(one.name): words(str(one.sqltext))
                for one in table.constraints
                if isinstance(one, CheckConstraint)
            }
            found = {
                str(one["name"]): words(str(one["sqltext"]))
                for one in inspector.get_check_constraints(table.name, schema=table.schema)
            }
            assert found == wanted, table.name


def words(condition: str) -> set[str]:
    return set(re.findall(r"'([^']*)'|\b(\d+)\b", condition)) - {("day", ""), ("DAY", "")}


def test_kinds_of_indicators_are_those_that_are_extracted(warehouse: Warehouse) -> None:
    query = (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = 'core.event_indicator'::regclass AND conname = 'ck_event_indicator_kind'"
    )
    with warehouse.connect(Role.OWNER) as connection:
        [(condition,)] = connection.execute(query).fetchall()
    assert {word for word, _ in words(condition)} == set(KINDS)
    assert TEXT_LENGTH == LONGEST_TEXT


def test_ctdc_names_are_exact(warehouse: Warehouse) -> None:
    """The variable names of CTDC's Global Synthetic Dataset, 2024."""
    named = {
        "yearOfRegistration", "gender", "ageBroad", "citizenship", "traffickMonths",
        "meansDebtBondageEarnings", "meansThreats", "meansAbusePsyPhySex", "meansFalsePromises",
        "meansDrugsAlcohol", "meansDenyBasicNeeds", "meansExcessiveWorkHours",
        "meansWithholdDocs", "isForcedLabour", "isSexualExploit", "isOtherExploit",
        "typeOfLabourAgriculture", "typeOfLabourConstruction", "typeOfLabourDomesticWork",
        "typeOfLabourHospitality", "typeOfSexProstitution", "typeOfSexPornography",
        "recruiterRelationIntimatePartner", "recruiterRelationFriend", "recruiterRelationFamily",
        "recruiterRelationOther",
    }  # fmt: skip
    query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    with warehouse.connect(Role.OWNER) as connection:
        victim = {row[0] for row in connection.execute(query, ["core.victim"])}
        event = {row[0] for row in connection.execute(query, ["core.event"])}
    assert named <= victim
    assert "CountryOfExploitation" in event


def test_models_read_what_was_loaded(loads: Loads) -> None:
    loads(
        Delivery(
            clients={1: "Woman"}, enrolments={10: (1, "2026-03-01")}, services=[(10, 1, "legal")]
        )
    )
    with Session(loads.warehouse.engine(Role.STEWARD)) as session:
        victim = session.scalars(select(Victim)).one()
        event = session.scalars(select(Event)).one()
        service = session.scalars(select(Service)).one()
        assert session.scalars(select(PerpetratorCount)).all() == []
    assert (victim.gender, victim.is_forced_labour, victim.stale) == ("Woman", None, False)
    assert (event.event_type, str(event.event_month)) == ("enrollment", "2026-03-01")
    assert (service.event_key, service.victim_key) == (event.event_key, victim.victim_key)


# --- parts and their units ------------------------------------------------------------------------

PARTS: dict[str, str] = {
    "victim_event": "role",
    "offense": "offense_code",
    "event_indicator": "kind, code, rule, confidence",
    "event_text": "kind, number, redacted",
    "perpetrator_count": "role, count",
    "service": "service_code, direction",
}
VALUES = {
    "victim_event": "'client'",
    "offense": "'64A'",
    "event_indicator": "'means', 'meansThreats', 'T1', 0.9",
    "event_text": "'narrative', 1, '<PERSON_1> left.'",
    "perpetrator_count": "'offender', 1",
    "service": "'legal', 'provided'",
}


def insert(table: str, event: Any, victim: Any) -> str:
    keys = ["event_key", "victim_key"] if table in ("victim_event", "service") else ["event_key"]
    given = [event, victim][: len(keys)]
    values = ", ".join("NULL" if one is None else f"'{one}'" for one in given)
    return (
        f"INSERT INTO core.{table} ({', '.join(keys)}, agency, feed, delivery_id, {PARTS[table]}) "
        f"VALUES ({values}, 'a', 'f', 'd', {VALUES[table]})"
    )


@pytest.fixture
def loaded(loads: Loads) -> tuple[Loads, Any, Any]:
    loads(Delivery(clients={1: "Woman"}, enrolments={10: (1, "2026-03-01")}))
    with loads.warehouse.connect(Role.LOADER) as connection:
        event = connection.execute("SELECT event_key FROM core.event").fetchone()
        victim = connection.execute("SELECT victim_key FROM core.victim").fetchone()
        connection.execute("DELETE FROM core.victim_event")
    assert event and victim
    return loads, event[0], victim[0]


@pytest.mark.parametrize("table", PARTS)
def test_no_part_stands_without_its_units(loaded: tuple[Loads, Any, Any], table: str) -> None:
    loads, event, victim = loaded
    nobody = "00000000-0000-4000-8000-000000000000"
    with loads.warehouse.connect(Role.LOADER) as connection:
        connection.execute(insert(table, event, victim))
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(insert(table, nobody, victim))
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(f"UPDATE core.{table} SET event_key = '{nobody}'")
        if table in ("victim_event", "service"):
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                connection.execute(insert(table, event, nobody))
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                connection.execute(f"UPDATE core.{table} SET victim_key = '{nobody}'")


@pytest.mark.parametrize("unit", ["event", "victim"])
def test_parts_go_with_their_unit(loaded: tuple[Loads, Any, Any], unit: str) -> None:
    loads, event, victim = loaded
    left = {
        "event": set(),
        "victim": {"offense", "event_indicator", "event_text", "perpetrator_count", "service"},
    }[unit]
    with loads.warehouse.connect(Role.LOADER) as connection:
        for table in PARTS:
            connection.execute(insert(table, event, victim))
        connection.execute(insert("service", event, None))
        connection.execute(f"DELETE FROM core.{unit}")
        for table in PARTS:
            found = connection.execute(f"SELECT count(*) FROM core.{table}").fetchone()
            assert found == (1 if table in left else 0,), table
