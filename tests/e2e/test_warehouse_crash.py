"""A load that is killed, or runs twice at once, leaves one whole state."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.errors import PermanentError, SettingsError, TransientError
from tests.fixtures_warehouse import Delivery, Loads, dump
from warehouse import ledger, load, merge
from warehouse.credentials import Credentials
from warehouse.database import Warehouse, translated
from warehouse.roles import Role

pytestmark = pytest.mark.e2e

FIRST = Delivery(
    clients={1: "Woman", 2: "Man"},
    enrolments={10: (1, "2026-03-01"), 12: (2, "2026-04-01")},
    services=[(10, 1, "legal")],
)
SECOND = replace(
    FIRST, clients={1: "Man", 3: None}, enrolments={10: (1, "2026-05-01")}, name="delivery-2"
)
SPAWN = multiprocessing.get_context("fork")


def die_in(loads: Loads, delivery: Delivery, place: Any, name: str) -> None:
    """In a child: load, and be killed right after ``place.name`` returned."""
    step = getattr(place, name)

    def then_die(*arguments: Any, **given: Any) -> Any:
        step(*arguments, **given)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, then_die)
    loads(delivery)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (load, "stage"),
        (load, "stage_withheld"),
        (load, "assign_keys"),
        (merge.Merge, "_clear_parts"),
        (merge.Merge, "_delete_gone"),
        (merge.Merge, "_replace"),
        (merge.Merge, "_insert_part"),
        (merge.Merge, "_delete_lone"),
        (merge.Merge, "run"),
        (ledger, "record"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_killed_at_any_point_the_old_state_stands(loads: Loads, place: Any, name: str) -> None:
    loads(FIRST)
    before = dump(loads.warehouse)
    child = SPAWN.Process(target=die_in, args=(loads, SECOND, place, name))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert dump(loads.warehouse) == before
    assert loads(SECOND).status == "accepted"
    assert loads.links() == {(1, 10), (2, 12)}
    assert [path for path in loads.workspace.rglob("*") if path.is_file()] == []


def load_into(loads: Loads, delivery: Delivery, results: Any) -> None:
    results.put(loads(delivery).status)


def test_the_same_delivery_twice_at_once(loads: Loads, tmp_path: Path) -> None:
    results = SPAWN.Queue()
    children = [
        SPAWN.Process(
            target=load_into, args=(replace(loads, workspace=tmp_path / str(n)), FIRST, results)
        )
        for n in range(4)
    ]
    for child in children:
        child.start()
    statuses = sorted(results.get(timeout=60) for _ in children)
    for child in children:
        child.join()
    assert statuses == ["accepted", "duplicate", "duplicate", "duplicate"]
    assert loads.links() == {(1, 10), (2, 12)}


# --- errors ---------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_a_passing_fault(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    credentials.ensure(list(Role))
    away = Warehouse({"host": str(tmp_path)}, credentials)
    with pytest.raises(TransientError, match="no connection"):
        away.connect(Role.LOADER)


def test_a_wrong_password_is_not(warehouse: Warehouse, tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    credentials.ensure(list(Role))
    with pytest.raises(SettingsError, match="does not accept") as caught:
        Warehouse(warehouse.place, credentials).connect(Role.LOADER)
    assert credentials.password(Role.LOADER) not in str(caught.value)


def test_a_missing_password_says_where_it_belongs(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="tributary_loader"):
        Warehouse(warehouse.place, Credentials(tmp_path)).connect(Role.LOADER)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT 'Zebedee'::date", PermanentError),
        ("SELECT 1 / 0", PermanentError),
        ("SELECT pg_terminate_backend(pg_backend_pid())", TransientError),
        ("SET statement_timeout = 1; SELECT pg_sleep(1)", TransientError),
    ],
)
def test_errors_by_kind_and_without_values(
    warehouse: Warehouse, query: str, error: type[Exception]
) -> None:
    connection = psycopg.connect(warehouse.conninfo(Role.LOADER))
    with pytest.raises(error) as caught, translated("testing"):
        connection.execute(query)
    connection.close()
    assert "Zebedee" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_waiting_too_long_for_another_load_is_a_passing_fault(
    loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "_LOCK_TIMEOUT", "100ms")
    with loads.warehouse.connect(Role.LOADER) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('tributary test_agency', 0))")
        with pytest.raises(TransientError, match="55P03"):
            loads(FIRST)


def test_no_password_in_what_is_shown(warehouse: Warehouse) -> None:
    password = warehouse.credentials.password(Role.LOADER)
    shown = f"{warehouse!r} {warehouse.url(Role.LOADER)} {warehouse.engine(Role.LOADER)!r}"
    assert password not in shown
    assert password in warehouse.url(Role.LOADER).render_as_string(hide_password=False)
