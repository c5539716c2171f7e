"""Trends: series that rise or fall by more than their season, their coverage and chance explain.

A log-linear regression of counts (negative binomial variance, quasi-likelihood) on time and one
annual wave, with what was covered as exposure; the slope is held against Student's t. Hidden
periods count as what the fit expects of them (see ``hidden``). All series are fitted at once.

Why no seasonal Mann-Kendall test: it compares like months of different years, so that a year and a
half of data gives it six pairs; it knows no exposure, so that an agency that stops filing is a
fall; and its package (pymannkendall 1.4.3, January 2023) has an unreleased correction and
open faults. statsmodels fits one series at a time and knows no hidden counts.

Months that resemble the month before (serial correlation) make any such test see trends. The
variance is widened by what the residuals show of it, corrected for the share of it that the fit
takes away; widened only, so that series without it are tested a little more strictly than claimed.
With a correlation of 0.3 up to 8 % of series without a trend still raise an alarm instead of 5 %.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.patterns.hidden import Floats, Mask, column, counts_of
from warehouse.patterns.hotspots import FALSE_DISCOVERIES, coverage_labels
from warehouse.patterns.regression import Fit, Grid, fit

#: Covered periods, first to last, below which a season passes for a trend.
_LEAST_YEARS: Final = 1.5
#: Covered periods below which nothing is said, and share of them that must be shown.
_LEAST_PERIODS: Final = 12
_LEAST_SHOWN: Final = 0.5
#: Degrees of freedom below which the variance is anybody's guess.
_LEAST_FREEDOM: Final = 5


class Trend(StrEnum):
    """What is said of a series."""

    RISING = "rising"
    FALLING = "falling"
    NONE_FOUND = "no trend found"
    TOO_SHORT = "too short"  # or hidden or not covered too often


class Period(StrEnum):
    """Length of a period; its value is that of the contracts' ``period`` operator."""

    MONTH = "month"
    QUARTER = "quarter"

    @property
    def months(self) -> int:
        return 1 if self is Period.MONTH else 3


def trends(
    periods: pa.Table,
    period: Period = Period.MONTH,
    *,
    false_discoveries: float = FALSE_DISCOVERIES,
) -> pa.Table:
    """The class of every series.

    Args:
        periods: one row a series and period: ``series`` (text), ``period`` (date, its first day),
            ``count`` (null where hidden) and ``exposure`` (how much was covered, such as the number
            of agencies that filed; 0 or null: nobody did).
            A period without a row was not covered: it is not 0.
        period: length of a period.

    Returns:
        ``series``, ``class`` and ``coverage`` (``Trend``, ``Coverage``: complete where every
        period had the greatest exposure of its series), in the order of first appearance.
    """
    names = pc.unique(periods["series"])
    if not len(names):
        return pa.table(
            {name: pa.array([], pa.string()) for name in ("series", "class", "coverage")}
        )
    grid = _grid(periods, names, period)
    classes = np.full(len(names), Trend.TOO_SHORT, object)
    long = _long_enough(grid, period)
    if long.any():
        found = fit(grid.take(long), _design(grid.exposure.shape[1], period))
        classes[long] = _classes(found, false_discoveries)
    most = grid.exposure.max(axis=1, keepdims=True)
    coverage = np.divide(grid.exposure, most, out=np.zeros_like(grid.exposure), where=most > 0)
    return pa.table(
        {
            "series": names.cast(pa.string()),
            "class": pa.array(classes.tolist(), pa.string()),
            "coverage": coverage_labels(coverage.mean(axis=1)),
        }
    )


def _grid(periods: pa.Table, names: pa.Array, period: Period) -> Grid:
    row = pc.index_in(periods["series"], value_set=names).to_numpy()
    first = np.asarray(periods["period"].to_numpy(), "datetime64[M]").astype(np.int64)
    at = (first - first.min()) // period.months
    shape = len(names), int(at.max()) + 1
    exposure = np.nan_to_num(column(periods, "exposure"))
    grid = Grid(np.zeros(shape), np.zeros(shape))
    grid.count[row, at] = np.where(exposure > 0, counts_of(periods), 0.0)
    grid.exposure[row, at] = exposure
    return grid


def _long_enough(grid: Grid, period: Period) -> Mask:
    covered = grid.covered
    number = covered.sum(axis=1)
    span = covered.shape[1] - covered[:, ::-1].argmax(axis=1) - covered.argmax(axis=1)
    return np.asarray(
        (number >= _LEAST_PERIODS)
        & (span >= _LEAST_YEARS * 12 / period.months)
        & ((covered & ~grid.hidden).sum(axis=1) >= _LEAST_SHOWN * number)
    )


def _design(length: int, period: Period) -> Floats:
    """Level, years since the middle, and one wave a year (columns)."""
    years = np.arange(length) * period.months / 12
    wave = 2 * np.pi * years
    return np.column_stack([np.ones(length), years - years.mean(), np.cos(wave), np.sin(wave)])


def _classes(found: Fit, false_discoveries: float) -> npt.NDArray[np.object_]:
    from scipy.stats import false_discovery_control, t

    classes = np.full(len(found.slope), Trend.NONE_FOUND, object)
    tested = found.freedom >= _LEAST_FREEDOM
    classes[~tested] = Trend.TOO_SHORT
    if tested.any():
        chances = 2 * t.sf(np.abs(found.slope / found.error)[tested], found.freedom[tested])
        moves = tested.copy()
        moves[tested] = false_discovery_control(chances) <= false_discoveries
        classes[moves] = np.where(found.slope[moves] > 0, Trend.RISING, Trend.FALLING)
    return classes
