"""Hotspots: areas that, with those around them, have more than chance puts there.

The statistic is Getis and Ord's Gi* (1992, 1995; ``esda.G_Local``) of rates standardised by
empirical Bayes (Assuncao and Reis 1999), so that a small area is not hot because its rate is
unsteady; where nothing is known of size, of counts.

How far a Gi* goes by chance is found by drawing as many areas from the map, without return, as the
neighbourhood has; esda offers two other ways, and neither serves here. Its normal approximation
raised a false alarm in up to 45 % of maps with nothing on them (counts are skewed, and the false
discovery procedure lives off the tail). Its conditional permutation holds the area itself fixed
and so asks about its neighbours alone (r-spatial/spdep issue 123), and its smallest p-value is
1 / (permutations + 1) for each area, too large for hundreds of areas. Draws serve all areas with as
many neighbours at once.

False discoveries are controlled by Benjamini and Hochberg (1995), one-sided, hidden areas included:
the areas that are shown were chosen by their counts.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import combinations
from math import ceil, comb
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.patterns.areas import Neighbours
from warehouse.patterns.hidden import (
    LEAST_PROTECTED,
    Floats,
    Mask,
    column,
    counts_of,
    hidden,
    protected_share,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Share of the hot areas that may be false.
FALSE_DISCOVERIES: Final = 0.05
#: Draws beyond the p-value that makes one area of the map hot; their number scales with the map.
_TAIL_DRAWS: Final = 10
#: Steps of the estimate of the common rate, at most.
_STEPS: Final = 200
#: Least share of a count's variance that is taken to be seen: in areas so small that hardly any
#: count is shown, one that is would otherwise weigh as much as ten elsewhere.
_LEAST_SEEN: Final = 0.5
#: Fixed: the same release gives the same classes. Nothing secret hangs on it.
_SEED: Final = 20_250_101


class Hotspot(StrEnum):
    """What is said of an area."""

    HOT = "hot"
    NOT_SIGNIFICANT = "not significant"
    UNKNOWN = "unknown"  # nobody filed, the count is hidden, or there is no denominator
    TOO_FEW = "too few areas"  # chance alone could fill any neighbourhood of this map


class Basis(StrEnum):
    """What an area has more of."""

    COUNT = "count"
    POPULATION = "rate per population"
    INCIDENTS = "share of all incidents"


class Coverage(StrEnum):
    """How much of what should have been filed was."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"
    UNKNOWN = "unknown"


def hotspots(
    areas: pa.Table,
    neighbours: Neighbours,
    basis: Basis = Basis.COUNT,
    *,
    false_discoveries: float = FALSE_DISCOVERIES,
) -> pa.Table:
    """The class of every area.

    Args:
        areas: one row an area, those with nothing to count too: ``area``, ``count`` (null where
            hidden), ``coverage`` (share 0 to 1 of the agencies that filed, null where not known)
            and, unless ``basis`` is ``COUNT``, ``denominator`` (null where hidden).
        basis: what ``denominator`` is. A population is weighed by the coverage; of the incidents
            of the agencies that filed no such thing is needed.

    Raises:
        ValueError: an area stands there twice.

    Returns:
        ``area``, ``class``, ``basis`` and ``coverage`` (``Hotspot``, ``Basis``, ``Coverage``), in
        the order of ``areas``.
    """
    counts, coverage = counts_of(areas), column(areas, "coverage")
    exposure = _exposure(areas, coverage, basis)
    known = (np.nan_to_num(coverage) > 0) & (np.nan_to_num(exposure) > 0)
    names = areas["area"].to_pylist()
    if len(set(names)) < len(names):
        raise ValueError("an area stands in the table twice")
    classes = np.full(len(names), Hotspot.UNKNOWN, object)
    if known.any():
        rates = np.full(len(names), np.nan)
        rates[known] = _standardised(counts[known], exposure[known])
        on_map = [at for at in np.argsort(names).tolist() if not np.isnan(rates[at])]
        on_map_names = [names[at] for at in on_map]
        classes[on_map] = _classes(rates[on_map], on_map_names, neighbours, false_discoveries)
        classes[np.isnan(counts) & (classes != Hotspot.TOO_FEW)] = Hotspot.UNKNOWN
    return pa.table(
        {
            "area": areas["area"],
            "class": pa.array(classes.tolist(), pa.string()),
            "basis": pa.array([basis] * len(names), pa.string()),
            "coverage": coverage_labels(coverage),
        }
    )


def coverage_labels(coverage: Floats) -> pa.Array:
    """``Coverage`` of shares 0 to 1; NaN is unknown."""
    conditions = [np.isnan(coverage), coverage <= 0, coverage < 1]
    labels = np.select(
        conditions, [Coverage.UNKNOWN, Coverage.NONE, Coverage.PARTIAL], Coverage.COMPLETE
    )
    return pa.array(labels.tolist(), pa.string())


def _exposure(areas: pa.Table, coverage: Floats, basis: Basis) -> Floats:
    if basis is Basis.COUNT:
        return coverage
    denominator = column(areas, "denominator")
    return denominator * coverage if basis is Basis.POPULATION else denominator


def _adjacency(names: list[str], neighbours: Neighbours) -> csr_array[np.float64]:
    """1 where two areas of the map lie next to each other; an area is not next to itself."""
    from scipy.sparse import csr_array

    at = {name: number for number, name in enumerate(names)}
    beside = [
        sorted({at[other] for other in neighbours.get(name, ()) if other in at} - {row})
        for name, row in at.items()
    ]
    column = np.array([other for row in beside for other in row], np.int64)
    ends = np.cumsum([0, *map(len, beside)])
    return csr_array((np.ones(len(column)), column, ends), shape=(len(names), len(names)))


def _can_tell(sizes: npt.NDArray[np.int64], false_discoveries: float) -> bool:
    """Could any neighbourhood be hot at all? Its smallest p-value is one of its many draws."""
    areas = len(sizes)
    most = max(comb(areas, size) for size in set(sizes.tolist()))
    return 1 / most <= false_discoveries / areas


def _standardised(counts: Floats, exposure: Floats) -> Floats:
    """Rates of mean 0 and even spread; NaN where a hidden count is probably a large one.

    The spread is that of empirical Bayes (Assuncao and Reis 1999): between areas, and of a Poisson
    count. What is hidden varies less than that, as its expectation stands for it.
    """
    is_hidden = np.isnan(counts)
    filled, protected = np.where(is_hidden, 1.0, counts), LEAST_PROTECTED
    if not np.nansum(counts):
        return np.zeros(len(counts))
    for _ in range(_STEPS):  # the likeliest common rate
        rate = filled.sum() / exposure.sum()
        mean = rate * exposure
        found = hidden(mean, protected)
        protected = protected_share(mean, found.large[is_hidden])
        filled = np.where(is_hidden, found.mean, counts)
        if abs(filled.sum() / exposure.sum() - rate) <= 1e-6 * rate:
            break
    seen = np.maximum(1 - found.chance * found.variance / mean, _LEAST_SEEN)
    raw, by_chance = filled / exposure, rate / exposure * seen
    between = np.average((raw - rate) ** 2 - by_chance, weights=exposure)
    rates = (raw - rate) / np.sqrt(max(between, 0.0) + by_chance)
    return np.where(is_hidden & (found.large > 0.5), np.nan, rates)


def _classes(
    rates: Floats, names: list[str], neighbours: Neighbours, false_discoveries: float
) -> npt.NDArray[np.object_]:
    """Classes of the areas of a map: those that have a rate, in the order of their names."""
    if not names:
        return np.zeros(0, object)
    beside = _adjacency(names, neighbours)
    sizes = np.diff(beside.indptr).astype(np.int64) + 1
    if not _can_tell(sizes, false_discoveries):
        return np.full(len(names), Hotspot.TOO_FEW, object)
    hot = _hot(rates, names, beside, sizes, false_discoveries)
    return np.where(hot, Hotspot.HOT, Hotspot.NOT_SIGNIFICANT).astype(object)


def _hot(
    rates: Floats,
    names: list[str],
    beside: csr_array[np.float64],
    sizes: npt.NDArray[np.int64],
    false_discoveries: float,
) -> Mask:
    from scipy.stats import false_discovery_control

    if np.ptp(rates) == 0:
        return np.zeros(len(rates), np.bool_)
    found = _gi_star(rates, names, beside)
    draws = ceil(_TAIL_DRAWS * len(rates) / false_discoveries)
    random = np.random.default_rng(_SEED)
    chances = np.ones(len(rates))
    for size in np.unique(sizes).tolist():
        of_size = sizes == size
        by_chance, drawn = _by_chance(rates, size, draws, random)
        beyond = len(by_chance) - np.searchsorted(by_chance, found[of_size] - 1e-9)
        chances[of_size] = (beyond + drawn) / (len(by_chance) + drawn)
    return np.asarray(false_discovery_control(chances) <= false_discoveries)


def _gi_star(rates: Floats, names: list[str], beside: csr_array[np.float64]) -> Floats:
    """Standardised Gi*; NaN-free: a neighbourhood of the whole map is what it is expected to be."""
    from esda.getisord import G_Local  # type: ignore[import-untyped]
    from libpysal.graph import Graph  # type: ignore[import-untyped]

    map_ = Graph.from_sparse(beside, ids=names)
    positive = rates - rates.min() + 1  # Gi* is of positive values; its standard form is unmoved
    with np.errstate(invalid="ignore", divide="ignore"):
        found = G_Local(positive, map_, transform="B", permutations=0, star=True).Zs
    return np.nan_to_num(np.asarray(found, np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _by_chance(
    rates: Floats, size: int, draws: int, random: np.random.Generator
) -> tuple[Floats, int]:
    """Sorted Gi* of ``size`` areas at random, and 1 where they are drawn, 0 where they are all."""
    areas = len(rates)
    if size == areas:
        return np.zeros(1), 0
    spread = np.sqrt(size * (areas - size) / (areas - 1) * rates.var())
    every = comb(areas, size) <= draws
    chosen = (
        np.array(list(combinations(range(areas), size)))
        if every
        else _sets(areas, size, draws, random)
    )
    sums = rates[chosen].sum(axis=1)
    return np.sort((sums - size * rates.mean()) / spread), int(not every)


def _sets(areas: int, size: int, draws: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """``draws`` sets of ``size`` of ``areas``, each as likely as any other (Floyd's algorithm)."""
    chosen = np.full((draws, size), -1, np.int64)
    for at, last in enumerate(range(areas - size, areas)):
        drawn = random.integers(0, last + 1, draws)
        taken = (chosen[:, :at] == drawn[:, None]).any(axis=1)
        chosen[:, at] = np.where(taken, last, drawn)
    return chosen
