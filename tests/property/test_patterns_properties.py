"""Classes of any release: a class for every area and series, and none the release does not bear."""

from __future__ import annotations

import h3.api.basic_str as h3
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.disclosure.release import MIN_CELL
from tests.patterns import CENTRE
from warehouse.patterns.areas import hex_neighbours
from warehouse.patterns.hidden import hidden
from warehouse.patterns.hotspots import Basis, Hotspot, hotspots
from warehouse.patterns.trends import Period, Trend, trends

CELLS = h3.grid_disk(CENTRE, 3)
COUNTS = st.one_of(st.none(), st.just(0), st.integers(-2, 2_000))
COVERAGE = st.sampled_from([None, 0.0, 0.4, 1.0, 1.0])
AREA = st.tuples(COUNTS, COVERAGE, st.one_of(st.none(), st.integers(0, 10**6)))
MONTH = st.tuples(st.integers(0, 2), st.integers(0, 40), COUNTS, st.sampled_from([None, 0, 1, 3]))


def mapped(rows: list[tuple[int | None, float | None, int | None]]) -> pa.Table:
    count, coverage, denominator = zip(*rows, strict=True)
    return pa.table(
        {
            "area": CELLS[: len(rows)],
            "count": pa.array(count, pa.int64()),
            "coverage": pa.array(coverage, pa.float64()),
            "denominator": pa.array(denominator, pa.int64()),
        }
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(AREA, min_size=1, max_size=len(CELLS)), st.sampled_from(list(Basis)))
def test_every_area_has_a_class_and_none_it_cannot_have(
    rows: list[tuple[int | None, float | None, int | None]], basis: Basis
) -> None:
    areas = mapped(rows)
    found = hotspots(areas, hex_neighbours(CELLS), basis)
    assert found["area"].to_pylist() == areas["area"].to_pylist()
    classes = [Hotspot(name) for name in found["class"].to_pylist()]
    for (count, coverage, denominator), name in zip(rows, classes, strict=True):
        if not coverage or (basis is not Basis.COUNT and not denominator):
            assert name is Hotspot.UNKNOWN
        if count is None:
            assert name in (Hotspot.UNKNOWN, Hotspot.TOO_FEW)
    assert (Hotspot.TOO_FEW in classes) <= (
        not {Hotspot.HOT, Hotspot.NOT_SIGNIFICANT} & set(classes)
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(AREA, min_size=2, max_size=len(CELLS)), st.randoms(use_true_random=False))
def test_the_order_of_the_areas_decides_nothing(
    rows: list[tuple[int | None, float | None, int | None]], random: object
) -> None:
    areas = mapped(rows)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one = hotspots(areas, hex_neighbours(CELLS))
    other = hotspots(areas.take(pa.array(order)), hex_neighbours(CELLS))
    assert one.take(pa.array(order)).equals(other)


@settings(max_examples=60, deadline=None)
@given(st.lists(MONTH, min_size=1, unique_by=lambda row: row[:2]), st.sampled_from(list(Period)))
def test_every_series_has_a_class(
    rows: list[tuple[int, int, int | None, int | None]], period: Period
) -> None:
    name, at, count, exposure = zip(*rows, strict=True)
    first = np.datetime64("2019-01") + period.months * np.array(at)
    table = pa.table(
        {
            "series": [f"s{n}" for n in name],
            "period": first.astype("datetime64[D]"),
            "count": pa.array(count, pa.int64()),
            "exposure": pa.array(exposure, pa.int64()),
        }
    )
    found = trends(table, period)
    assert set(found["series"].to_pylist()) == set(table["series"].to_pylist())
    for series, said in zip(found["series"].to_pylist(), found["class"].to_pylist(), strict=True):
        known = sum(
            bool(filed) and value is not None
            for one, _, value, filed in rows
            if f"s{one}" == series
        )
        assert Trend(said) is Trend.TOO_SHORT or known >= 6


@given(st.floats(0, 10**6), st.floats(0.02, 1))
def test_what_stands_for_a_hidden_count_could_be_one(mean: float, protected: float) -> None:
    found = hidden(np.array([mean]), protected)
    assert 1 - 1e-6 <= found.mean[0] <= max(mean + 20, MIN_CELL * 2)
    assert found.variance[0] >= 0
    assert 0 <= found.large[0] <= 1
    assert 0 <= found.chance[0] <= 1 + 1e-9
