"""What a delivery does to the rows of earlier ones (DESIGN.md rule 8)."""

from __future__ import annotations

from tests.fixtures_warehouse import Delivery, Loads, dump

FIRST = Delivery(
    clients={1: "Woman", 2: "Man"},
    enrolments={10: (1, "2026-03-01"), 11: (1, "2026-04-01"), 12: (2, "2026-04-01")},
    services=[(10, 1, "legal"), (12, 2, "housing")],
)


def test_first(loads: Loads) -> None:
    loaded = loads(FIRST)
    assert loaded.status == "accepted"
    assert loads.events() == {n: ("delivery-1", False) for n in (10, 11, 12)}
    assert loads.links() == {(1, 10), (1, 11), (2, 12)}
    assert loads.services() == [(10, "legal"), (12, "housing")]


def test_duplicate(loads: Loads) -> None:
    loads(FIRST)
    before = dump(loads.warehouse)
    assert loads(FIRST).status == "duplicate"
    assert dump(loads.warehouse) == before
