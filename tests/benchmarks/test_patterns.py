"""Hotspots and trends: what is found, how often nothing is called something, and what it costs.

``pytest -s -m benchmark tests/benchmarks/test_patterns.py``. An alarm is a map with any hotspot, or
a series with a trend; of maps and series with nothing on them at most 5 % should raise one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import h3.api.basic_str as h3
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from anonymize.disclosure.release import MIN_CELL
from tests.patterns import (
    CENTRE,
    Ground,
    cell_counts,
    ground,
    month_counts,
    police_cases,
    released,
    series,
)
from tributary.county.contacts import Period as Months
from tributary.county.generate import generate
from tributary.county.planted import HOTSPOT, HOTSPOT_KM
from warehouse.patterns.areas import hex_neighbours, nearest_neighbours
from warehouse.patterns.hotspots import Basis, Hotspot, hotspots
from warehouse.patterns.trends import Period, Trend, trends

pytestmark = pytest.mark.benchmark

CLAIMED = 0.05
MOVES = (Trend.RISING, Trend.FALLING)


def most(number: int, rate: float = CLAIMED) -> int:
    """Alarms that chance gives once in a thousand benchmarks."""
    return int(binom.ppf(0.999, number, rate))


def hot(here: Ground, areas: pa.Table) -> np.ndarray:
    found = hotspots(areas, here.neighbours, Basis.POPULATION)["class"].to_pylist()
    return np.array(found) == Hotspot.HOT


def test_maps_with_nothing_on_them() -> None:
    random, alarms, tried = np.random.default_rng(1), 0, 0
    print("\nmaps with any hotspot, nothing planted (released counts; true counts)")
    for size, maps in ((37, 200), (127, 100), (331, 40)):
        for unequal in (False, True):
            for mean, spread in ((10, 0.0), (10, 0.4), (30, 0.4)):
                seen = np.zeros(2, int)
                for _ in range(maps):
                    here = ground(size, random if unequal else None)
                    true = here.counts(random, mean, spread)
                    seen += [hot(here, here.areas(true, hide=hide)).any() for hide in (True, False)]
                alarms, tried = alarms + seen[0], tried + maps
                kind = "unequal" if unequal else "equal"
                share = " ".join(f"{one / maps:6.3f}" for one in seen)
                print(f"{size:4} areas {kind:8} mean {mean:3} spread {spread}: {share}")
    print(f"all maps: {alarms / tried:.3f} of {tried}")
    assert alarms <= most(tried)


def test_simpler_ways_raise_more_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the counts are filled as they are, and why not esda's normal approximation."""
    from esda.getisord import G_Local
    from libpysal.graph import Graph
    from scipy.stats import false_discovery_control, norm

    random, maps, alarms = np.random.default_rng(2), 100, np.zeros(3, int)
    for _ in range(maps):
        here = ground(127, random)
        true = here.counts(random, 10, 0.4)
        small = (true > 0) & (true < MIN_CELL)
        middle = np.where(small, 5, true)
        at = {cell: number for number, cell in enumerate(here.cells)}
        beside = {
            cell: [near for near in around if near in at]
            for cell, around in here.neighbours.items()
        }
        map_ = Graph.from_dicts(beside)
        raw = middle / here.population
        normal = norm.sf(G_Local(raw, map_, transform="B", permutations=0, star=True).Zs)
        alarms += [
            hot(here, here.areas(true)).any(),
            hot(here, here.areas(middle, hide=False)).any(),
            (false_discovery_control(normal) <= CLAIMED).any(),
        ]
    names = ("as it is", "middle of the bounds", "middle, rates as they are, normal approximation")
    print("\nmaps with any hotspot, nothing planted, people unevenly spread")
    for name, found in zip(names, alarms, strict=True):
        print(f"{name:48} {found / maps:.2f}")
    assert alarms[0] <= most(maps) < alarms[1]


def test_planted_clusters() -> None:
    random, maps = np.random.default_rng(3), 30
    print(
        "\na cell and its ring raised by a factor, 127 areas: centre hot, hot elsewhere, agreement"
    )
    for mean in (10, 30):
        for factor in (1.5, 2.0, 3.0, 4.0):
            centre = false = both = 0
            for _ in range(maps):
                here = ground(127, random, 0.5)
                raised = here.disk(CENTRE)
                true = here.counts(random, mean, 0.3, np.where(raised, factor, 1.0))
                found = hot(here, here.areas(true))
                inside = hot(here, here.areas(true, hide=False))
                shown = here.areas(true)["count"].is_valid().to_numpy()
                centre += found[here.cells.index(CENTRE)]
                false += (found & ~here.disk(CENTRE, 2)).any()
                both += (found == inside)[shown].mean()
            print(
                f"mean {mean:3} x {factor}: {centre / maps:.2f} {false / maps:.2f} "
                f"{both / maps:.3f}"
            )
            if mean == 30 and factor >= 3:
                assert centre >= 0.9 * maps


def test_series_without_a_trend() -> None:
    random, number = np.random.default_rng(4), 300
    print("\nseries with a trend, nothing planted, each tested alone (released; true); of many")
    cases = [("independent", {}), ("season 0.5", {"season": 0.5}), ("gaps", {"gaps": 0.15})]
    cases += [("like before 0.3", {"alike": 0.3})]
    for length in (18, 36, 60):
        for mean in (15, 60):
            for name, options in cases:
                state = random.bit_generator.state
                table = series(random, number, length, mean, spread=0.3, **options)
                random.bit_generator.state = state
                true = series(random, number, length, mean, spread=0.3, hide=False, **options)
                alarms, tested = alone(table)
                inside, _ = alone(true)
                together = np.isin(trends(table)["class"].to_pylist(), MOVES).sum()
                print(
                    f"{length} months mean {mean} {name:16} {alarms / max(tested, 1):.3f} "
                    f"{inside / number:.3f} {together:3} of {tested}"
                )
                if not name.startswith("like"):
                    assert alarms <= most(tested)


def alone(table: pa.Table) -> tuple[int, int]:
    """Alarms, and series long enough to raise one, each a release of its own."""
    length = len(table) // len(table["series"].unique())
    said = [
        trends(table.slice(at, length))["class"][0].as_py() for at in range(0, len(table), length)
    ]
    return sum(one in MOVES for one in said), sum(one != Trend.TOO_SHORT for one in said)


def test_planted_slopes() -> None:
    random, number = np.random.default_rng(5), 200
    print("\nseries that grow by a factor in a year: found (released; true), agreement")
    for length, months in ((18, 1), (36, 1), (60, 1), (20, 3)):
        for factor in (1.1, 1.25, 1.5, 2.0):
            state, seen = random.bit_generator.state, []
            for hide in (True, False):
                random.bit_generator.state = state
                table = series(
                    random, number, length, 30 * months, spread=0.2, slope=np.log(factor),
                    months=months, hide=hide,
                )  # fmt: skip
                period = Period.MONTH if months == 1 else Period.QUARTER
                seen.append(np.array(trends(table, period)["class"].to_pylist()))
            rising = " ".join(f"{(one == Trend.RISING).mean():.2f}" for one in seen)
            same = (seen[0] == seen[1]).mean()
            print(f"{length} periods of {months} x {factor}: {rising} {same:.3f}")
            assert (seen[0] != Trend.FALLING).all()


def test_cost() -> None:
    random = np.random.default_rng(6)
    table = series(random, 3_000, 60, 20, spread=0.3, gaps=0.1)
    print(f"\ntrends of 3,000 counties in 60 months: {timed(lambda: trends(table)):.1f} s")
    centres = {
        f"{n:05}": at for n, at in enumerate(random.uniform((25, -120), (49, -70), (3_000, 2)))
    }
    population = random.lognormal(10, 1.4, 3_000)
    true = random.poisson(15 * population / population.mean())
    areas = pa.table(
        {
            "area": list(centres),
            **released(true),
            "denominator": population,
            "coverage": np.ones(3_000),
        }
    )

    def run() -> object:
        return hotspots(areas, nearest_neighbours(centres), Basis.POPULATION)

    print(f"hotspots of 3,000 counties: {timed(run):.1f} s")
    here = ground(3_000, random)
    cells = here.areas(here.counts(random, 20, 0.3))

    def run_cells() -> object:
        return hotspots(cells, here.neighbours, Basis.POPULATION)

    print(f"hotspots of 3,000 cells: {timed(run_cells):.1f} s")


def timed(run: Callable[[], object]) -> float:
    """Seconds of the processor, the better of two."""
    seconds = []
    for _ in range(2):
        began = time.process_time()
        run()
        seconds.append(time.process_time() - began)
    return min(seconds)


def test_generated_counties(tmp_path: Path) -> None:
    months = Months(date(2025, 1, 1), 18)
    period = [(months.month + n).astype("datetime64[D]").astype(date) for n in range(18)]
    print("\npeople: cells hot (in the hotspot) of cells, trend; from released, from true counts")
    for persons in (2_000, 5_000, 10_000, 20_000):
        for planted in (True, False):
            out = tmp_path / f"{persons}{planted}"
            cases = police_cases(generate(persons, 7, out, planted=planted))
            said = []
            for hide in (True, False):
                areas = cell_counts(cases, hide=hide)
                names = np.array(areas["area"].to_pylist())
                found = hotspots(areas, hex_neighbours(names.tolist()), Basis.INCIDENTS)
                classes = np.array(found["class"].to_pylist())
                hits = names[classes == Hotspot.HOT]
                near = sum(_in_hotspot(cell) for cell in hits)
                few = " (too few areas)" if Hotspot.TOO_FEW in classes else ""
                said.append(f"{len(hits)} ({near}) of {len(names)}{few}")
            trend = trends(month_counts(cases, period))["class"].to_pylist()
            print(f"{persons:6} {'planted' if planted else 'plain':8} {said} {trend}")
            if planted and persons >= 10_000:
                assert near == len(hits) > 0
                assert trend == [Trend.RISING, Trend.NONE_FOUND]
            if persons == 20_000 and planted:
                _alarms_on(cases, months)


def _in_hotspot(cell: str) -> bool:
    around = (h3.cell_to_latlng(near) for near in h3.grid_disk(cell, 1))
    return any(h3.great_circle_distance(at, HOTSPOT) < HOTSPOT_KM for at in around)


def _alarms_on(cases: pa.Table, months: Months, number: int = 300) -> None:
    """Counties with the cells and cases of this one, in which trafficking is spread by chance."""
    random, hidden_too = np.random.default_rng(7), cell_counts(cases)
    true = cell_counts(cases, hide=False)
    every = np.asarray(true["denominator"])
    share = np.asarray(true["count"]).sum() / every.sum()
    neighbours = hex_neighbours(true["area"].to_pylist())
    weights = months.month_weights()
    spots = moves = 0
    for _ in range(number):
        drawn = pa.table({"count": released(random.binomial(every, share))["count"]})["count"]
        areas = hidden_too.set_column(1, "count", drawn)
        found = hotspots(areas, neighbours, Basis.INCIDENTS)["class"].to_pylist()
        spots += Hotspot.HOT in found
        counts = random.multinomial(900, weights / weights.sum())
        table = pa.table(
            {
                "series": ["all"] * len(counts),
                "period": (months.month + np.arange(len(counts))).astype("datetime64[D]"),
                **released(counts),
                "exposure": np.ones(len(counts)),
            }
        )
        moves += trends(table)["class"][0].as_py() in MOVES
    shares = f"{spots / number:.3f} hot, {moves / number:.3f} moving"
    print(f"       plants removed, {number} counties: {shares}")
    assert max(spots, moves) <= most(number)
