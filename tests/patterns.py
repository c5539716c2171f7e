"""Maps and series with nothing on them, or with what a test plants, as a release shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import h3.api.basic_str as h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.release import MIN_CELL
from tributary.county.generate import Generated
from warehouse.patterns.areas import Neighbours, hex_neighbours

#: Cells around this one make a map.
CENTRE = h3.latlng_to_cell(41.3, -98.4, 6)


def released(true: np.ndarray, covered: np.ndarray | bool = True) -> dict[str, pa.Array]:
    """``count``: 1 to 10 are hidden, as is what nobody filed."""
    shown = ((true == 0) | (true >= MIN_CELL)) & covered
    return {"count": pa.array(np.where(shown, true, 0), pa.int64(), mask=~shown)}


@dataclass(frozen=True)
class Ground:
    """Cells, their neighbours, and the share of the population in each."""

    cells: list[str]
    neighbours: Neighbours
    population: np.ndarray

    def areas(self, true: np.ndarray, *, hide: bool = True, coverage: float = 1.0) -> pa.Table:
        counts = released(true) if hide else {"count": pa.array(true, pa.int64())}
        return pa.table(
            {
                "area": self.cells,
                **counts,
                "denominator": self.population * 10_000,
                "coverage": np.full(len(self.cells), coverage),
            }
        )

    def counts(
        self,
        random: np.random.Generator,
        mean: float,
        spread: float,
        factor: np.ndarray | float = 1,
    ) -> np.ndarray:
        """True counts: ``mean`` an area on average, gamma risk of coefficient ``spread``."""
        expected = mean * self.population * factor
        risk = random.gamma(1 / spread**2, spread**2, len(self.cells)) if spread else 1.0
        return random.poisson(expected * risk)

    def disk(self, cell: str, radius: int = 1) -> np.ndarray:
        """Which cells lie around one."""
        return np.isin(self.cells, h3.grid_disk(cell, radius))


def ground(size: int, random: np.random.Generator | None = None, spread: float = 1.0) -> Ground:
    """A map of ``size`` cells; with ``random``, people live together (log-normal, smoothed)."""
    radius = 0
    while 3 * radius * (radius + 1) + 1 < size:
        radius += 1
    cells = h3.grid_disk(CENTRE, radius)[:size]
    neighbours = hex_neighbours(cells)
    population = np.ones(size)
    if random is not None:
        level = random.normal(size=size)
        at = {cell: number for number, cell in enumerate(cells)}
        for _ in range(2):
            around = [[at[o] for o in (c, *neighbours[c]) if o in at] for c in cells]
            level = np.array([level[row].sum() / np.sqrt(len(row)) for row in around])
        population = np.exp(spread * level / level.std())
    return Ground(cells, neighbours, population / population.mean())


def series(
    random: np.random.Generator,
    number: int,
    length: int,
    mean: float,
    *,
    spread: float = 0.0,
    season: float = 0.12,
    alike: float = 0.0,
    slope: float = 0.0,
    gaps: float = 0.0,
    months: int = 1,
    hide: bool = True,
) -> pa.Table:
    """Series of counts by month or quarter.

    Args:
        mean: of a period. ``spread``: coefficient of variation beyond chance. ``season``: height of
            the annual wave (log). ``alike``: correlation with the period before. ``slope``: log a
            year. ``gaps``: share of periods nobody covered; the others are covered by 3 to 5 of 5.
    """
    at = np.arange(length)
    years = at * months / 12
    wave = season * np.cos(2 * np.pi * (years + random.random((number, 1))))
    noise = random.normal(size=(number, length))
    for period in range(1, length):
        noise[:, period] = alike * noise[:, period - 1] + np.sqrt(1 - alike**2) * noise[:, period]
    exposure = np.full((number, length), 5)
    if gaps:
        exposure = random.integers(3, 6, (number, length))
        exposure[random.random((number, length)) < gaps] = 0
    level = wave + spread * noise - spread**2 / 2 + slope * (years - years.mean())
    true = random.poisson(mean * np.exp(level) * exposure / 5).ravel()
    counts = released(true, exposure.ravel() > 0) if hide else {"count": pa.array(true, pa.int64())}
    first = np.datetime64("2020-01") + months * at
    return pa.table(
        {
            "series": np.repeat([f"s{n}" for n in range(number)], length),
            "period": np.tile(first.astype("datetime64[D]"), number),
            **counts,
            "exposure": exposure.ravel(),
        }
    )


def police_cases(made: Generated, resolution: int = 6) -> pa.Table:
    """Each police case of a county: ``cell``, ``month`` (null where a fault hides them) and
    ``trafficking``, which only the truth knows of all of them."""
    (path,) = made.paths["harbor_police.rms"]
    found = duckdb.sql(
        f"""
        SELECT
            any_value(try_cast("Latitude" AS DOUBLE)) AS latitude,
            any_value(try_cast("Longitude" AS DOUBLE)) AS longitude,
            any_value(date_trunc('month', try_strptime("Incident Date", '%m/%d/%Y')))::DATE
                AS month,
            any_value(story) <> 'ordinary' AS trafficking
        FROM read_csv('{path}', all_varchar = true, ignore_errors = true) AS rows
        INNER JOIN read_parquet('{made.truth / "narratives.parquet"}') AS told
            ON told.unit = rows."Case Number" AND told.feed = 'harbor_police.rms'
        GROUP BY "Case Number"
        """
    ).to_arrow_table()
    cells = [
        None if None in at else h3.latlng_to_cell(*at, resolution)
        for at in zip(found["latitude"].to_pylist(), found["longitude"].to_pylist(), strict=True)
    ]
    return pa.table({"cell": cells, "month": found["month"], "trafficking": found["trafficking"]})


def cell_counts(cases: pa.Table, *, hide: bool = True) -> pa.Table:
    """``hotspots``' areas: trafficking cases by cell, and all cases as the denominator."""
    by_cell = cases.filter(pc.is_valid(cases["cell"])).group_by("cell", use_threads=False)
    found = by_cell.aggregate([("trafficking", "sum"), ("trafficking", "count")])
    count, every = (np.asarray(found[f"trafficking_{of}"], np.int64) for of in ("sum", "count"))
    shown = (every >= MIN_CELL) | (not hide)
    return pa.table(
        {
            "area": found["cell"],
            **(released(count) if hide else {"count": pa.array(count)}),
            "denominator": pa.array(every, mask=~shown),
            "coverage": np.ones(len(count)),
        }
    )


def month_counts(cases: pa.Table, period: Sequence[date]) -> pa.Table:
    """``trends``' periods: trafficking cases and others by month."""
    known = cases.filter(pc.is_valid(cases["month"]))
    parts = []
    for name, kind in (("trafficking", True), ("other", False)):
        months = known.filter(pc.equal(known["trafficking"], kind))["month"].to_pylist()
        counted = Counter(months)
        true = np.array([counted[month] for month in period])
        parts.append(
            pa.table(
                {
                    "series": [name] * len(period),
                    "period": pa.array(period, pa.date32()),
                    **released(true),
                    "exposure": np.ones(len(period)),
                }
            )
        )
    return pa.concat_tables(parts)
