"""Counts that agencies made themselves, published: of two agencies or more, and never as zero what
one of them held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.contract import Contract
from schemas.odcs import contract as contract_named
from tests.counts import Row, package, row
from tests.fixtures_warehouse import rows
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.load import load
from warehouse.publish.publish import publish
from warehouse.roles import Role, analyst

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 7, 1, tzinfo=UTC)
HOUSE, DOOR = "haven_house", "open_door"

Cells = Mapping[tuple[str, ...], tuple[int | None, str]]


def terms(*agencies: str) -> dict[str, Contract]:
    """The shipped contract of counts, in the name of each agency."""
    shipped = contract_named(f"{HOUSE}.counts")
    return {f"{one}.counts": replace(shipped, name=f"{one}.counts", agency=one) for one in agencies}


@pytest.fixture
def published(warehouse: Warehouse, tmp_path: Path) -> Any:
    def run(given: Mapping[str, Sequence[Row]], name: str = "1", **more: Any) -> Cells:
        contracts = terms(*given)
        for agency, counts in given.items():
            of = contracts[f"{agency}.counts"]
            sealed = package(counts, f"{agency}-{name}", of=of)
            load(sealed, of, warehouse, tmp_path / "workspace")
        done = publish(warehouse, contracts, NOW, **more)
        assert done.status == "published"
        return cells(warehouse)

    return run


def cells(warehouse: Warehouse) -> Cells:
    found = rows(
        warehouse,
        "SELECT period, measure, breakdown, value, count, status, basis FROM mart.reported_count",
        role=Role.PARTNER,
    )
    assert {one[-1] for one in found} <= {"agency counts"}
    return {one[:4]: one[4:6] for one in found}


def of(found: Cells, breakdown: str, period: str = "2026-Q1") -> dict[str, tuple[int | None, str]]:
    return {
        key[3]: shown for key, shown in found.items() if key[0] == period and key[2] == breakdown
    }


BOTH = {
    HOUSE: [row(80), row(50, gender="Woman"), row(30, gender="Man"), row(33, service="legal")],
    DOOR: [row(60), row(40, gender="Woman"), row(20, gender="Man"), row(21, service="legal")],
}


def test_what_several_agencies_counted_adds_up_for_every_member(
    warehouse: Warehouse, published: Any
) -> None:
    found = published(BOTH)
    assert of(found, "total") == {"all": (140, "published")}
    assert of(found, "gender") == {"Woman": (90, "published"), "Man": (50, "published")}
    assert of(found, "service") == {"legal": (54, "published")}
    for role in (analyst(HOUSE), analyst("harbor_police")):
        assert len(rows(warehouse, "SELECT * FROM mart.reported_count", role=role)) == len(found)  # type: ignore[arg-type]


def test_what_one_agency_counted_is_its_own_figure(published: Any) -> None:
    found = published({HOUSE: BOTH[HOUSE], DOOR: [row(0)]})
    assert found
    assert {count for count, _ in found.values()} == {None}


def test_what_an_agency_holds_back_is_neither_zero_nor_left_out_of_the_sum(published: Any) -> None:
    """The other agency's 30 men are not told as if they were all; both are unknown."""
    both = {**BOTH, DOOR: [row(60), row(40, gender="Woman"), row(0, gender="unknown")]}
    found = of(published(both), "gender")
    assert found == {"Woman": (90, "published"), "unknown": (50, "published")}


def test_agencies_that_do_not_break_their_counts_down_are_unknown(published: Any) -> None:
    more = {**BOTH, "safe_passage": [row(25)], "county_coc": [row(18)]}
    assert of(published(more), "gender") == {
        "Woman": (90, "published"),
        "Man": (50, "published"),
        "unknown": (43, "published"),
    }


def test_counts_of_two_dimensions_are_not_published(published: Any) -> None:
    more = {agency: [*one, row(22, gender="Woman", age="adult")] for agency, one in BOTH.items()}
    assert of(published(more), "age") == {"unknown": (140, "published")}


def test_counts_are_no_part_of_what_is_made_of_records(
    warehouse: Warehouse, published: Any
) -> None:
    published(BOTH)
    for product in ("grantee_count", "trend", "multi_system_contact", "service_gap"):
        assert rows(warehouse, f"SELECT * FROM mart.{product}", role=Role.PARTNER) == []
    [(agencies, deliveries)] = rows(
        warehouse, "SELECT agencies, deliveries FROM mart.release", role=Role.PARTNER
    )
    assert (agencies, deliveries) == ([HOUSE, DOOR], 2)
    coverage = rows(
        warehouse, "SELECT DISTINCT agency, status FROM mart.coverage", role=Role.PARTNER
    )
    assert sorted(coverage) == [(HOUSE, "reported"), (DOOR, "reported")]


def test_a_small_change_of_a_count_is_not_told(published: Any) -> None:
    """Three clients entered late are three persons, to whoever kept the last release."""
    published(BOTH)
    late = {HOUSE: [row(83), *BOTH[HOUSE][1:]], DOOR: BOTH[DOOR]}
    total = of(published(late, "2"), "total")["all"][0]
    assert total in (None, 140)


def test_a_terminated_agreement_takes_the_counts_out(warehouse: Warehouse, published: Any) -> None:
    third = {**BOTH, "safe_passage": BOTH[HOUSE]}
    published(third)
    ended = terms("safe_passage")["safe_passage.counts"]
    over = replace(ended, agreement=replace(ended.agreement, terminated=NOW.date()))
    record_all(warehouse, [over])
    done = publish(warehouse, terms(HOUSE, DOOR), NOW, allow_loss=True)
    assert done.cubes["reported"]["units"] == 140


def test_a_withdrawal_takes_the_product_back(warehouse: Warehouse, published: Any) -> None:
    published(BOTH)
    with warehouse.connect(Role.PUBLISHER) as connection:
        connection.execute("SELECT mart.withdraw(%s)", [DOOR])
    assert cells(warehouse) == {}
