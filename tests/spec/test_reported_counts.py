"""Reported counts in the warehouse: a period is replaced whole, hidden and removed by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.contract import Contract
from schemas.odcs import contract as contract_named
from tests.counts import FEED, package, row
from tests.fixtures_warehouse import rows
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.load import Loaded, load
from warehouse.retention import retain
from warehouse.roles import Role, analyst

AGENCY = FEED.partition(".")[0]
SPRING = {"period_start": "2026-04-01", "period_end": "2026-06-30"}
FIRST = [row(60), row(40, age="adult"), row(20, age="minor"), row(44, **SPRING)]
#: The first quarter again, without the minors.
AGAIN = [row(63), row(41, age="adult")]

Load = Callable[..., Loaded]


@pytest.fixture
def loaded(warehouse: Warehouse, tmp_path: Path) -> Load:
    def run(rows: list[dict[str, Any]], **given: Any) -> Loaded:
        contract = given.get("of") or contract_named(FEED)
        return load(package(rows, **given), contract, warehouse, tmp_path / "workspace")

    return run


def counts(warehouse: Warehouse, role: str = Role.PUBLISHER) -> list[tuple[Any, ...]]:
    found = "SELECT period_start, age, count FROM core.reported_count ORDER BY 1, 2"
    return [(str(month)[:7], age, count) for month, age, count in rows(warehouse, found, role=role)]  # type: ignore[arg-type]


def test_counts_stand_with_their_filings_and_nobody_is_in_core(
    warehouse: Warehouse, loaded: Load
) -> None:
    done = loaded(FIRST)
    assert done.status == "accepted"
    assert counts(warehouse) == [
        *(("2026-01", "adult", 40), ("2026-01", "all", 60), ("2026-01", "minor", 20)),
        ("2026-04", "all", 44),
    ]
    filed = rows(warehouse, "SELECT reporting_month, status FROM core.filing ORDER BY 1")
    assert filed == [(date(2026, month, 1), "reported") for month in range(1, 7)]
    for table in ("event", "victim", "victim_event", "service"):
        assert rows(warehouse, f"SELECT * FROM core.{table}") == []
    assert rows(warehouse, "SELECT * FROM linkage.source_token", role=Role.OWNER) == []


def test_a_quarter_of_zeros_is_a_zero_report(warehouse: Warehouse, loaded: Load) -> None:
    loaded([row(0)])
    filed = rows(warehouse, "SELECT DISTINCT status FROM core.filing")
    assert filed == [("zero_report",)]


def test_a_later_report_of_a_period_replaces_it_whole(warehouse: Warehouse, loaded: Load) -> None:
    loaded(FIRST)
    done = loaded(AGAIN, name="counts-2", made="2026-05-01")
    assert counts(warehouse) == [
        *(("2026-01", "adult", 41), ("2026-01", "all", 63)),
        ("2026-04", "all", 44),
    ]
    change = done.changes["reported_count"]
    assert (change.inserted, change.replaced, change.deleted) == (0, 2, 1)


def test_an_earlier_report_that_comes_late_changes_nothing(
    warehouse: Warehouse, loaded: Load
) -> None:
    loaded(AGAIN, name="counts-2", made="2026-05-01")
    loaded(FIRST)
    assert counts(warehouse) == [
        *(("2026-01", "adult", 41), ("2026-01", "all", 63)),
        ("2026-04", "all", 44),
    ]
    notes = rows(warehouse, "SELECT code, table_name, count FROM ops.delivery_rule")
    assert notes == [("LOAD-OLDER", "reported_count", 3)]
    [(accepted, into)] = rows(
        warehouse, "SELECT accepted, loaded FROM ops.delivery_table WHERE delivery_id = 'counts-1'"
    )
    assert (accepted, into) == (4, 1)


def test_months_take_the_place_of_the_quarter_they_are_in(
    warehouse: Warehouse, loaded: Load
) -> None:
    """Or the same persons would stand there twice."""
    loaded(FIRST)
    monthly = contract_named(FEED)
    monthly = replace(
        monthly, mapping_sql=monthly.mapping_sql.replace("3 AS months", "1 AS months")
    )
    loaded([row(22)], name="counts-2", made="2026-05-01", of=monthly)
    assert counts(warehouse) == [("2026-01", "all", 22), ("2026-04", "all", 44)]


def test_the_same_delivery_twice_changes_nothing(warehouse: Warehouse, loaded: Load) -> None:
    loaded(FIRST)
    assert loaded(FIRST).status == "duplicate"


@pytest.mark.parametrize("wrong", [{"count": 10}, {"count": -11}, {"age": "Maria"}])
def test_the_database_takes_nothing_near_a_person_either(
    warehouse: Warehouse, loaded: Load, wrong: dict[str, Any]
) -> None:
    given = {**row(60), "months": 3, **wrong}
    names = [name for name in given if name not in ("period_end", "made_on")]
    with warehouse.connect(Role.LOADER) as loader, pytest.raises(psycopg.errors.CheckViolation):
        loader.execute(
            f"INSERT INTO core.reported_count (agency, feed, delivery_id, {', '.join(names)}) "
            f"VALUES ('a', 'f', 'd'{', %s' * len(names)})",
            [given[name] for name in names],
        )


def test_an_agency_sees_its_own_counts_and_no_others(warehouse: Warehouse, loaded: Load) -> None:
    loaded(FIRST)
    for agency, seen in ((AGENCY, 4), ("open_door", 0), ("harbor_police", 0)):
        with warehouse.connect(analyst(agency)) as connection:
            found = connection.execute("SELECT * FROM own.reported_count").fetchall()
            assert len(found) == seen
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM core.reported_count")


# --- for how long ---------------------------------------------------------------------------------


def ended(**terms: Any) -> Contract:
    contract = contract_named(FEED)
    return replace(contract, agreement=replace(contract.agreement, **terms))


def test_a_terminated_agreement_hides_the_counts_and_then_removes_them(
    warehouse: Warehouse, loaded: Load
) -> None:
    loaded(FIRST)
    yesterday = date.today() - timedelta(days=1)
    over = ended(terminated=yesterday, grace_days=30)
    record_all(warehouse, [over])
    assert counts(warehouse) == []
    with warehouse.connect(analyst(AGENCY)) as connection:
        assert connection.execute("SELECT * FROM own.reported_count").fetchall() == []
    assert len(counts(warehouse, Role.STEWARD)) == 4
    assert not retain(warehouse, [over], date.today()).ended
    over = ended(terminated=yesterday, grace_days=0)
    record_all(warehouse, [over])
    trial = retain(warehouse, [over], date.today(), trial=True)
    assert trial.ended == {FEED: {"event": 0, "victim": 0, "reported_count": 4}}
    assert len(counts(warehouse, Role.STEWARD)) == 4
    done = retain(warehouse, [over], date.today())
    assert done.ended[FEED]["reported_count"] == 4
    assert counts(warehouse, Role.STEWARD) == []
    assert rows(warehouse, "SELECT * FROM core.filing", role=Role.STEWARD) == []
    noted = rows(warehouse, "SELECT reason, removed FROM ops.erasure", role=Role.AUDITOR)
    assert [(reason, gone["reported_count"]) for reason, gone in noted] == [("agreement", 4)]


def test_what_is_kept_long_enough_goes_and_does_not_come_back(
    warehouse: Warehouse, loaded: Load
) -> None:
    contract = contract_named(FEED)
    kept = (date.today() - date(2026, 4, 1)).days
    short = replace(contract, retention=replace(contract.retention, core_days=kept))
    loaded(FIRST)
    done = retain(warehouse, [short], date.today())
    assert done.expired[FEED]["reported_count"] == 3
    assert counts(warehouse) == [("2026-04", "all", 44)]
    loaded(FIRST, name="counts-2", made="2026-08-01", of=short)
    assert counts(warehouse) == [("2026-04", "all", 44)]
    notes = rows(warehouse, "SELECT code, table_name, count FROM ops.delivery_rule")
    assert notes == [("LOAD-RETENTION", "reported_count", 3)]
