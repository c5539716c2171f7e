"""Hotspots: found where they are, not found where they are not, unknown where nobody can know."""

from __future__ import annotations

from itertools import combinations

import h3.api.basic_str as h3
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from tests.patterns import CENTRE, Ground, ground
from warehouse.patterns.hotspots import Basis, Coverage, Hotspot, _by_chance, _sets, hotspots


def classes(here: Ground, areas: pa.Table, basis: Basis = Basis.POPULATION) -> np.ndarray:
    return np.array(hotspots(areas, here.neighbours, basis)["class"].to_pylist())


@pytest.fixture(scope="module")
def here() -> Ground:
    return ground(61)


@pytest.fixture(scope="module")
def planted(here: Ground) -> np.ndarray:
    """25 an area, three times as many around the centre."""
    random = np.random.default_rng(8)
    return here.counts(random, 25, 0.2, np.where(here.disk(CENTRE), 3.0, 1.0))


@pytest.mark.parametrize("basis", list(Basis))
def test_a_planted_hotspot_is_found(here: Ground, planted: np.ndarray, basis: Basis) -> None:
    found = classes(here, here.areas(planted), basis)
    assert found[here.cells.index(CENTRE)] == Hotspot.HOT
    assert (found[here.disk(CENTRE)] == Hotspot.HOT).sum() >= 3
    assert (found[~here.disk(CENTRE, 2)] != Hotspot.HOT).all()


def test_many_people_are_no_hotspot_where_a_denominator_exists(here: Ground) -> None:
    city = Ground(here.cells, here.neighbours, np.where(here.disk(CENTRE), 8.0, 1.0))
    counts = city.counts(np.random.default_rng(1), 25, 0.0)
    assert (classes(city, city.areas(counts)) != Hotspot.HOT).all()
    out = hotspots(city.areas(counts), city.neighbours, Basis.COUNT)
    assert Hotspot.HOT in out["class"].to_pylist()
    assert set(out["basis"].to_pylist()) == {"count"}  # which is why it says so


def test_classes_stand_in_the_order_of_the_areas(here: Ground, planted: np.ndarray) -> None:
    areas = here.areas(planted)
    order = np.random.default_rng(0).permutation(len(areas))
    mixed = areas.take(pa.array(order))
    assert (classes(here, mixed) == classes(here, areas)[order]).all()


def test_nobody_filed_is_unknown_and_not_quiet(here: Ground, planted: np.ndarray) -> None:
    areas = here.areas(planted)
    coverage = np.ones(len(areas))
    coverage[:2], coverage[2], coverage[3] = 0, np.nan, 0.5
    at = areas.column_names.index("coverage")
    areas = areas.set_column(at, "coverage", pa.array(coverage, from_pandas=True))
    out = hotspots(areas, here.neighbours, Basis.POPULATION)
    assert out["class"].to_pylist()[:3] == [Hotspot.UNKNOWN] * 3
    assert out["class"].to_pylist()[3] != Hotspot.UNKNOWN
    labels = [Coverage.NONE, Coverage.NONE, Coverage.UNKNOWN, Coverage.PARTIAL, Coverage.COMPLETE]
    assert out["coverage"].to_pylist()[:5] == labels


def test_half_a_population_covered_is_half_a_denominator(here: Ground) -> None:
    """The counts halve where half of the agencies filed: nobody else becomes hot for it."""
    counts = here.counts(np.random.default_rng(5), 60, 0.0)
    west = np.array([h3.cell_to_latlng(cell)[1] < -98.4 for cell in here.cells])
    counts = np.where(west, counts // 2, counts)
    areas = here.areas(counts)
    assert Hotspot.HOT in classes(here, areas)
    at = areas.column_names.index("coverage")
    areas = areas.set_column(at, "coverage", pa.array(np.where(west, 0.5, 1.0)))
    assert Hotspot.HOT not in classes(here, areas)


def test_what_is_hidden_gets_no_class(here: Ground, planted: np.ndarray) -> None:
    counts = planted.copy()
    counts[here.cells.index(CENTRE)] = 4
    found = classes(here, here.areas(counts))
    assert found[here.cells.index(CENTRE)] == Hotspot.UNKNOWN
    areas = here.areas(planted)
    denominator = pa.array([None, *areas["denominator"].to_pylist()[1:]], pa.float64())
    at = areas.column_names.index("denominator")
    assert classes(here, areas.set_column(at, "denominator", denominator))[0] == Hotspot.UNKNOWN


def test_a_territory_hidden_whole_heats_nobody_else() -> None:
    """One agency's whole territory is hidden, large counts too, as another could subtract."""
    here = ground(61, np.random.default_rng(3))
    counts = here.counts(np.random.default_rng(4), 40, 0.0)
    areas = here.areas(counts)
    west = np.array([h3.cell_to_latlng(cell)[1] < -98.4 for cell in here.cells])
    shown = np.array([value.is_valid for value in areas["count"].combine_chunks()]) & ~west
    hidden = pa.array(np.where(shown, counts, 0), pa.int64(), mask=~shown)
    found = classes(here, areas.set_column(1, "count", hidden))
    assert (found[~shown] == Hotspot.UNKNOWN).all()
    assert Hotspot.HOT not in found


@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_too_few_areas_are_said_to_be_too_few(size: int) -> None:
    here = ground(size)
    counts = np.full(size, 20)
    counts[0] = 900
    assert set(classes(here, here.areas(counts))) == {Hotspot.TOO_FEW}


def test_areas_without_neighbours_are_too_few() -> None:
    """Thirteen ZIP areas of which nobody says which touch: each is one of thirteen by chance."""
    names = [f"696{n:02}" for n in range(13)]
    areas = pa.table({"area": names, "count": [500, *[20] * 12], "coverage": [1.0] * 13})
    assert set(hotspots(areas, {})["class"].to_pylist()) == {Hotspot.TOO_FEW}


def test_an_empty_map_has_nothing_on_it(here: Ground) -> None:
    assert set(classes(here, here.areas(np.zeros(61, np.int64)))) == {Hotspot.NOT_SIGNIFICANT}
    assert set(classes(here, here.areas(np.full(61, 5)))) == {Hotspot.UNKNOWN}
    assert set(classes(here, here.areas(np.full(61, 20)))) == {Hotspot.NOT_SIGNIFICANT}
    nothing = here.areas(np.full(61, 20)).slice(0, 0)
    assert not len(hotspots(nothing, here.neighbours, Basis.POPULATION))


def test_an_area_twice_is_refused(here: Ground, planted: np.ndarray) -> None:
    areas = here.areas(planted)
    with pytest.raises(ValueError, match="twice"):
        hotspots(pa.concat_tables([areas, areas.slice(0, 1)]), here.neighbours)


def test_small_maps_are_enumerated() -> None:
    rates = np.random.default_rng(1).normal(size=9)
    sums = sorted(sum(rates[list(chosen)]) for chosen in combinations(range(9), 3))
    found, drawn = _by_chance(rates, 3, 1_000, np.random.default_rng(0))
    assert not drawn
    spread = np.sqrt(3 * 6 / 8 * rates.var())
    np.testing.assert_allclose(found, (np.array(sums) - 3 * rates.mean()) / spread)


def test_every_set_is_as_likely_as_any_other() -> None:
    chosen = np.sort(_sets(6, 3, 40_000, np.random.default_rng(7)), axis=1)
    found, number = np.unique(chosen, axis=0, return_counts=True)
    assert len(found) == 20
    assert (np.diff(chosen, axis=1) > 0).all()
    assert ((number - 2_000) ** 2 / 2_000).sum() < 43.8  # chi-squared, 19 degrees, 0.001


def test_maps_with_nothing_on_them_raise_no_more_alarms_than_claimed() -> None:
    random, maps = np.random.default_rng(12), 60
    alarms = 0
    for _ in range(maps):
        here = ground(37, random)
        counts = here.counts(random, 20, 0.3)
        alarms += Hotspot.HOT in classes(here, here.areas(counts))
    assert alarms <= binom.ppf(0.999, maps, 0.05)
