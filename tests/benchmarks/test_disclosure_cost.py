"""What disclosure control costs and leaves: the tables of privacy.md 3.2, and thousands of others.

``pytest -s -m benchmark tests/benchmarks/test_disclosure_cost.py``; seconds of the processor, as
machines are shared.
"""

from __future__ import annotations

import os
import time
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, settings

from anonymize.disclosure.cells import cells
from anonymize.disclosure.release import Released, Request, release
from tests import attacker
from tests.property import test_disclosure_properties as properties

pytestmark = pytest.mark.benchmark

#: Tables that the attacker is set on, of each kind.
TABLES = int(os.environ.get("BENCH_TABLES", "5000"))
TWO_WAY = [((20, 9), 20_000), ((60, 9), 60_000), ((60, 15), 100_000), ((150, 9), 300_000)]
MORE_WAYS = [((12, 8, 6), 50_000), ((8, 6, 5, 4), 60_000)]


def skewed(shape: tuple[int, ...], records: int, seed: int = 1) -> pa.Table:
    """Records whose values are Zipf-distributed in every dimension, and unevenly together."""
    random = np.random.default_rng(seed)
    share = np.ones(1)
    for size in shape:
        one = random.permutation(1 / np.arange(1, size + 1))
        share = np.multiply.outer(share, one)
    share = share[0] * random.gamma(1.0, 1.0, shape)
    counts = random.multinomial(records, (share / share.sum()).ravel())
    columns = np.unravel_index(np.repeat(np.arange(counts.size), counts), shape)
    return pa.table(
        {f"d{place}": pa.array(column).cast(pa.string()) for place, column in enumerate(columns)}
    )


def pinned(released: Released, records: pa.Table, names: tuple[str, ...]) -> tuple[int, float]:
    """Hidden cells an independent solver finds exactly, and the narrowest interval it is left."""
    known = attacker.table(released.cells, records, names, lambda _cell: True)
    widths = np.array([high - low for low, high in attacker.intervals(known).values()])
    return int((widths < 1).sum()), float(widths.min(initial=np.inf))


def primary_alone(records: pa.Table, names: tuple[str, ...]) -> Released:
    """The table as it would be with its small cells hidden and nothing else."""
    counted = cells(records, names, Request(names).sets())
    at = np.flatnonzero(counted.exists)
    counts = counted.count[at]
    table = pa.table(
        {
            **counted.layout.text(at),
            "count": pa.array(counts, mask=(counts > 0) & (counts < 11)),
        }
    )
    return Released(table, table, MappingProxyType({}))


@pytest.mark.parametrize(("shape", "size"), [*TWO_WAY, *MORE_WAYS])
def test_tables(shape: tuple[int, ...], size: int) -> None:
    records = skewed(shape, size)
    names = tuple(records.column_names)
    started = time.process_time()
    released = release(records, Request(names))
    seconds = time.process_time() - started
    said = released.summary
    extra = said["records_hidden_share"] - said["primary_share"]
    line = f"{'x'.join(map(str, shape)):>8}: {said['suppressed']} hidden, {seconds:.2f} s, "
    line += f"{extra:.2%} of records beyond {said['primary_share']:.2%}, "
    if len(shape) == 2:
        alone, _width = pinned(primary_alone(records, names), records, names)
        found, narrowest = pinned(released, records, names)
        line += f"primary alone: {alone} found exactly, now {found}; "
        assert (found, narrowest >= 3) == (0, True)
        assert extra <= 0.015
        assert seconds < 5
    print(f"{line}narrowest {said['narrowest_interval']:.0f}")
    assert said["exactly_recoverable"] == 0
    assert said["narrowest_interval"] >= 3


def test_a_million_records_of_six_dimensions() -> None:
    records = skewed((4, 4, 3, 3, 3, 2), 1_000_000)
    names = tuple(records.column_names)
    margins = tuple((one, other) for one in names for other in names if one < other)
    started = time.process_time()
    said = release(records, Request(names, margins)).summary
    print(
        f"10^6 x 6, two-way margins: {time.process_time() - started:.1f} s, {said['cells']} cells"
    )
    assert said["exactly_recoverable"] == 0


@pytest.mark.parametrize(
    "test",
    [
        properties.test_no_reader_finds_a_hidden_cell,
        properties.test_no_contributor_finds_a_hidden_cell,
        properties.test_two_releases_tell_no_more_than_one,
        properties.test_no_contributor_learns_who_came_to_others,
    ],
)
def test_thousands_of_tables(test, monkeypatch: pytest.MonkeyPatch) -> None:
    many = settings(
        max_examples=TABLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    monkeypatch.setattr(test, "_hypothesis_internal_use_settings", many)
    started = time.process_time()
    test()
    print(f"{test.__name__}: {TABLES} tables, {time.process_time() - started:.0f} s")
