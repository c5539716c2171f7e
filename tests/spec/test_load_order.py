"""Deliveries that arrive late: an older export never overwrites a newer one."""

from __future__ import annotations

from dataclasses import replace

from tests.fixtures_warehouse import Delivery, Loads, rows

OLD = Delivery(
    clients={1: "Man", 2: "Man"},
    enrolments={10: (1, "2026-03-01"), 20: (2, "2026-03-01")},
    services=[(10, 1, "old"), (20, 2, "old")],
    name="old",
    as_of="2026-04-01",
)
NEW = Delivery(
    clients={1: "Woman"},
    enrolments={10: (1, "2026-05-01")},
    services=[(10, 1, "new")],
    name="new",
    as_of="2026-06-01",
)


def genders(loads: Loads) -> list[tuple[object, ...]]:
    return rows(loads.warehouse, "SELECT gender, delivery_id FROM core.victim ORDER BY 1")


def test_in_order_the_newer_replaces(loads: Loads) -> None:
    loads(OLD)
    loads(NEW)
    assert genders(loads) == [("Man", "old"), ("Woman", "new")]
    assert loads.services() == [(10, "new"), (20, "old")]


def test_late_the_older_adds_only_what_is_missing(loads: Loads) -> None:
    loads(NEW)
    loads(OLD)
    assert genders(loads) == [("Man", "old"), ("Woman", "new")]
    assert loads.services() == [(10, "new"), (20, "old")]
    assert loads.notes("old") == {"LOAD-OLDER": 2}
    counts = rows(
        loads.warehouse,
        "SELECT table_name, accepted, loaded FROM ops.delivery_table WHERE delivery_id = 'old'",
    )
    assert sorted(counts) == [("Client", 2, 1), ("Enrollment", 2, 1), ("Services", 2, 2)]


def test_without_dates_the_later_arrival_replaces(loads: Loads) -> None:
    loads(replace(NEW, as_of=None))
    loads(replace(OLD, as_of=None))
    assert {delivery for _, delivery in genders(loads)} == {"old"}


def test_an_older_deletion_spares_the_newer_version(loads: Loads) -> None:
    loads(NEW)
    loads(Delivery(deleted_enrolments=[10], name="late", as_of="2026-04-01"))
    assert loads.events() == {10: ("new", False)}


def test_what_a_newer_export_deleted_is_not_brought_back(loads: Loads) -> None:
    loads(OLD)
    loads(Delivery(deleted_enrolments=[20], deleted_clients=[2], name="d", as_of="2026-06-01"))
    loads(replace(OLD, name="older still", as_of="2026-03-15"))
    assert 20 not in loads.events() and 2 not in loads.victims()
    assert loads.services() == [(10, "old")]


def test_what_was_deleted_comes_back_with_an_export_newer_than_the_deletion(loads: Loads) -> None:
    loads(OLD)
    loads(Delivery(deleted_enrolments=[20], deleted_clients=[2], name="d", as_of="2026-06-01"))
    loads(replace(OLD, name="newest", as_of="2026-07-01"))
    assert 20 in loads.events() and 2 in loads.victims()


def test_an_older_quarantine_does_not_make_the_newer_version_stale(loads: Loads) -> None:
    loads(NEW)
    loads(Delivery(quarantined_enrolments=[10], name="late", as_of="2026-04-01"))
    assert loads.events() == {10: ("new", False)}


def test_a_full_refresh_older_than_one_of_the_same_period_is_refused(loads: Loads) -> None:
    loads(replace(NEW, full_refresh=True))
    loaded = loads(replace(OLD, full_refresh=True))
    assert loaded.status == "refused"
    assert loads.notes("old") == {"LOAD-SUPERSEDED": 1}
    assert 20 not in loads.events()


def test_an_older_full_refresh_of_a_longer_period_deletes_nothing_newer(loads: Loads) -> None:
    loads(replace(NEW, full_refresh=True))
    wider = Delivery(clients={3: None}, enrolments={30: (3, "2025-05-01")}, name="wide")
    loaded = loads(replace(wider, full_refresh=True, start="2025-01-01", as_of="2026-04-01"))
    assert loaded.status == "accepted"
    assert loads.events() == {10: ("new", False), 30: ("wide", False)}
