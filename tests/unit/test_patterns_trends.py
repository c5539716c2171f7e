"""Trends: what rises and falls is found; seasons, gaps and hidden months are no trends."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize
from scipy.stats import binom

from tests.patterns import released, series
from warehouse.patterns.hotspots import Coverage
from warehouse.patterns.regression import Grid, fit
from warehouse.patterns.trends import Period, Trend, _design, trends


def said(table: pa.Table, period: Period = Period.MONTH) -> Counter[str]:
    return Counter(trends(table, period)["class"].to_pylist())


def one(counts: np.ndarray, exposure: np.ndarray | float = 1.0, months: int = 1) -> pa.Table:
    """One series; 1 to 10 hidden."""
    first = np.datetime64("2021-01") + months * np.arange(len(counts))
    return pa.table(
        {
            "series": ["one"] * len(counts),
            "period": first.astype("datetime64[D]"),
            **released(np.asarray(counts)),
            "exposure": np.broadcast_to(exposure, len(counts)).astype(float),
        }
    )


@pytest.mark.parametrize(("slope", "expected"), [(0.4, Trend.RISING), (-0.4, Trend.FALLING)])
@pytest.mark.parametrize("period", list(Period))
def test_what_rises_and_falls_is_found(slope: float, expected: Trend, period: Period) -> None:
    random = np.random.default_rng(3)
    length = 60 // period.months
    table = series(random, 40, length, 30, spread=0.2, slope=slope, months=period.months)
    found = said(table, period)
    assert found[expected] >= 36
    assert not found[Trend.FALLING if slope > 0 else Trend.RISING]


@pytest.mark.parametrize("season", [0.1, 0.6])
def test_a_season_is_no_trend(season: float) -> None:
    random = np.random.default_rng(4)
    table = series(random, 200, 18, 60, season=season)
    found = said(table)
    assert found[Trend.RISING] + found[Trend.FALLING] <= 2


def test_an_agency_that_stops_filing_is_no_fall() -> None:
    filed = np.where(np.arange(36) < 18, 2.0, 1.0)
    counts = np.random.default_rng(2).poisson(30 * filed)
    assert said(one(counts)) == {Trend.FALLING: 1}
    assert said(one(counts, filed)) == {Trend.NONE_FOUND: 1}
    assert trends(one(counts, filed))["coverage"].to_pylist() == [Coverage.PARTIAL]


def test_a_month_nobody_filed_is_not_zero() -> None:
    counts = np.random.default_rng(2).poisson(40, 48)
    filed = np.where(np.arange(48) >= 40, 0.0, 1.0)
    table = one(np.where(filed > 0, counts, 0), filed)
    assert said(table) == {Trend.NONE_FOUND: 1}
    without = table.filter(pa.array(filed > 0))
    assert said(without) == {Trend.NONE_FOUND: 1}


def test_months_hidden_at_the_beginning_are_low_not_missing() -> None:
    counts = np.random.default_rng(6).poisson(np.linspace(5, 30, 36))
    table = one(counts)
    assert table["count"].null_count >= 6
    assert said(table) == {Trend.RISING: 1}


def test_large_months_hidden_to_protect_others_are_no_fall() -> None:
    counts = np.random.default_rng(9).poisson(100, 36)
    table = one(counts)
    late = pa.array(np.where(np.arange(36) < 28, counts, 0), pa.int64(), mask=np.arange(36) >= 28)
    assert said(table.set_column(2, "count", late)) == {Trend.NONE_FOUND: 1}


@pytest.mark.parametrize(
    "table",
    [
        one(np.full(17, 50)),
        one(np.full(24, 5)),
        one(np.full(24, 50), np.where(np.arange(24) % 3, 0.0, 1.0)),
        one(np.full(6, 50), months=3),
    ],
    ids=["17 months", "all hidden", "eight months filed", "six quarters"],
)
def test_too_short_is_said(table: pa.Table) -> None:
    period = Period.QUARTER if len(table) == 6 else Period.MONTH
    assert said(table, period) == {Trend.TOO_SHORT: 1}


@pytest.mark.parametrize("level", [0, 11, 100_000])
def test_what_never_changes_has_no_trend(level: int) -> None:
    assert said(one(np.full(36, level))) == {Trend.NONE_FOUND: 1}


def test_nothing_gives_nothing() -> None:
    out = trends(one(np.full(36, 20)).slice(0, 0))
    assert not len(out)
    assert out.column_names == ["series", "class", "coverage"]


def test_series_stand_in_the_order_they_first_appear() -> None:
    random = np.random.default_rng(1)
    table = series(random, 5, 24, 40)
    mixed = table.take(pa.array(random.permutation(len(table))))
    names = list(dict.fromkeys(mixed["series"].to_pylist()))
    out = trends(mixed)
    assert out["series"].to_pylist() == names
    by_name = dict(zip(out["series"].to_pylist(), out["class"].to_pylist(), strict=True))
    first = trends(table)
    assert by_name == dict(
        zip(first["series"].to_pylist(), first["class"].to_pylist(), strict=True)
    )


def test_slope_is_the_likeliest_one() -> None:
    design = _design(24, Period.MONTH)
    counts = np.random.default_rng(5).binomial(80, 0.4, 24).astype(float)  # no excess variance
    found = fit(Grid(counts[None], np.ones((1, 24))), design)

    def unlikely(beta: np.ndarray) -> float:
        return float((np.exp(design @ beta) - counts * (design @ beta)).sum())

    best = minimize(unlikely, [3.0, 0, 0, 0], method="BFGS", options={"gtol": 1e-8})
    assert found.slope[0] == pytest.approx(best.x[1], abs=1e-4)
    assert found.freedom[0] == 20


def test_hidden_months_are_worth_less_than_shown_ones() -> None:
    random = np.random.default_rng(5)
    counts = random.poisson(12, (50, 36)).astype(float)
    shown = fit(Grid(counts, np.ones_like(counts)), _design(36, Period.MONTH))
    hidden = np.where(counts < 11, np.nan, counts)
    part = fit(Grid(hidden, np.ones_like(counts)), _design(36, Period.MONTH))
    assert (part.freedom < shown.freedom).all()
    assert np.median(part.error / shown.error) > 1
    assert abs(np.median(part.slope - shown.slope)) < 0.02


@pytest.mark.parametrize(("length", "gaps"), [(18, 0.0), (60, 0.1)])
def test_series_without_a_trend_raise_no_more_alarms_than_claimed(length: int, gaps: float) -> None:
    """Each alone, at 0.05; of many at once the false discovery rate holds."""
    random, number = np.random.default_rng(10), 400
    table = series(random, number, length, 25, spread=0.3, season=0.3, gaps=gaps)
    names = np.array(table["series"].to_pylist())
    alarms = tested = 0
    for name in np.unique(names)[:100]:
        (found,) = trends(table.filter(pa.array(names == name)))["class"].to_pylist()
        tested += found != Trend.TOO_SHORT
        alarms += found in (Trend.RISING, Trend.FALLING)
    assert tested > 50
    assert alarms <= binom.ppf(0.999, tested, 0.05)
    together = said(table)
    assert together[Trend.RISING] + together[Trend.FALLING] <= 2
