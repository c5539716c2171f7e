"""Whatever the table, a reader who solves for its hidden cells finds none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymize.disclosure.release import Released, Request, release
from tests import attacker

QUICK = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
#: Counts as they come in such tables: many empty, many small, few large.
COUNTS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 9, 10, 11, 12, 14, 20, 33, 70])
AGENCIES = ("A", "B", "C")


@dataclass(frozen=True)
class Case:
    records: pa.Table
    request: Request

    def can_be(self, cell: dict[str, str]) -> bool:
        return "state" not in cell or cell["county"][0] == cell["state"]


@st.composite
def cases(draw: st.DrawFn, contributors: bool = False) -> Case:
    kind = draw(st.sampled_from(["flat", "flat", "cube", "counties"]))
    shape = {"flat": (4, 4), "cube": (3, 2, 3), "counties": (5, 3)}[kind]
    size = int(np.prod(shape))
    counts = draw(st.lists(COUNTS, min_size=size, max_size=size))
    where = np.repeat(np.arange(size), counts)
    indices = np.unravel_index(where, shape)
    names = {"flat": "ab", "cube": "abc"}.get(kind, ("county", "c"))
    columns = {
        name: [f"{name}{i}" for i in index] for name, index in zip(names, indices, strict=True)
    }
    dimensions, within = tuple(names), ()
    if kind == "counties":
        columns["county"] = [f"{'xy'[i % 2]}{i}" for i in indices[0]]
        columns["state"] = [one[0] for one in columns["county"]]
        dimensions, within = ("state", "county", "c"), (("county", "state"),)
    if draw(st.booleans()):
        last = dimensions[-1]
        columns[last] = [None if one.endswith("0") else one for one in columns[last]]
    margins = draw(st.sampled_from(["all", "all", "some"]))
    sets = () if margins == "all" else (dimensions[:2], dimensions[1:], ())
    if contributors:
        seed = draw(st.integers(0, 999))
        random = np.random.default_rng(seed)
        columns["agencies"] = [
            list(
                random.choice(AGENCIES, random.choice([1, 1, 2]), replace=False, p=[0.5, 0.4, 0.1])
            )
            for _ in where
        ]
    table = pa.table(
        {
            name: pa.array(column, pa.list_(pa.string()) if name == "agencies" else pa.string())
            for name, column in columns.items()
        }
    )
    request = Request(
        dimensions, sets, within=within, contributors="agencies" if contributors else None
    )
    return Case(table, request)


def narrow(case: Case, released: Released, mine: str | None = None, guess: bool = False) -> dict:
    """Hidden rows that a reader bounds to within less than 3."""
    known = attacker.table(released.cells, case.records, case.request.dimensions, case.can_be)
    counts = attacker.truth(case.records, known)
    own = None
    if mine:
        own = attacker.truth(case.records, known, lambda row: mine in row["agencies"])
    hidden = [key for key, count in known.rows if count is None]
    told = [key for key in hidden if known.members(key) @ counts > 0] if guess else []
    found = attacker.intervals(known, own, told)
    outside = counts - (own if own is not None else 0)
    return {
        key: ends
        for key, ends in found.items()
        if ends[1] - ends[0] < 3 - 1e-6 and known.members(key) @ outside > 0
    }


def check(case: Case) -> None:
    released = release(case.records, case.request)
    assert not narrow(case, released)
    assert not narrow(case, released, guess=True)
    shown = released.audit.filter(pc.not_equal(released.audit["status"], "suppressed"))
    assert shown["count"].to_pylist() == shown["true_count"].to_pylist()
    assert not {*range(1, 11)} & set(shown["true_count"].to_pylist())
    if case.request.contributors:
        for agency in AGENCIES:
            assert not narrow(case, released, agency)


@QUICK
@given(cases())
def test_no_reader_finds_a_hidden_cell(case: Case) -> None:
    check(case)


@QUICK
@given(cases(contributors=True))
def test_no_contributor_finds_a_hidden_cell(case: Case) -> None:
    check(case)


@QUICK
@given(cases(), st.lists(st.integers(0, 10**6), max_size=40), st.booleans())
def test_two_releases_tell_no_more_than_one(case: Case, more: list[int], audited: bool) -> None:
    """Records that stand there already come in again, as many as drawn."""
    if not len(case.records) or case.request.margins:
        return
    first = release(case.records, case.request)
    told = first if audited else Released(first.cells, first.cells, first.summary)
    added = case.records.take(pa.array([one % len(case.records) for one in more], pa.int64()))
    later = Case(pa.concat_tables([case.records, added]), case.request)
    second = release(later.records, later.request, [told])
    assert not narrow(later, exact(second))
    shown_then, then = counts(first, "count"), counts(first, "true_count")
    reasons = counts(first, "reason")
    shown_now, now = counts(second, "count"), counts(second, "true_count")
    for key, count in shown_now.items():
        if count is not None and shown_then.get(key) is not None:
            assert count == shown_then[key] or abs(count - shown_then[key]) > 10
    readers = attacker.Both(
        *(
            attacker.table(one.cells, later.records, case.request.dimensions, case.can_be)
            for one in (first, second)
        )
    )
    known_then = {key: count for key, count in shown_then.items() if count is not None}
    moved = {
        key: count
        for key, count in shown_now.items()
        if count is not None and count != shown_then.get(key)
    }
    still = {key: 10.0 for key in known_then if shown_now[key] == known_then[key]}
    # Of a cell hidden in both neither count is known; its change by itself is not guarded.
    told_of = [key for key in now if shown_then[key] is not None or shown_now[key] is not None]
    few = [key for key in told_of if 0 < now[key] - then[key] < 11]
    if all(now[key] - then[key] < 11 for key in still) and audited:
        found = readers.widths({"change": few}, known_then, moved, still)
        assert not {one: width for one, width in found.items() if width < 3 - 1e-6}
    hidden = {
        "then": [key for key, reason in reasons.items() if reason not in ("", "complementary")],
        "now": [key for key, count in shown_now.items() if count is None],
    }
    true_now = {key: now[key] for key, count in shown_now.items() if count is not None}
    if audited:
        found = readers.widths(hidden, known_then, true_now, {})
        assert not {one: width for one, width in found.items() if width < 3 - 1e-4}


def counts(released: Released, column: str) -> dict[attacker.Key, Any]:
    names = [name for name in released.cells.column_names if name not in ("count", "status")]
    keys = zip(*(released.cells[name].to_pylist() for name in names), strict=True)
    return dict(zip(keys, released.audit[column].to_pylist(), strict=True))


def exact(released: Released) -> Released:
    """As if every count that is shown were the true one."""
    hidden = pc.is_null(released.cells["count"])
    true = pc.if_else(hidden, pa.scalar(None, pa.int64()), released.audit["true_count"])
    place = released.cells.column_names.index("count")
    return Released(
        released.cells.set_column(place, "count", true), released.audit, released.summary
    )
