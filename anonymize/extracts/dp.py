"""Differentially private counts of persons.

Which cells there are is agreed beforehand: every combination of listed values, whether anybody is
in it or not, for a cell that appears only when somebody is in it tells that somebody is. A person
counts once in a cell and in at most ``max_cells`` of them, chosen at random; adding or removing one
person then changes the counts by at most ``max_cells`` in all, whatever the others do. The noise is
discrete Laplace, drawn and accounted by OpenDP, whose own map from that distance to epsilon is what
is checked. Hiding what is below ``min_cell`` looks at noisy counts only and costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from anonymize.extracts.budget import Reserve, Spend
from anonymize.extracts.classes import Codes, coded
from schemas.errors import DeliveryError, PrivacyError

#: Stands for an unknown value, where it is listed.
UNKNOWN = "unknown"
#: Cells of one release; OpenDP draws about 10^5 a second.
MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class CountRequest:
    """What is to be counted.

    Attributes:
        dimensions: column to the values that are counted, agreed without a look at the data;
            ``unknown`` for null. Rows with other values count nowhere.
        person: column that names the person.
        epsilon: what the release may spend.
        max_cells: cells one person counts in, at most. More of them lose fewer counts and need
            more noise.
        data, year, release: for the ledger (``budget.Spend``).
        min_cell: smallest noisy count that is published.
    """

    dimensions: Mapping[str, tuple[str, ...]]
    person: str
    epsilon: float
    max_cells: int
    data: str
    year: int
    release: str
    min_cell: int = 11


@dataclass(frozen=True)
class NoisyCounts:
    """Counts that may be published.

    Attributes:
        cells: a column of text for each dimension, ``count`` (null where it is hidden) and
            ``status`` (``published`` or ``suppressed``). No cell says zero: nobody knows.
        scale: of the Laplace noise, in persons.
        accuracy: 95 of 100 counts are at most this far from the truth (after the choice of
            ``max_cells``), in persons.
    """

    cells: pa.Table
    scale: float
    accuracy: float


def counts(table: pa.Table, request: CountRequest, reserve: Reserve) -> NoisyCounts:
    """Count persons with noise.

    Args:
        reserve: records the spend, or raises; called before any noise is drawn.

    Raises:
        DeliveryError: a column is missing.
        PrivacyError: the request makes no sense, a row names no person, or the budget is spent.
    """
    size = _require_sense(table, request)
    true = _bounded(table, request, size)
    reserve(Spend(request.data, request.year, request.epsilon, request.release))
    noisy, scale = _with_noise(true, request)
    hidden = noisy < request.min_cell
    combinations = list(product(*request.dimensions.values()))
    columns = {
        name: pa.array([combination[place] for combination in combinations], pa.string())
        for place, name in enumerate(request.dimensions)
    }
    status = np.where(hidden, "suppressed", "published")
    cells = pa.table({**columns, "count": pa.array(noisy, mask=hidden), "status": status})
    return NoisyCounts(cells, scale, _accuracy(scale))


def _require_sense(table: pa.Table, request: CountRequest) -> int:
    """The number of cells."""
    if missing := sorted({*request.dimensions, request.person} - set(table.column_names)):
        raise DeliveryError("COLUMN-MISSING", f"the table lacks {', '.join(missing)}")
    if not (math.isfinite(request.epsilon) and request.epsilon > 0):
        raise PrivacyError("epsilon must be a number above 0")
    size = math.prod(len(values) for values in request.dimensions.values())
    if not request.dimensions or not 1 <= size <= MOST_CELLS:
        raise PrivacyError(f"a release has 1 to {MOST_CELLS:,} cells; list values for each column")
    if any(len(set(values)) < len(values) for values in request.dimensions.values()):
        raise PrivacyError("a value is listed twice; its person would count twice")
    if not 1 <= request.max_cells <= size:
        raise PrivacyError("max_cells is at least 1 and at most the number of cells")
    return size


def _bounded(table: pa.Table, request: CountRequest, size: int) -> Codes:
    """(cells,) Distinct persons, none of them in more than ``max_cells`` cells."""
    persons = coded(table[request.person], request.person)
    if None in persons.values:
        raise PrivacyError(f"a row without {request.person}: nobody can bound what it adds")
    cell, listed = np.zeros(table.num_rows, np.int64), np.ones(table.num_rows, bool)
    for name, values in request.dimensions.items():
        column = coded(table[name], name)
        place = {value: at for at, value in enumerate(values)}
        places = [place.get(UNKNOWN if value is None else value, -1) for value in column.values]
        code = np.array(places, np.int64)[column.codes] if places else column.codes
        cell, listed = cell * len(values) + code, listed & (code >= 0)
    pairs = np.unique(persons.codes[listed] * size + cell[listed])
    # In random order within a person; the choice depends on nobody else's rows.
    pairs = np.random.default_rng().permutation(pairs)
    pairs = pairs[np.argsort(pairs // size, kind="stable")]
    person = pairs // size
    first = np.searchsorted(person, person)
    kept = pairs[np.arange(len(pairs)) - first < request.max_cells]
    return np.bincount(kept % size, minlength=size).astype(np.int64)


def _with_noise(true: Codes, request: CountRequest) -> tuple[Codes, float]:
    import opendp.prelude as dp

    # OpenDP asks for this by name: its constructors are reviewed, not all of them are proven.
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    scale = float(
        dp.binary_search_param(
            lambda scale: dp.m.make_laplace(*space, scale=scale),
            d_in=request.max_cells,
            d_out=request.epsilon,
        )
    )
    laplace = dp.m.make_laplace(*space, scale=scale)
    if not laplace.map(request.max_cells) <= request.epsilon:  # type: ignore[no-untyped-call]
        raise PrivacyError("the noise does not hold the epsilon asked for")
    return np.array(laplace(true.tolist()), np.int64), scale


def _accuracy(scale: float) -> float:
    from opendp.accuracy import discrete_laplacian_scale_to_accuracy

    return float(discrete_laplacian_scale_to_accuracy(scale, 0.05))
