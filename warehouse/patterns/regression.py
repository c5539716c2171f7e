"""Log-linear regression of many series of counts at once, some of the counts hidden.

Negative binomial variance (mean + excess * mean squared), the excess by moments, quasi-likelihood.
A hidden count is replaced by what the fit expects of it (EM), and is worth the part of an
observation that hiding it leaves (Louis 1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from warehouse.patterns.hidden import LEAST_PROTECTED, Floats, Mask, hidden

_STEPS: Final = 30
#: Steps before the excess is estimated: by then the means have settled.
_SETTLED: Final = 3
_TOLERANCE: Final = 1e-4


@dataclass(frozen=True)
class Grid:
    """Series by period: counts (NaN: hidden) and exposure; both 0 where nothing was covered."""

    count: Floats
    exposure: Floats

    @property
    def covered(self) -> Mask:
        return np.asarray(self.exposure > 0)

    @property
    def hidden(self) -> Mask:
        return np.isnan(self.count)

    def take(self, series: Mask) -> Grid:
        return Grid(self.count[series], self.exposure[series])


class Fit(NamedTuple):
    """Slope (log a year), its standard error and degrees of freedom, by series."""

    slope: Floats
    error: Floats
    freedom: Floats


class _State(NamedTuple):
    """Of each count: its mean, what stands for it, its variance unseen and its worth (0 to 1)."""

    mean: Floats
    filled: Floats
    unseen: Floats
    worth: Floats


def fit(grid: Grid, design: Floats) -> Fit:
    """Fisher scoring of every series.

    Args:
        design: one row a period, one column a term; the first is the level, the second the time.
    """
    terms = design.shape[1]
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    beta = np.zeros((len(grid.exposure), terms))
    beta[:, 0] = _level(grid)
    excess = np.zeros((len(beta), 1))
    for step in range(_STEPS):
        state = _state(grid, beta @ design.T)
        freedom = state.worth.sum(axis=1) - terms
        if step >= _SETTLED:
            excess = _excess(state, freedom)
        inflated = 1 + excess * state.mean
        information = (state.mean - state.unseen) / inflated @ squares
        information = information.reshape(-1, terms, terms) + 1e-9 * np.eye(terms)
        score = ((state.filled - state.mean) / inflated) @ design
        change = np.linalg.solve(information, score[:, :, None])[:, :, 0].clip(-2, 2)
        beta += change
        if step > _SETTLED and np.abs(change).max() < _TOLERANCE:
            break
    spread = np.sqrt(np.where(grid.covered, state.mean * inflated, 1.0))
    wider = _widening((state.filled - state.mean) / spread, freedom, terms)
    error = np.sqrt(np.linalg.inv(information)[:, 1, 1] * wider)
    return Fit(beta[:, 1], error, freedom)


def _level(grid: Grid) -> Floats:
    """Log of the common rate, to begin with."""
    total = np.where(grid.hidden, 1.0, grid.count).sum(axis=1) + 0.5
    return np.asarray(np.log(total / grid.exposure.sum(axis=1)))


def _state(grid: Grid, linear: Floats) -> _State:
    """Where the fit stands. How many large counts are hidden is not learnt from a single series:
    months that vary by more than a Poisson count would be taken for it."""
    mean = np.exp(np.clip(linear, -20, 20)) * grid.exposure
    found = hidden(mean[grid.hidden], LEAST_PROTECTED)
    unseen, filled = np.zeros_like(mean), grid.count.copy()
    unseen[grid.hidden] = np.minimum(found.variance, mean[grid.hidden])
    filled[grid.hidden] = found.mean
    worth = np.where(grid.covered, 1 - unseen / np.where(grid.covered, mean, 1.0), 0.0)
    return _State(mean, filled, unseen, worth)


def _excess(state: _State, freedom: Floats) -> Floats:
    """Variance beyond a Poisson count's, by moments, by series (a column)."""
    lost = state.worth.sum(axis=1) / np.maximum(freedom, 1)
    squares = ((state.filled - state.mean) ** 2).sum(axis=1) * lost
    beyond = squares - (state.mean * state.worth).sum(axis=1)
    scale = np.maximum((state.mean**2 * state.worth).sum(axis=1), 1e-12)
    return np.asarray(np.maximum(beyond / scale, 0))[:, None]


def _widening(residual: Floats, freedom: Floats, terms: int) -> Floats:
    """How much wider the variance is than the model has it: dispersion and serial correlation.

    The fit takes some correlation out of the residuals; about a term's share of the freedom for
    each term is given back.
    """
    squares = (residual**2).sum(axis=1)
    dispersion = np.maximum(squares / np.maximum(freedom, 1), 1)
    alike = (residual[:, 1:] * residual[:, :-1]).sum(axis=1) / np.maximum(squares, 1e-12)
    serial = np.clip(alike + terms / np.maximum(freedom, 1), 0, 0.8)
    return np.asarray(dispersion * (1 + serial) / (1 - serial))
