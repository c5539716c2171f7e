"""Planted patterns: told in the truth, found in what is released, and nothing else is changed."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import h3.api.basic_str as h3
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.counties import county
from tests.patterns import cell_counts, month_counts, police_cases
from tests.unit.test_county import digests
from tributary.county import generate
from tributary.county.contacts import Period
from tributary.county.planted import HOTSPOT, HOTSPOT_KM, planted_table
from warehouse.patterns.areas import hex_neighbours
from warehouse.patterns.hotspots import Basis, Hotspot, hotspots
from warehouse.patterns.trends import Trend, trends

MONTHS = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(18)]
#: People of a county whose police have enough cases for a map.
ENOUGH = 12_000


@pytest.fixture(scope="module")
def cases() -> pa.Table:
    return police_cases(county(ENOUGH, 7, planted=True).made)


@pytest.fixture(scope="module")
def without() -> pa.Table:
    return police_cases(county(3_000, 7).made)


def test_planted_is_off_unless_asked_for(tmp_path: Path) -> None:
    generate(400, 5, tmp_path / "a")
    generate(400, 5, tmp_path / "b", planted=True)
    generate(400, 5, tmp_path / "c", planted=True)
    one, other = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert other == digests(tmp_path / "c")
    assert other.keys() - one.keys() == {"truth/planted.parquet"}
    same = {name for name in one if one[name] == other[name]}
    assert {"truth/people.parquet", "truth/facts.parquet"} <= same
    assert any(name.startswith("deliveries/county_coc.hmis") for name in same)


def test_truth_says_what_was_planted_where_and_when() -> None:
    rows = pq.read_table(county(3_000, 7, planted=True).made.truth / "planted.parquet").to_pylist()
    assert rows == planted_table(Period(date(2025, 1, 1), 18)).to_pylist()
    assert Counter(row["kind"] for row in rows) == {"trend": 3, "hotspot": 1}
    (hotspot,) = (row for row in rows if row["kind"] == "hotspot")
    assert (hotspot["latitude"], hotspot["longitude"]) == HOTSPOT
    assert (hotspot["first_month"], hotspot["last_month"]) == (date(2025, 7, 1), date(2026, 6, 1))
    assert all(row["factor"] > 3 for row in rows)


@pytest.mark.parametrize("months", [1, 2, 3, 23])
def test_any_period_can_be_planted(months: int, tmp_path: Path) -> None:
    made = generate(200, 3, tmp_path, months=months, planted=True)
    assert len(pq.read_table(made.truth / "planted.parquet")) == 4


def test_cases_move_and_none_is_invented() -> None:
    plain, planted = county(3_000, 7), county(3_000, 7, planted=True)
    clients, cases = (
        [Counter(row[of] for row in one.truth(table, feed=feed)) for one in (plain, planted)]
        for table, feed, of in (
            ("records", "safe_passage.htcds", "person_id"),
            ("narratives", "harbor_police.rms", "coded"),
        )
    )
    assert clients[0] == clients[1]
    assert cases[0] == cases[1]


def test_addresses_in_the_country_are_those_of_the_nearest_town() -> None:
    (path,) = county(3_000, 7, planted=True).made.paths["harbor_police.rms"]
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Latitude"][:3] == "41."]
    assert {row["ZIP Code"] for row in rows} > {"69618", "69610", "69601"}
    near = [
        row["ZIP Code"]
        for row in rows
        if h3.great_circle_distance(
            (float(row["Latitude"]), float(row["Longitude"])), (41.201, -98.284)
        )
        < 3
    ]
    assert len(near) > 10
    assert set(near) == {"69618"}


def test_planted_hotspot_is_found_and_nothing_else(cases: pa.Table) -> None:
    for hide in (True, False):
        areas = cell_counts(cases, hide=hide)
        found = hotspots(areas, hex_neighbours(areas["area"].to_pylist()), Basis.INCIDENTS)
        hot = found.filter(pc.equal(found["class"], Hotspot.HOT))["area"].to_pylist()
        assert len(hot) >= 2
        for cell in hot:  # it, or what lies around it, is in the hotspot
            around = [h3.cell_to_latlng(near) for near in h3.grid_disk(cell, 1)]
            assert min(h3.great_circle_distance(at, HOTSPOT) for at in around) < HOTSPOT_KM


def test_planted_trend_is_found_and_nothing_else(cases: pa.Table) -> None:
    found = trends(month_counts(cases, MONTHS))["class"].to_pylist()
    assert found == [Trend.RISING, Trend.NONE_FOUND]


def test_without_planting_there_is_no_ground_and_no_hotspot(without: pa.Table) -> None:
    areas = cell_counts(without)
    found = hotspots(areas, hex_neighbours(areas["area"].to_pylist()), Basis.INCIDENTS)
    assert set(found["class"].to_pylist()) <= {Hotspot.TOO_FEW, Hotspot.UNKNOWN}
