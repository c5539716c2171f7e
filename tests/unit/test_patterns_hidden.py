"""What stands for hidden counts, against sums over all counts; and how fine a map may be."""

from __future__ import annotations

import h3.api.basic_str as h3
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import poisson

from anonymize.disclosure.release import MIN_CELL
from tests.patterns import CENTRE
from warehouse.patterns.areas import (
    COARSEST_CELL,
    finest_resolution,
    hex_neighbours,
    nearest_neighbours,
    roll_up,
)
from warehouse.patterns.hidden import LEAST_PROTECTED, counts_of, hidden, protected_share


@pytest.mark.parametrize("protected", [0.02, 0.4, 1.0])
@pytest.mark.parametrize("mean", [0.01, 1.0, 8.0, 11.0, 30.0, 200.0])
def test_hidden_counts_are_what_the_sums_say(mean: float, protected: float) -> None:
    counts = np.arange(2_000)
    weight = poisson.pmf(counts, mean) * np.where(counts < MIN_CELL, counts > 0, protected)
    centre = (weight * counts).sum() / weight.sum()
    found = hidden(np.array([mean]), protected)
    assert found.chance[0] == pytest.approx(weight.sum())
    assert found.mean[0] == pytest.approx(centre)
    spread = (weight * (counts - centre) ** 2).sum() / weight.sum()
    assert found.variance[0] == pytest.approx(spread, rel=1e-6, abs=1e-6)
    large = weight[MIN_CELL:].sum() / weight.sum()
    assert found.large[0] == pytest.approx(large, abs=1e-9)


def test_a_count_hidden_where_hundreds_are_expected_is_no_small_one() -> None:
    found = hidden(np.array([5.0, 300.0]), LEAST_PROTECTED)
    assert found.mean[0] < MIN_CELL
    assert found.mean[1] == pytest.approx(300, rel=0.01)


def test_share_of_large_counts_that_are_hidden_is_learnt() -> None:
    random = np.random.default_rng(2)
    mean = random.uniform(5, 60, 5_000)
    true = random.poisson(mean)
    is_hidden = (true > 0) & (true < MIN_CELL) | (random.random(5_000) < 0.3)
    share = LEAST_PROTECTED
    for _ in range(50):
        share = protected_share(mean, hidden(mean, share).large[is_hidden])
    assert share == pytest.approx(0.3, abs=0.03)


def test_noise_below_zero_counts_as_zero() -> None:
    counts = counts_of(pa.table({"count": pa.array([-3, None, 12], pa.int64())}))
    assert counts[0] == 0
    assert np.isnan(counts[1])


def test_resolution_is_the_finest_that_holds() -> None:
    fine = h3.cell_to_children(CENTRE, 7)
    cells = pa.array([*fine * 11, None], pa.string())
    assert finest_resolution(cells) == 7
    assert finest_resolution(pa.array(fine[:2] * 10, pa.string())) == 6
    assert finest_resolution(pa.array([CENTRE] * 3)) is None
    assert finest_resolution(pa.array([None], pa.string())) is None


def test_a_share_of_the_records_may_lie_in_small_cells() -> None:
    alone = [cell for cell in h3.grid_disk(CENTRE, 9) if h3.grid_distance(cell, CENTRE) == 9]
    cells = pa.array([CENTRE] * 95 + alone[:5])
    assert finest_resolution(cells, share=0.95) == 6
    assert finest_resolution(cells, share=0.99) in (COARSEST_CELL, 5, None)


def test_cells_roll_up_and_null_stays_null() -> None:
    fine = h3.cell_to_children(CENTRE, 7)[0]
    assert roll_up(pa.array([fine, None, fine]), 6).to_pylist() == [CENTRE, None, CENTRE]


def test_neighbours_of_a_cell_are_those_that_touch_it() -> None:
    (beside,) = hex_neighbours([CENTRE]).values()
    assert len(beside) == 6
    assert all(h3.are_neighbor_cells(CENTRE, cell) for cell in beside)


def test_nearest_areas_are_found_across_the_date_line() -> None:
    centres = {"a": (0.0, 179.9), "b": (0.0, -179.9), "c": (0.0, 170.0), "d": (0.0, 160.0)}
    found = nearest_neighbours(centres, 1)
    assert found == {"a": ["b"], "b": ["a"], "c": ["a"], "d": ["c"]}
    assert nearest_neighbours({"a": (1.0, 1.0)}) == {"a": ()}
    assert {len(near) for near in nearest_neighbours(centres, 9).values()} == {3}
