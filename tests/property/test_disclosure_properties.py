"""Whatever the table, a reader who solves for its hidden cells finds none of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@st.composite
def successions(draw: st.DrawFn, contributors: bool = False) -> tuple[Case, pa.Table]:
    """A table, and records that come in later: copies of some that stand there, near and far."""
    case = draw(cases(contributors))
    size = max(len(case.records), 1)
    more = draw(st.lists(st.integers(0, 10**6), max_size=40))
    seed, groups = draw(st.integers(0, 999)), draw(st.integers(0, 4))
    random = np.random.default_rng(seed)
    if groups:
        more += random.choice(random.integers(0, 10**6, groups), random.integers(0, 60)).tolist()
    rows = [one % size for one in more] if len(case.records) else []
    return replace(case, request=replace(case.request, margins=())), case.records.take(
        pa.array(rows, pa.int64())
    )


@dataclass(frozen=True)
class Succession:
    """Two releases of a table, the later one with more records."""

    then: Case
    now: Case
    first: Released
    second: Released

    def changes(self, mine: str | None = None) -> dict:
        """Rows of which a reader learns to within less than 3 how many others came, of 1 to 10.

        He knows that nobody was taken out, and takes it that of a row which stays as it was at most
        ten others came, where that is so. Of a row hidden in both neither count is known; its
        change by itself is not guarded.
        """
        readers = self.readers()
        own_then, own = (self._mine(case, readers.new, mine) for case in (self.then, self.now))
        own_change = own - own_then
        shown_then, then = counts(self.first, "count"), counts(self.first, "true_count")
        shown_now, now = counts(self.second, "count"), counts(self.second, "true_count")
        others = {
            key: now[key] - then.get(key, 0) - readers.new.members(key) @ own_change for key in now
        }
        known = {key: count for key, count in shown_then.items() if count is not None}
        moved = {
            key: count
            for key, count in shown_now.items()
            if count is not None and count != shown_then.get(key)
        }
        still = {
            key: 10.0 + readers.new.members(key) @ own_change
            for key in known
            if shown_now[key] == known[key] and others[key] <= 10
        }
        told_of = [key for key in now if shown_then[key] is not None or shown_now[key] is not None]
        few = [key for key in told_of if 0 < others[key] < 11]
        found = readers.widths({"change": few}, known, moved, still, (own_then, own_change))
        return {one: width for one, width in found.items() if width < 3 - 1e-6}

    def readers(self) -> attacker.Both:
        return attacker.Both(
            *(
                attacker.table(
                    one.cells, self.now.records, self.now.request.dimensions, self.now.can_be
                )
                for one in (self.first, self.second)
            )
        )

    @staticmethod
    def _mine(case: Case, known: attacker.Table, mine: str | None) -> np.ndarray:
        return attacker.truth(
            case.records, known, lambda row: mine is not None and mine in row["agencies"]
        )


def succession(case: Case, added: pa.Table, audited: bool = True) -> Succession:
    first = release(case.records, case.request)
    told = first if audited else Released(first.cells, first.cells, first.summary)
    later = replace(case, records=pa.concat_tables([case.records, added]))
    return Succession(case, later, first, release(later.records, later.request, [told]))


@QUICK
@given(successions(), st.booleans())
def test_two_releases_tell_no_more_than_one(drawn: tuple[Case, pa.Table], audited: bool) -> None:
    case, added = drawn
    if not len(case.records):
        return
    both = succession(case, added, audited)
    assert not narrow(both.now, exact(both.second))
    shown_then, shown_now = counts(both.first, "count"), counts(both.second, "count")
    for key, count in shown_now.items():
        if count is not None and shown_then.get(key) is not None:
            assert count == shown_then[key] or abs(count - shown_then[key]) > 10
    if not audited:
        return
    assert not both.changes()
    reasons, now = counts(both.first, "reason"), counts(both.second, "true_count")
    hidden = {
        "then": [key for key, reason in reasons.items() if reason not in ("", "complementary")],
        "now": [key for key, count in shown_now.items() if count is None],
    }
    known_then = {key: count for key, count in shown_then.items() if count is not None}
    true_now = {key: now[key] for key, count in shown_now.items() if count is not None}
    found = both.readers().widths(hidden, known_then, true_now, {})
    assert not {one: width for one, width in found.items() if width < 3 - 1e-4}


@QUICK
@given(successions(contributors=True))
def test_no_contributor_learns_who_came_to_others(drawn: tuple[Case, pa.Table]) -> None:
    case, added = drawn
    if not len(case.records):
        return
    both = succession(case, added)
    for agency in AGENCIES:
        assert not both.changes(agency)


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
