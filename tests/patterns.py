"""Maps and series with nothing on them, or with what a test plants, as a release shows them."""

from __future__ import annotations

from dataclasses import dataclass

import h3.api.basic_str as h3
import numpy as np
import pyarrow as pa

from anonymize.disclosure.release import MIN_CELL
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
