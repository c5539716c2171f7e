"""Tables laid beside each other: what two coarser forms of one dimension tell of the finer one."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pyarrow as pa
import pytest

from anonymize.disclosure import cells as counted
from anonymize.disclosure.joint import cliques
from anonymize.disclosure.release import Request, release
from tests.attacker import WIDE, intervals, table, truth

#: The fiscal year ends with the third quarter.
FISCAL = {
    **dict.fromkeys(("2025-Q1", "2025-Q2", "2025-Q3"), "FY25"),
    **dict.fromkeys(("2025-Q4", "2026-Q1", "2026-Q2"), "FY26"),
}
#: Of the rare kind, by quarter: in each calendar and fiscal year many, in one quarter few.
RARE = (30, 30, 30, 5, 40, 40)
DIMENSIONS = ("quarter", "year", "fiscal_year", "kind")


def records() -> pa.Table:
    """Six quarters of two kinds."""
    many = {
        (quarter, kind): 60 if kind == "common" else few
        for (quarter, few), kind in product(zip(FISCAL, RARE, strict=True), ("common", "rare"))
    }
    rows = [key for key, count in many.items() for _ in range(count)]
    return pa.table(
        {
            "quarter": [quarter for quarter, _ in rows],
            "year": [quarter[:4] for quarter, _ in rows],
            "fiscal_year": [FISCAL[quarter] for quarter, _ in rows],
            "kind": [kind for _, kind in rows],
        }
    )


REQUEST = Request(
    DIMENSIONS,
    margins=(("year", "kind"), ("quarter", "kind"), ("fiscal_year", "kind")),
    within=(("quarter", "year"), ("quarter", "fiscal_year")),
)


def narrowest(request: Request = REQUEST) -> float:
    """What a reader of the three tables can narrow a hidden cell to."""
    shown = release(records(), request).cells
    known = table(
        shown,
        records(),
        DIMENSIONS,
        lambda at: (at["year"], at["fiscal_year"]) == (at["quarter"][:4], FISCAL[at["quarter"]]),
    )
    hidden = [key for key, count in known.rows if count is None]
    assert hidden
    bounds = intervals(known, not_empty=hidden)
    return min(high - low for low, high in bounds.values())


@pytest.mark.parametrize("finest", [0, counted.FINEST])
@pytest.mark.parametrize("within", [REQUEST.within, None])
def test_a_quarter_is_not_the_calendar_year_less_the_fiscal_one(
    finest: int, within: tuple[tuple[str, str], ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor where nobody said that a quarter is in a year: it is seen in the records."""
    monkeypatch.setattr(counted, "FINEST", finest)
    assert narrowest(replace(REQUEST, within=within)) >= WIDE - 1e-6


def test_without_the_link_it_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test can fail: margins that do not know what decides what give the cell away."""
    monkeypatch.setattr(counted, "FINEST", 0)
    monkeypatch.setattr(counted, "_with_decided", lambda margin, _within: list(margin))
    monkeypatch.setattr(counted, "with_joints", lambda cells, _maybe: cells)
    assert np.isclose(narrowest(), 0)


# --- common tables -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("margins", "found"),
    [
        ([(0, 1), (1, 2)], {(0, 1), (1, 2)}),  # a chain has no ring
        ([(0, 1), (1, 2), (0, 2)], {(0, 1, 2)}),
        ([(0, 1), (1, 2), (2, 3), (0, 3)], {(0, 1, 2), (0, 2, 3)}),  # a ring, and its shortcut
        ([(0, 1, 2), (2, 3)], {(0, 1, 2), (2, 3)}),
        ([(0,), (1,)], {(0,), (1,)}),
    ],
)
def test_dimensions_that_are_looked_at_together(margins: list, found: set) -> None:
    assert set(cliques(margins, [2, 3, 2, 3])) == found


def sparse(seed: int) -> pa.Table:
    """Records of three dimensions in few of the cells that there could be."""
    random = np.random.default_rng(seed)
    cells = np.stack([random.integers(0, size, 30) for size in (7, 6, 5)], 1)
    share = random.gamma(0.5, 1.0, len(cells))
    rows = np.repeat(cells, random.multinomial(600, share / share.sum()), axis=0)
    return pa.table({name: rows[:, at].astype(str) for at, name in enumerate("abc")})


def behind_three(seed: int) -> float:
    """What a reader of all tables of two dimensions can narrow a hidden cell to."""
    people = sparse(seed)
    margins = tuple(margin for size in range(3) for margin in combinations("abc", size))
    shown = release(people, Request(("a", "b", "c"), margins)).cells
    known = table(shown, people, ("a", "b", "c"), lambda _cell: True)
    hidden = [key for key, count in known.rows if count is None]
    true = truth(people, known)
    bounds = intervals(known, not_empty=[key for key in hidden if known.members(key) @ true])
    return min(high - low for low, high in bounds.values())


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_found_by_looking_for_one_table_behind_three(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "FINEST", 0)
    assert behind_three(seed) >= WIDE - 1e-6


def test_without_the_common_table_somebody_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "FINEST", 0)
    monkeypatch.setattr(counted, "with_joints", lambda cells, _maybe: cells)
    assert min(map(behind_three, range(3))) < 1
